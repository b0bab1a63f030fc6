"""Roles, tokens, and the audit trail."""

from partner_registry.api.operation import Operation

ROLE = "records:ROLE"

RECORDS = (
    Operation(
        method="GET",
        path="/roles",
        summary="List who holds which role, or held it",
        handler="records:roles",
        query="records:Roles",
        answer="records:RoleTold",
        listed=True,
        may=("role.edit",),
    ),
    Operation(
        method="POST",
        path="/roles",
        summary="Give an account a role",
        handler="records:grant",
        creates=ROLE,
        body="records:NewRole",
        may=("role.edit",),
    ),
    Operation(method="GET", path="/roles/{role}", summary="Show a role held", on=ROLE, may=("role.edit",)),
    Operation(
        method="POST",
        path="/roles/{role}/revoke",
        summary="End a role; the last administrator keeps theirs",
        handler="records:revoke",
        on=ROLE,
        body="base:Motivated",
        may=("role.edit",),
    ),
    Operation(
        method="GET",
        path="/tokens",
        summary="List one's own API tokens; anybody's, for an administrator. They are made on the pages, or by `glc`",
        handler="records:tokens",
        query="records:Tokens",
        answer="records:TokenTold",
        listed=True,
    ),
    Operation(method="GET", path="/tokens/{token}", summary="Show what is known of a token", on="records:TOKEN"),
    Operation(
        method="POST",
        path="/tokens/{token}/revoke",
        summary="Stop accepting a token now",
        handler="records:revoke_token",
        on="records:TOKEN",
        body="base:Motivated",
    ),
    Operation(
        method="GET",
        path="/audit/entries",
        summary="List the acts on record, newest first",
        handler="records:entries",
        query="records:Entries",
        answer="records:EntryTold",
        listed=True,
        may=("audit.read",),
    ),
    Operation(
        method="GET",
        path="/audit/verification",
        summary="Check that no entry is missing or was changed",
        handler="records:verify",
        query="records:Checked",
        answer="records:VerdictTold",
        may=("audit.read",),
    ),
)
