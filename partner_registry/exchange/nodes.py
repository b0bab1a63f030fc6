"""What a file of the registry holds: each table, what names its rows in the file, and what stands below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from glc.database import Base, Instant
from partner_registry import models as m
from partner_registry.clients.registration import GLC_CLAIMS, STANDARD_SCOPES
from partner_registry.data_protection.processings import EDITABLE
from partner_registry.models import StepKind

Label = Callable[[Any], str]
"""What a row is called where another one points to it."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A value that the import makes up when an entry leaves it out: whatever it is, an export writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One kind of row. `key` names a row among its siblings; `below` are its own rows, by relationship; `links` point
    to rows named elsewhere in the file, by relationship. Columns that are foreign keys are never written, accounts
    apart: those are e-mail addresses."""

    model: type[Base]
    key: tuple[str, ...]
    below: Mapping[str, Node] = field(default_factory=dict)
    links: Mapping[str, Label] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    """Links among rows of one kind, made once all of them are stored in the file's order."""
    usual: Mapping[str, Any] = field(default_factory=dict)
    """The value of what an entry leaves out, where the column has none of its own; or `Filled`."""
    always: frozenset[str] = frozenset()
    """Relationships that are written even when they are empty: left out, they would be made up."""
    changeable: Callable[[Any, str], bool] = lambda row, name: False  # noqa: ARG005 — what was recorded stays
    """Whether a file may change a value of a row: as long as nobody signed or decided on it."""

    @property
    def columns(self) -> dict[str, sa.Column[Any]]:
        """The columns written, by their names in the file."""
        found = {}
        for name, column in sa.inspect(self.model).columns.items():
            if name != "id" and (is_account(column) or not column.foreign_keys):
                found[name.removesuffix("_id") if is_account(column) else name] = column
        return found

    def left_out(self, name: str, column: sa.Column[Any]) -> Any:
        """The value of what an entry leaves out, `Filled` if the import makes it up. Raises `KeyError` if it must not
        be left out."""
        if name in self.usual:
            return self.usual[name]
        if column.default is not None:
            return column.default.arg if column.default.is_scalar else column.default.arg(None)  # type: ignore[attr-defined]
        if column.nullable:
            return None
        if isinstance(column.type, Instant):
            return Filled()
        raise KeyError(name)


def is_account(column: sa.Column[Any]) -> bool:
    """Whether a column names an account: written as its e-mail address."""
    return any(key.target_fullname == "account.id" for key in column.foreign_keys)


def by(name: str) -> Label:
    """Rows called by one of their columns."""
    return lambda row: str(getattr(row, name))


def processing_label(processing: m.Processing) -> str:
    """A processing: lyon/Compte usager, and lyon/Compte usager #2 for the second of that name."""
    namesakes = [each for each in processing.partner.processings if each.name == processing.name]
    rank = namesakes.index(processing) + 1
    return f"{processing.partner.slug}/{processing.name}" + (f" #{rank}" if rank > 1 else "")


def line_label(line: m.BillingLine) -> str:
    """A line of a bill; one that undoes another, which always says why, is called otherwise."""
    undoes = " undone" if line.reason else ""
    return f"{line.agreement_number} {line.year} #{line.attempt}{undoes}"


_DRAFTED = frozenset(
    "framework offer starts_on hard_end_on founding_partner already_equipped clause assumed notes reported_on "
    "renews_yearly notice_months budget_program budget_operation budget_nature budget_function chorus_service_code "
    "commitment_number purpose changes effective_on".split()
)
"""What a draft of an agreement or of an amendment says; who drew it up and what became of it is no draft."""


def _in_preparation(file: m.Agreement | m.Amendment, name: str) -> bool:
    """Whether nobody has the file on their desk, nor signed it."""
    idle = not file.steps or file.steps[-1].kind in {StepKind.CHANGES_REQUESTED, StepKind.REOPENED}
    return name in _DRAFTED and idle and file.signed_on is None and file.notified_on is None


def _undecided(processing: m.Processing, name: str) -> bool:
    open_yet = processing.validated_on is None and processing.withdrawn_on is None and processing.dpo_opinion_at is None
    return open_yet and name in EDITABLE


def _of_undecided(row: m.Purpose | m.Processor, _name: str) -> bool:
    return _undecided(row.processing, "name")


def _one_of(*names: str) -> Callable[[Any, str], bool]:
    return lambda _row, name: name in names


_DOCUMENT = Node(
    model=m.Document,
    key=("kind", "sha256"),
    usual={"media_type": "application/pdf", "size": Filled(), "sha256": Filled()},
)

