"""The inspector's application: its pages stand on the house's own, in both languages, under the same strict headers."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, redirect, render_template, request, session
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from glc import i18n
from glc.entropy import Entropy
from glc.logs import logger
from glc.web import local_path
from testkit.inspector.pages import inspector
from testkit.inspector.seen import Spaces

HOUSE = Path(i18n.__file__).parent
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def create_inspector(spaces: Spaces, entropy: Entropy, *, path: str = "/inspector", secure: bool = False) -> Flask:
    """The application, to be mounted at `path`; `secure`: whether browsers reach it by https only.

    Its cookies are signed with a key of this process: after a restart, one shows the key of a space again.
    """
    app = Flask("testkit.inspector", static_folder=HOUSE / "static")
    own = Path(__file__).parent / "templates"
    app.jinja_loader = ChoiceLoader([FileSystemLoader(own), FileSystemLoader(HOUSE / "templates")])
    app.secret_key = entropy.bytes(32)
    app.config.update(
        SESSION_COOKIE_NAME="glc_inspector",
        SESSION_COOKIE_PATH=f"{path}/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        MAX_CONTENT_LENGTH=4096,
    )
    app.extensions["spaces"] = spaces
    i18n.init_i18n(app)
    app.register_blueprint(inspector)
    app.add_url_rule("/language/<code>", view_func=choose_language)
    app.register_error_handler(HTTPException, _refused)
    app.after_request(_finish)
    app.context_processor(_furniture)
    return app


def choose_language(code: str) -> AnyResponse:
    """Remember the visitor's language and go back to where they were."""
    if code in i18n.LANGUAGES:
        session["language"] = code
    return redirect(local_path(request.args.get("next")) or f"{request.script_root}/")


def _refused(error: HTTPException) -> AnyResponse:
    """Whatever goes wrong, as a page; an error of our own keeps its traceback for the log of the server."""
    if error.code is None or error.code < 400:
        return error.get_response()
    original = getattr(error, "original_exception", None)
    if original is not None:
        logger().error("inspector.failed", exc_info=original)
    page = render_template(
        "error.html",
        status=error.code,
        title=i18n.gettext("Page introuvable") if error.code == 404 else i18n.gettext("Demande refusée"),
        message=i18n.gettext("L’inspecteur n’a rien à montrer à cette adresse."),
        sentence=True,
    )
    return Response(page, error.code, mimetype="text/html")


def _furniture() -> dict[str, object]:
    return {
        "language": i18n.language(),
        "language_links": i18n.language_links(),
        "site_name": "GrandLyonConnect",
        "account": None,
    }


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    if response.mimetype == "text/html":
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        headers["X-Frame-Options"] = "DENY"
    if request.endpoint != "static" and request.endpoint != "inspector.static":
        headers["Cache-Control"] = "no-store"
    return response
