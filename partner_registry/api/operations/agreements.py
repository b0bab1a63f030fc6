"""Agreements and amendments: what both have in common is written once."""

from __future__ import annotations

from glc.web import LONG_BODY
from partner_registry.api.operation import JSON, PDF, Operation

AGREEMENT, AMENDMENT, DOCUMENT = "agreements:AGREEMENT", "files:AMENDMENT", "files:DOCUMENT"

STEPS = (
    ("submit", "Submit a file", "agreement.submit", ""),
    ("withdraw", "Withdraw a file", "agreement.withdraw", "base:Motivated"),
    ("request-changes", "Ask for changes of a submitted file", "agreement.examine", "base:Motivated"),
    ("refuse", "Refuse a submitted file", "agreement.examine", "base:Motivated"),
    ("approve", "Approve a submitted file: somebody else than its author does", "agreement.examine", ""),
    ("reopen", "Reopen an approved, refused or withdrawn file", "agreement.examine", "base:Motivated"),
)
ACTS = (
    ("sign", "Record the signature", "Signed"),
    ("transmit", "Record the transmission to the State's representative", "Transmitted"),
    ("notify", "Record the notification to the partner", "Notified"),
)


def documents(path: str, on: str, noun: str, may: str) -> tuple[Operation, ...]:
    """The operations on the documents kept on something."""
    return (
        Operation(
            method="POST",
            path=f"{path}/documents",
            summary=f"Keep a PDF with its SHA-256 ({noun})",
            handler="files:add_document",
            on=on,
            creates=DOCUMENT,
            query="agreements:DocumentNames",
            body="acts:NewDocument",
            takes=(JSON, PDF),
            longest=LONG_BODY,
            may=(may,),
        ),
        Operation(
            method="GET",
            path=f"{path}/documents/{{sha256}}",
            summary=f"Download a document, or show what is known of it ({noun})",
            handler="files:download",
            on=DOCUMENT,
            tells=(PDF, JSON),
        ),
    )


def _file(path: str, on: str, noun: str) -> tuple[Operation, ...]:
    """The operations on a file, an agreement's or an amendment's."""
    steps = tuple(
        Operation(
            method="POST",
            path=f"{path}/{step}",
            summary=f"{summary} ({noun})",
            handler="files:step",
            on=on,
            body=body,
            may=(may,),
        )
        for step, summary, may, body in STEPS
    )
    acts = tuple(
        Operation(
            method="POST",
            path=f"{path}/{act}",
            summary=f"{summary} ({noun})",
            handler=f"files:{act}",
            on=on,
            body=f"acts:{body}",
            may=("agreement.record",),
        )
        for act, summary, body in ACTS
    )
    return (
        *steps,
        *acts,
        Operation(
            method="POST",
            path=f"{path}/decisions",
            summary=f"Add a council's decision ({noun})",
            handler="files:add_decision",
            on=on,
            body="acts:NewDecision",
            may=("agreement.draft",),
        ),
        *documents(path, on, noun, "agreement.draft"),
    )


AGREEMENTS = (
    Operation(
        method="GET",
        path="/agreements",
        summary="List agreements, by the status they have now or had at an instant",
        handler="agreements:agreements",
        query="agreements:Agreements",
        answer="agreements:AgreementTold",
        listed=True,
    ),
    Operation(
        method="POST",
        path="/agreements",
        summary="Open the file of an agreement",
        handler="agreements:draft",
        creates=AGREEMENT,
        body="acts:NewAgreement",
        may=("agreement.draft",),
    ),
    Operation(
        method="GET",
        path="/agreements/{agreement}",
        summary="Show an agreement, as of now or of an instant",
        handler="agreements:show",
        on=AGREEMENT,
        query="agreements:AsOf",
    ),
    Operation(
        method="PATCH",
        path="/agreements/{agreement}",
        summary="Change an agreement that is not submitted, or that must be completed",
        handler="agreements:edit",
        on=AGREEMENT,
        body="acts:AgreementChanges",
        may=("agreement.draft",),
    ),
    Operation(
        method="GET",
        path="/agreements/{agreement}/missing",
        summary="Say what is missing for the next step",
        handler="agreements:missing",
        on=AGREEMENT,
        answer="agreements:MissingTold",
    ),
    Operation(
        method="GET",
        path="/agreements/{agreement}/impact",
        summary="Say what suspending or ending it would cut",
        handler="agreements:impact",
        on=AGREEMENT,
        answer="agreements:ImpactTold",
        metropole=True,
    ),
    *_file("/agreements/{agreement}", AGREEMENT, "agreement"),
    Operation(
        method="POST",
        path="/agreements/{agreement}/correct",
        summary="Correct what was typed wrong; terms are changed by an amendment",
        handler="agreements:correct",
        on=AGREEMENT,
        body="acts:Corrected",
        may=("agreement.correct",),
    ),
    Operation(
        method="POST",
        path="/agreements/{agreement}/suspend",
        summary="Suspend access; the partner and its DPO are told by mail",
        handler="agreements:suspend",
        on=AGREEMENT,
        body="acts:Suspended",
        may=("agreement.suspend",),
    ),
    Operation(
        method="POST",
        path="/agreements/{agreement}/resume",
        summary="Lift the suspension",
        handler="agreements:resume",
        on=AGREEMENT,
        body="base:Motivated",
        may=("agreement.suspend",),
    ),
    Operation(
        method="POST",
        path="/agreements/{agreement}/denounce",
        summary="Record a notice of non-renewal",
        handler="agreements:denounce",
        on=AGREEMENT,
        body="acts:Denounced",
        may=("agreement.record",),
    ),
    Operation(
        method="POST",
        path="/agreements/{agreement}/terminate",
        summary="End an agreement early",
        handler="agreements:terminate",
        on=AGREEMENT,
        body="acts:Terminated",
        may=("agreement.end",),
    ),
    Operation(
        method="POST",
        path="/agreements/{agreement}/derogations",
        summary="Give access for days before the agreement takes effect",
        handler="agreements:derogate",
        on=AGREEMENT,
        body="acts:NewDerogation",
        may=("agreement.derogate",),
    ),
    Operation(
        method="GET",
        path="/agreements/{agreement}/amendments",
        summary="List the amendments of an agreement",
        handler="files:amendments",
        on=AGREEMENT,
        query="base:Positioned",
        answer="agreements:AmendmentTold",
        listed=True,
    ),
    Operation(
        method="POST",
        path="/agreements/{agreement}/amendments",
        summary="Open the file of an amendment",
        handler="agreements:open_amendment",
        on=AGREEMENT,
        creates=AMENDMENT,
        body="acts:NewAmendment",
        may=("agreement.draft",),
    ),
    Operation(
        method="GET",
        path="/agreements/{agreement}/amendments/{amendment}",
        summary="Show an amendment",
        on=AMENDMENT,
    ),
    *_file("/agreements/{agreement}/amendments/{amendment}", AMENDMENT, "amendment"),
)
