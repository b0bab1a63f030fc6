"""The inspector's pages. Each is whole without a script; with one, it follows what happens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from flask import Blueprint, Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from glc.i18n import language
from testkit.inspector import access, telling
from testkit.inspector.seen import Space, Spaces
from testkit.journal.exchange import Exchange
from testkit.journal.flows import Flow, flows, outside
from testkit.journal.har import har

inspector = Blueprint("inspector", __name__, static_folder="static", static_url_path="/looks")


@inspector.before_request
def open_with_key() -> AnyResponse | tuple[str, int, dict[str, str]] | None:
    """A key in the address of any page of a space, or in the form, opens the space and leaves the address."""
    key = request.form.get("key") or request.args.get("key")
    space_id = (request.view_args or {}).get("space_id")
    if key is None or space_id is None:
        return None
    if not access.open_space(_spaces().find(space_id), key.strip()):
        return _locked(space_id, wrong=True)
    return redirect(f"{request.script_root}{request.path}", 303)


@inspector.get("/")
def spaces() -> str:
    """The spaces whose key this browser has shown."""
    return render_template("inspector/spaces.html", spaces=access.seen_spaces(_spaces()))


@inspector.route("/<space_id>/", methods=["GET", "POST"])
def space(space_id: str) -> AnyResponse | tuple[str, int, dict[str, str]]:
    """A space's logins, the latest first."""
    found = _spaces().find(space_id)
    if not access.may_see(found) or found is None:
        return _locked(space_id)
    exchanges = found.journal.exchanges()
    return _unchanged(found, exchanges) or _live(found, exchanges, _space_page(found, exchanges))


def _space_page(found: Space, exchanges: Sequence[Exchange]) -> str:
    joined = flows(exchanges)
    return render_template(
        "inspector/space.html",
        space=found,
        flows=telling.flow_lines(joined, found),
        outside=[telling.step_told(each, found.issuer) for each in outside(exchanges, joined)],
    )


@inspector.route("/<space_id>/flows/<int:flow_id>/", methods=["GET", "POST"])
def flow(space_id: str, flow_id: int) -> AnyResponse | tuple[str, int, dict[str, str]]:
    """One login: what is wrong, then its diagram."""
    found = _spaces().find(space_id)
    if not access.may_see(found) or found is None:
        return _locked(space_id)
    exchanges = found.journal.exchanges()
    if (unchanged := _unchanged(found, exchanges)) is not None:
        return unchanged
    joined = flows(exchanges)
    asked = _numbered(joined, flow_id)
    if asked is None:
        return render_template("inspector/gone.html", space=found), 404, {}
    told = telling.flow_told(asked, joined, found)
    return _live(found, exchanges, render_template("inspector/flow.html", space=found, flow=told))


@inspector.get("/<space_id>/flows/<int:flow_id>/har")
def archive(space_id: str, flow_id: int) -> AnyResponse | tuple[str, int, dict[str, str]]:
    """One login, to hand on: HAR 1.2."""
    found = _spaces().find(space_id)
    if not access.may_see(found) or found is None:
        return _locked(space_id)
    asked = _numbered(flows(found.journal.exchanges()), flow_id)
    if asked is None:
        return render_template("inspector/gone.html", space=found), 404, {}
    name = f"grandlyonconnect-{found.id}-{flow_id}.har"
    return Response(
        json.dumps(har(asked), ensure_ascii=False, indent=2, default=str),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _spaces() -> Spaces:
    known: Spaces = current_app.extensions["spaces"]
    return known


def _numbered(joined: Sequence[Flow], flow_id: int) -> Flow | None:
    return next((each for each in joined if each.id == flow_id), None)


def _tag(shown: Space, exchanges: Sequence[Exchange]) -> str:
    """Says whether anything happened since a page was read."""
    last = exchanges[-1].id if exchanges else 0
    told = f"{shown.id} {len(exchanges)} {last} {language()} {request.path}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _unchanged(shown: Space, exchanges: Sequence[Exchange]) -> AnyResponse | None:
    """The answer to who asks again and has the page already."""
    if _tag(shown, exchanges) not in request.if_none_match:
        return None
    return _live(shown, exchanges, "").make_conditional(request)


def _live(shown: Space, exchanges: Sequence[Exchange], page: str) -> Response:
    response = Response(page, mimetype="text/html")
    response.set_etag(_tag(shown, exchanges))
    return response


def _locked(space_id: str, *, wrong: bool = False) -> tuple[str, int, dict[str, str]]:
    """Said alike whether there is such a space or not."""
    page = render_template("inspector/locked.html", space_id=space_id, wrong=wrong)
    return page, 401, {"WWW-Authenticate": 'Bearer realm="space"'}
