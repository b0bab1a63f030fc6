"""The testkit's control API, as the run uses it (HTTP, the space's own key)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import requests

from testkit.recette.errors import RunError

TIMEOUT_IN = 30


class Control:
    """One space of a running testkit. Every method raises `RunError` with the testkit's own sentence."""

    def __init__(self, base_url: str, space: str, key: str) -> None:
        self._root = f"{base_url.rstrip('/')}/_testkit"
        self._space = f"{self._root}/spaces/{quote(space, safe='')}"
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers.update({"Authorization": f"Bearer {key}", "Accept": "application/json"})

    def state(self) -> dict[str, Any]:
        """The space: its issuer, its dialect."""
        return self._ask("GET", "")

    def now(self) -> dt.datetime:
        """What time it is in the space."""
        return dt.datetime.fromisoformat(self._ask("GET", "/clock")["now"])

    def client(self, client_id: str) -> dict[str, Any]:
        """A client, as it is registered."""
        return self._ask("GET", f"/clients/{quote(client_id, safe='')}")

    def change_client(self, client_id: str, **fields: Any) -> None:
        """Register something else of a client, from the next request on."""
        self._ask("PATCH", f"/clients/{quote(client_id, safe='')}", fields)

    def catalogue(self) -> list[dict[str, Any]]:
        """Every fault that can be produced."""
        return _listed(self._call("GET", f"{self._root}/faults"), "faults")

    def add_account(self, persona: str) -> dict[str, Any]:
        """A ready-made person's account: the one there is, or a new one."""
        path = f"/accounts/{quote(persona, safe='')}"
        found = self._call("GET", f"{self._space}{path}", absent_is_none=True)
        return dict(found) if found is not None else self._ask("POST", "/accounts", {"persona": persona})

    def log_in_as(self, account: str | None) -> None:
        """Whoever comes to the provider is that account, and accepts; None: the usual pages again."""
        self._ask("PUT", "/logins/auto", {"account": account})

    def script_login(self, account: str, does: str) -> None:
        """What the next visitor does."""
        self._ask("POST", "/logins", {"account": account, "does": does, "times": 1})

    def clear_logins(self) -> None:
        """Forget what visitors were to do."""
        self._ask("DELETE", "/logins")

    def forget_consent(self, account: str, client_id: str) -> None:
        """Have an account asked again what it agreed to."""
        self._ask("DELETE", f"/consents?account={quote(account)}&client_id={quote(client_id)}")

    def add_fault(self, name: str, **options: Any) -> str:
        """Produce a fault from now on; return its name in `applied`."""
        return str(self._ask("POST", "/faults", {"name": name, **({"options": options} if options else {})})["id"])

    def applied(self, fault: str) -> int:
        """How often a fault has acted."""
        active = _listed(self._ask("GET", "/faults"), "faults")
        return next((int(each["applied"]) for each in active if str(each["id"]) == fault), 0)

    def clear_faults(self) -> None:
        """Produce no fault any more."""
        self._ask("DELETE", "/faults")

    def sessions(self, account: str) -> list[dict[str, Any]]:
        """The sessions of an account that go on."""
        return _listed(self._ask("GET", f"/sessions?account={quote(account)}"), "sessions")

    def end_sessions(self, account: str) -> None:
        """End an account's sessions."""
        self._ask("DELETE", f"/sessions?account={quote(account)}")

    def log_out(self, account: str, client_id: str) -> dict[str, Any]:
        """Tell a client by back-channel that an account's session ended."""
        return self._ask("POST", "/logouts", {"account": account, "client_id": client_id, "kind": "backchannel"})

    def mint(self, kind: str, account: str, client_id: str, **claims: Any) -> str:
        """A token of that kind, with claims of our own."""
        asked = {"kind": kind, "account": account, "client_id": client_id, "claims": claims}
        return str(self._ask("POST", "/tokens", asked)["token"])

    def rotate_keys(self, alg: str) -> None:
        """Sign with a new key from now on."""
        self._ask("POST", "/keys/rotate", {"alg": alg})

    def judge(self, client_id: str, assertions: list[Any]) -> list[dict[str, Any]]:
        """What the journal says of the site's requests."""
        asked = {"client_id": client_id, "assertions": assertions}
        return _listed(self._ask("POST", "/journal/assertions", asked), "results")

    def journal(self, after: int = 0) -> list[dict[str, Any]]:
        """The exchanges after one."""
        return _listed(self._ask("GET", f"/journal?after={after}"), "exchanges")

    def sign(self, document: dict[str, Any]) -> str:
        """The run's result, signed for the registry."""
        return str(self._ask("POST", "/recettes", document)["signature"])

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        found = self._call(method, f"{self._space}{path}", body)
        return found if isinstance(found, dict) else {"": found}

    def _call(self, method: str, url: str, body: Any = None, *, absent_is_none: bool = False) -> Any:
        try:
            answer = self._http.request(method, url, json=body, timeout=TIMEOUT_IN)
        except requests.RequestException as error:
            raise self._absent(type(error).__name__) from None
        if absent_is_none and answer.status_code == 404:
            return None
        if answer.ok:
            return answer.json() if answer.content else {}
        if "json" not in answer.headers.get("Content-Type", ""):  # a provider without test powers, or another program
            raise self._absent(f"{answer.status_code} to {method} {url}")
        raise RunError(f"{method} {url} was refused: {_told(answer)}")

    def _absent(self, why: str) -> RunError:
        return RunError(
            f"no testkit answers at {self._root} ({why}): start one with « glc serve --testkit », "
            "and give its address with --glc-url"
        )


def _listed(found: Any, name: str) -> list[dict[str, Any]]:
    return list((found.get(name) or found.get("") or []) if isinstance(found, dict) else found)


def _told(answer: requests.Response) -> str:
    try:
        problem = answer.json()
        told = str(problem.get("detail") or problem.get("title") or "")
    except (ValueError, AttributeError):
        told = " ".join(answer.text[:160].split())
    if answer.status_code == 401:
        told = f"{told or 'no access'}; --control-key is the control_key that the space had when it was made"
    return f"{answer.status_code} {told}"
