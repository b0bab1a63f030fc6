"""Where each thing of the registry has its page: the one place that several pages, and several authors, agree on."""

from __future__ import annotations

from urllib.parse import quote

from flask import request

from partner_registry.models import (
    Agreement,
    Amendment,
    BillingRun,
    Client,
    Incident,
    Partner,
    Processing,
    WebhookEndpoint,
)


def _under(*parts: object) -> str:
    return f"{request.script_root}/registry/" + "".join(f"{quote(str(part), safe='')}/" for part in parts)


def partners() -> str:
    """The list of partners."""
    return _under()


def partner(of: Partner) -> str:
    """A partner's record."""
    return _under("partners", of.slug)


def contacts(of: Partner) -> str:
    """A partner's contacts, on its record."""
    return f"{partner(of)}#contacts"


def processings(of: Partner) -> str:
    """A partner's processings, on its record."""
    return f"{partner(of)}#processings"


def new_processing(of: Partner) -> str:
    """Where a partner declares a processing."""
    return f"{partner(of)}processings/new"


def processing(of: Processing) -> str:
    """A processing's page."""
    return _under("processings", of.id)


def clients(of: Partner) -> str:
    """A partner's clients, on its record."""
    return f"{partner(of)}#clients"


def new_client(of: Partner, environment: str = "SANDBOX") -> str:
    """Where a partner's client is registered: `SANDBOX` or `PRODUCTION`."""
    return f"{partner(of)}clients/new?environment={environment}"


def client(of: Client) -> str:
    """A client's page."""
    return _under("clients", of.client_id)


def billing() -> str:
    """Previews and runs."""
    return _under("billing")


def billing_run(of: BillingRun) -> str:
    """A billing run's page."""
    return _under("billing", "runs", of.id)


def tariffs() -> str:
    """The grids of yearly fees."""
    return _under("billing", "tariffs")


def populations(year: int) -> str:
    """The legal populations of a year."""
    return _under("billing", "populations", year)


def privacy() -> str:
    """Registers and incidents."""
    return _under("privacy")


def audit(subject: str = "") -> str:
    """The audit trail, of one subject if one is given."""
    return _under("audit") + (f"?subject={quote(subject)}" if subject else "")


def agents() -> str:
    """Who works in the registry."""
    return _under("agents")


def tokens() -> str:
    """The API tokens of whoever is looking."""
    return _under("tokens")


def webhooks() -> str:
    """The addresses that are told of events."""
    return _under("agents", "webhooks")


def webhook(of: WebhookEndpoint) -> str:
    """The page of an address that is told of events."""
    return _under("agents", "webhooks", of.id)


def keys() -> str:
    """The provider's signing keys."""
    return _under("keys")


def rotate_key(alg: str) -> str:
    """Where the key of an algorithm is followed by a new one."""
    return f"{keys()}rotate/{alg}"


def key_act(kid: str, name: str) -> str:
    """Where one act on a key is taken: `promote`, `retire`, `compromise`."""
    return f"{keys()}{kid}/{name}"


def incident(of: Incident) -> str:
    """An incident's page."""
    return _under("privacy", "incidents", of.id)


def file(of: Agreement | Amendment) -> str:
    """The page of an agreement or of an amendment."""
    return _under("agreements" if isinstance(of, Agreement) else "amendments", of.id)


def act(of: Agreement | Amendment, name: str) -> str:
    """Where one act of a file is taken: `submit`, `sign`, `suspend` (see `acts.ACTS`)."""
    return f"{file(of)}{name}"
