"""A provider of its own for one test, and everything a test may do to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

from pytest_grandlyonconnect.errors import Refused
from pytest_grandlyonconnect.journal import Journal
from pytest_grandlyonconnect.values import Account, Client, Fault
from pytest_grandlyonconnect.walker import Callback, walk
from pytest_grandlyonconnect.wire import TIMEOUT_IN, call

__tracebackhide__ = True  # a test that fails shows its own lines, not ours

Does = Literal["accepts", "refuses", "cancels", "abandons", "registers", "fails_then_accepts"]
"""What somebody does when asked to log in."""

Call = Callable[..., Any]


class Space:
    """An isolated OpenID Provider, driven by its control API. Parameters named `account` take a persona's name
    ("camille"), an e-mail, a uuid or an `Account`; those named `client` a client_id or a `Client`.

    Every method raises `Refused` with the simulator's own sentence when what is asked makes no sense.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.id: str = told["id"]
        self.issuer: str = told["issuer"]
        self.dialect: str = told["dialect"]
        self.control_url: str = told["control_url"]
        self.control_key: str = told["control_key"]
        self.inspector_url: str = told["inspector_url"]
        self.clock = Clock(self.call)
        self.keys = Keys(self.call)
        self.mint = Mint(self.call)
        self.sessions = Sessions(self.call)
        self.consents = Consents(self.call)
        self.agreements = Agreements(self.call)
        self.logout = Logout(self.call)
        self.journal = Journal(self.call)

    def __repr__(self) -> str:
        return f"<Space {self.id} {self.issuer} {self.dialect}>"

    @property
    def discovery_url(self) -> str:
        """Where the site's library reads how to talk to the provider."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    def call(self, method: str, path: str = "", content: Any = None, *, longest_in: float = TIMEOUT_IN) -> Any:
        """Any operation of the control API, by its path under `control_url`."""
        return call(method, self.control_url + path, content, key=self.control_key, longest_in=longest_in)

    # Who can connect, and who can log in

    def client(
        self, redirect_uri: str | Iterable[str], *, post_logout_redirect_uri: str | Iterable[str] = (), **fields: Any
    ) -> Client:
        """Register the site. `fields` are those of the registration: `partner` ("lyon"), `name`, `environment`,
        `client_id`, `client_secret`, `id_token_alg`, `scopes`, `consent_mode`…; `metadata` those of OpenID Connect.

        The ID Token is signed RS256 unless told otherwise (the real service's default is HS256).
        """
        content = {
            "redirect_uris": _several(redirect_uri),
            "post_logout_redirect_uris": _several(post_logout_redirect_uri),
            "id_token_alg": "RS256",
            **fields,
        }
        return self._client(self.call("POST", "/clients", content))

    def change_client(self, client: str | Client, **fields: Any) -> Client:
        """Change a registration."""
        return self._client(self.call("PATCH", f"/clients/{quote(str(client), safe='')}", fields))

    def account(self, persona: str | None = None, **attributes: Any) -> Account:
        """Make an account: a ready-made persona, attributes of one's own (`email`, `first_name`…), or both."""
        content = attributes if persona is None else {"persona": persona, **attributes}
        return _account(self.call("POST", "/accounts", content))

    def import_accounts(self, path: Path) -> list[Account]:
        """Make the accounts of a YAML or CSV file, so that they match the people of your own data."""
        media_type = "text/csv" if path.suffix == ".csv" else "application/yaml"
        url = f"{self.control_url}/accounts/import"
        told = call("POST", url, path.read_bytes(), key=self.control_key, media_type=media_type)
        return [_account(each) for each in _rows(told, "accounts")]

    def import_registry(self, path: Path) -> dict[str, Any]:
        """Add the partners, agreements, processings and clients of a file (docs/registry-yaml.md); what was added, and
        the secrets that were made."""
        url = f"{self.control_url}/registry/import"
        told: dict[str, Any] = call("POST", url, path.read_bytes(), key=self.control_key, media_type="application/yaml")
        return told

    def find_account(self, account: str | Account) -> Account:
        """An account that there is."""
        return _account(self.call("GET", f"/accounts/{quote(_name(account), safe='')}"))

    def change_account(self, account: str | Account, **attributes: Any) -> Account:
        """Change an account: its attributes, or what happened to it."""
        return _account(self.call("PATCH", f"/accounts/{quote(_name(account), safe='')}", attributes))

    def delete_account(self, account: str | Account) -> None:
        """The account is deleted, as its owner would."""
        self.call("DELETE", f"/accounts/{quote(_name(account), safe='')}")

    def accounts(self) -> list[Account]:
        """Every account."""
        return [_account(told) for told in _rows(self.call("GET", "/accounts"), "accounts")]

    def personas(self) -> list[dict[str, Any]]:
        """The ready-made people."""
        return _rows(self.call("GET", "/personas"), "personas")

    def persona(self, name: str) -> dict[str, Any]:
        """One of them, with the `email` and `password` to type into the provider's pages."""
        found = {each["name"]: each for each in self.personas()}
        if name not in found:
            raise ValueError(f"no persona is named {name!r}; there are: {', '.join(found)}")
        return found[name]

    # What happens at the next login

    def next_login(
        self,
        account: str | Account,
        does: Does = "accepts",
        *,
        failures: int | None = None,
        client: str | Client | None = None,
        times: int | None = 1,
    ) -> None:
        """Whoever is asked to log in next (at `client`, when given) is this account and does that, without a page.

        `failures` is how many wrong passwords come first with "fails_then_accepts"; `times` None is for ever.
        """
        content = {"account": _name(account), "does": does, "client_id": _name(client), "times": times}
        if failures is not None:
            content["failures"] = failures
        self.call("POST", "/logins", content)

    def auto_login(self, account: str | Account | None) -> None:
        """From now on, every login is this account's and is accepted; None asks again."""
        self.call("PUT", "/logins/auto", {"account": _name(account)})

    def log_in(self, authorization_url: str, account: str | Account | None = None, does: Does = "accepts") -> Callback:
        """Follow the site's authorization request as a browser would; the address at the site where it ends.

        Who logs in was scripted by `next_login` or `auto_login`, or is `account`, who then does what `does` says.
        Raises `LoginStopped` with the page's own words when the login ends at the provider.
        """
        script = None if account is None else f"{_name(account)};does={does}"
        return walk(authorization_url, issuer=self.issuer, script=script)

    # What goes wrong

    def fault(
        self,
        name: str,
        *,
        client: str | Client | None = None,
        account: str | Account | None = None,
        endpoint: str | None = None,
        times: int | None = None,
        must_act: bool = True,
        **options: Any,
    ) -> Fault:
        """Switch a fault of the catalogue on: for one client, account or endpoint, the next `times` times, or until
        it is cleared. `with glc.fault("id_token_nonce_wrong"): …` clears it at the end of the block, and fails the test
        where the fault never acted: a test of nothing would pass. (`must_act=False`: it may as well not.)"""
        scope = {"client_id": _name(client), "account": _name(account), "endpoint": endpoint, "times": times}
        content = {"name": name} | {key: value for key, value in scope.items() if value is not None}
        told = self.call("POST", "/faults", content | ({"options": options} if options else {}))
        number = str(told["id"])

        def read() -> dict[str, Any] | None:
            return next((each for each in self.faults() if str(each["id"]) == number), None)

        def clear() -> None:
            try:
                self.call("DELETE", f"/faults/{number}")
            except Refused as error:
                if error.status != 404:  # spent, or cleared with the others
                    raise

        return Fault(number, told["name"], told, read, clear, must_act)

    def faults(self) -> list[dict[str, Any]]:
        """What is switched on."""
        return _rows(self.call("GET", "/faults"), "faults")

    def clear_faults(self) -> None:
        """Switch everything off."""
        self.call("DELETE", "/faults")

    # The rest

    def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """The mails that were sent (to an address), oldest first: `to`, `subject`, `text`, `at`."""
        return _rows(self.call("GET", "/mails" + _query(to=to)), "mails")

    def run_jobs(self) -> None:
        """Do now what the provider does by itself after a while: logouts to tell again, keys that are due."""
        self.call("POST", "/jobs")

    def state(self) -> dict[str, Any]:
        """What the control API tells of this space."""
        told: dict[str, Any] = self.call("GET")
        return told

    def snapshot(self, name: str = "before") -> None:
        """Remember everything under a name."""
        self.call("POST", "/snapshots", {"name": name})

    def restore(self, name: str = "before") -> None:
        """Everything is again as it was when `snapshot` was called with that name."""
        self.call("POST", f"/snapshots/{quote(name, safe='')}/restore")

    def reset(self) -> None:
        """Back to the seed: data, clock, faults, scripts and journal."""
        self.call("POST", "/reset")

    def delete(self) -> None:
        """The space is no more."""
        try:
            self.call("DELETE")
        except Refused as error:
            if error.status not in {401, 404, 410}:  # it expired, or a test deleted it
                raise

    def _client(self, told: dict[str, Any]) -> Client:
        return Client(
            told["client_id"], told.get("client_secret"), self.issuer, tuple(told.get("redirect_uris", ())), told
        )


class Clock:
    """The space's time. It rules codes, tokens, sessions, secrets, agreements and keys."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def now(self) -> dt.datetime:
        """What time it is there, in UTC."""
        return dt.datetime.fromisoformat(self._call("GET", "/clock")["now"])

    def set(self, at: dt.datetime, *, frozen: bool = False) -> None:
        """It is that instant now (aware), and time goes on from there unless it is frozen."""
        if at.tzinfo is None:
            raise ValueError("say the time zone of the instant")
        self._call("PUT", "/clock", {"now": at.isoformat(), "frozen": frozen})

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """That much time passes at once."""
        passed = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._call("POST", "/clock/advance", {"seconds": passed.total_seconds()})

    def freeze(self) -> None:
        """Time stands still."""
        self._call("PUT", "/clock", {"frozen": True})

    def unfreeze(self) -> None:
        """Time goes on."""
        self._call("PUT", "/clock", {"frozen": False})


class Keys:
    """The provider's signing keys."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def all(self) -> list[dict[str, Any]]:
        """Every key, with what became of it."""
        return _rows(self._call("GET", "/keys"), "keys")

    def rotate(self, alg: str = "RS256") -> dict[str, Any]:
        """A new key signs from now on."""
        told: dict[str, Any] = self._call("POST", "/keys/rotate", {"alg": alg})
        return told

    def withdraw(self, kid: str) -> None:
        """The key is published no more."""
        self._call("POST", f"/keys/{quote(kid, safe='')}/withdraw")

    def duplicate(self, kid: str) -> None:
        """Another key is published under the same `kid`."""
        self._call("POST", f"/keys/{quote(kid, safe='')}/duplicate")


class Mint:
    """Tokens made on demand, good or bad: `claims` and `header` override what the provider would say, None removes."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def id_token(self, account: str | Account, client: str | Client, **wanted: Any) -> str:
        """An ID Token; `nonce`, `claims`, `header`."""
        return self._token("id_token", account, client, wanted)

    def access_token(self, account: str | Account, client: str | Client, **wanted: Any) -> str:
        """An access token; `scope`."""
        return self._token("access_token", account, client, wanted)

    def refresh_token(self, account: str | Account, client: str | Client, **wanted: Any) -> str:
        """A refresh token; `scope`."""
        return self._token("refresh_token", account, client, wanted)

    def code(self, account: str | Account, client: str | Client, **wanted: Any) -> str:
        """An authorization code; `redirect_uri`, `nonce`, `scope`."""
        return self._token("code", account, client, wanted)

    def logout_token(self, account: str | Account, client: str | Client, **wanted: Any) -> str:
        """A back-channel logout token; `claims`, `header`."""
        return self._token("logout_token", account, client, wanted)

    def _token(self, kind: str, account: str | Account, client: str | Client, wanted: dict[str, Any]) -> str:
        content = {"kind": kind, "account": _name(account), "client_id": _name(client), **wanted}
        return str(self._call("POST", "/tokens", content)["token"])


class Sessions:
    """Who is logged in at the provider."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def all(self, account: str | Account | None = None) -> list[dict[str, Any]]:
        """Every session, or those of an account."""
        return _rows(self._call("GET", "/sessions" + _query(account=_name(account))), "sessions")

    def end(self, account: str | Account | None = None) -> None:
        """Log the account out, or everybody; sites are told as they asked."""
        self._call("DELETE", "/sessions" + _query(account=_name(account)))


class Consents:
    """What account holders allowed for good."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def all(self, account: str | Account | None = None) -> list[dict[str, Any]]:
        """Every consent, or those of an account."""
        return _rows(self._call("GET", "/consents" + _query(account=_name(account))), "consents")

    def give(self, account: str | Account, client: str | Client, scopes: Iterable[str] | None = None) -> None:
        """The account allows the site those scopes, or all it may ask for, and is not asked again."""
        content = {"account": _name(account), "client_id": _name(client)}
        self._call("POST", "/consents", content | ({"scopes": _several(scopes)} if scopes is not None else {}))

    def withdraw(self, account: str | Account, client: str | Client | None = None) -> None:
        """The account takes it back, from one site or from all."""
        self._call("DELETE", "/consents" + _query(account=_name(account), client_id=_name(client)))


class Agreements:
    """The partners' agreements with the Métropole: what they end, the provider refuses at that instant."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def all(self) -> list[dict[str, Any]]:
        """Every agreement."""
        return _rows(self._call("GET", "/agreements"), "agreements")

    def change(self, number: str, **dates: Any) -> dict[str, Any]:
        """Change an agreement's dates."""
        told: dict[str, Any] = self._call("PATCH", f"/agreements/{quote(number, safe='')}", dates)
        return told


class Logout:
    """What the provider tells sites when somebody leaves."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def backchannel(self, account: str | Account, client: str | Client) -> dict[str, Any]:
        """Send the site a logout token; what it answered."""
        return self._send("backchannel", account, client)

    def frontchannel(self, account: str | Account, client: str | Client) -> dict[str, Any]:
        """The address that the provider's page would load in the browser."""
        return self._send("frontchannel", account, client)

    def _send(self, kind: str, account: str | Account, client: str | Client) -> dict[str, Any]:
        content = {"kind": kind, "account": _name(account), "client_id": _name(client)}
        told: dict[str, Any] = self._call("POST", "/logouts", content)
        return told


def _name(who: object) -> Any:
    return None if who is None else str(who)


def _several(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _query(**parameters: str | None) -> str:
    said = {name: value for name, value in parameters.items() if value is not None}
    return f"?{urlencode(said)}" if said else ""


def _rows(told: Any, name: str) -> list[dict[str, Any]]:
    """A list, told as it is or under its name."""
    return list(told[name] if isinstance(told, dict) else told)


def _account(told: dict[str, Any]) -> Account:
    return Account(told["uuid"], told.get("email"), told)