_FILE = {
    "steps": Node(model=m.Step, key=("at", "kind")),
    "decisions": Node(model=m.CouncilDecision, key=("body", "number")),
    "documents": _DOCUMENT,
}

_AGREEMENT = Node(
    model=m.Agreement,
    key=("number",),
    links={"predecessor": by("number")},
    late=frozenset({"predecessor"}),
    usual={"kind": m.AgreementKind.FRAMEWORK},
    below={
        **_FILE,
        "amendments": Node(model=m.Amendment, key=("number",), below=_FILE, changeable=_in_preparation),
        "suspensions": Node(model=m.Suspension, key=("starts_at",)),
        "derogations": Node(model=m.Derogation, key=("from_on", "granted_at")),
        "years": Node(model=m.AgreementYear, key=("year",)),
    },
    changeable=_in_preparation,
)

PROCESSING = Node(
    model=m.Processing,
    key=("name", "created_at"),
    links={"joint_controllers": by("slug"), "replaces": processing_label},
    late=frozenset({"replaces"}),
    below={
        "purposes": Node(model=m.Purpose, key=("text",), changeable=_of_undecided),
        "processors": Node(
            model=m.Processor, key=("name", "subject"), links={"partner": by("slug")}, changeable=_of_undecided
        ),
        "documents": _DOCUMENT,
    },
    changeable=_undecided,
)

_CLIENT = Node(
    model=m.Client,
    key=("client_id",),
    links={"processings": processing_label},
    usual={"environment": m.Environment.SANDBOX},
    always=frozenset({"processings", "bindings", "secrets"}),
    below={
        "versions": Node(
            model=m.ClientVersion,
            key=("number",),
            usual={
                "number": Filled(),
                "scopes": list(STANDARD_SCOPES),
                "claims": list(GLC_CLAIMS),
                "submitted_at": Filled(),
                "published_at": Filled(),
            },
            below={"acceptances": Node(model=m.AcceptanceRun, key=("signed_text",))},
        ),
        "bindings": Node(model=m.ClientBinding, key=("valid_from_on",), links={"agreement": by("number")}),
        "transfers": Node(model=m.ClientTransfer, key=("effective_on",), links={"to_partner": by("slug")}),
        "secrets": Node(model=m.ClientSecret, key=("valid_from",)),
    },
)

PARTNER = Node(
    model=m.Partner,
    key=("slug",),
    links={"successor": by("slug")},
    late=frozenset({"successor"}),
    usual={"kind": m.PartnerKind.COMMUNE},
    below={
        "identities": Node(model=m.PartnerIdentity, key=("valid_from_on",)),
        "contacts": Node(
            model=m.Contact,
            key=("role", "since_on", "email"),
            usual={"since_on": Filled()},
            changeable=_one_of("name", "phone", "cnil_designation"),
        ),
        "agreements": _AGREEMENT,
        "processings": PROCESSING,
        "clients": _CLIENT,
    },
    changeable=_one_of("portal_url", "support_url", "domains"),
)

TARIFF = Node(
    model=m.Tariff,
    key=("name",),
    usual={"population_kind": m.PopulationKind.MUNICIPAL},
    below={"brackets": Node(model=m.TariffBracket, key=("code",))},
)

RUN = Node(
    model=m.BillingRun,
    key=("year", "prepared_at"),
    links={"tariff": by("name")},
    below={
        "lines": Node(
            model=m.BillingLine,
            key=("agreement_number", "year", "attempt", "due_cents"),
            links={"agreement": by("number"), "counters": line_label},
        )
    },
)

ROLE = Node(model=m.AgentRole, key=("account", "role", "granted_at"), links={"partner": by("slug")})

WEBHOOK = Node(
    model=m.WebhookEndpoint,
    key=("url", "created_at"),
    links={"partner": by("slug")},
    usual={"sealed_secret": Filled()},
    changeable=_one_of("events", "failures", "disabled_at", "disabled_reason"),
)

INCIDENT = Node(model=m.Incident, key=("recorded_at", "nature"), links={"clients": by("client_id")})

COMMUNE = Node(
    model=m.Commune,
    key=("siren",),
    usual={"postal_codes": []},
    below={"populations": Node(model=m.LegalPopulation, key=("in_force_on",))},
)

TOP: dict[str, Node] = {
    "partners": PARTNER,
    "tariffs": TARIFF,
    "roles": ROLE,
    "webhooks": WEBHOOK,
    "incidents": INCIDENT,
    "billing_runs": RUN,
    "communes": COMMUNE,
}
"""What stands at the top of a file, in the order in which it is written."""

SEALED = frozenset({"secrets", "sealed_secret"})
"""What holds sealed values: written when asked for only."""
