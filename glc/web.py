"""What every page stands on: request ids, security headers, CSRF, languages, and the one place that writes errors."""

from __future__ import annotations

import json
import string
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import structlog
from flask import Blueprint, Flask, Response, redirect, render_template, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from glc.database import reading, reason_of
from glc.errors import GlcError
from glc.i18n import LANGUAGES, N_, gettext, language, language_links
from glc.logs import logger
from glc.services import services
from glc.settings import Settings

csrf = CSRFProtect()
pages = Blueprint("glc", __name__)

JSON_PATHS = {f"/idp/oidc/{each}" for each in ("token", "user_info", "revoke", "introspect", "par", "register")}
"""Where no person ever looks at an answer."""

SHORT_BODY = 64 * 1024
"""Longest body of a request that uploads nothing, in bytes."""
UPLOADS = "/registry/"
"""Below it, agents of the registry upload documents."""
LONG_BODY = 14 * 1024 * 1024 + SHORT_BODY
"""Longest body there: a document of 10 MiB in base64, and what is around it."""

UNFRAMED = "frame-ancestors 'none'"
# No form-action: browsers apply it to the redirects that follow a form, and those lead to the Relying Parties.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'self'; img-src 'self' data: https: http:; base-uri 'none'; {UNFRAMED}"
)


class _SignedCookies(SecureCookieSessionInterface):
    """Flask's sessions in a signed cookie, except that what signs is made once and not for each request."""

    def __init__(self, app: Flask) -> None:
        self._serializer = super().get_signing_serializer(app)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:  # noqa: ARG002
        return self._serializer


def configure(app: Flask, settings: Settings) -> None:
    """What every page asks of an application and its settings decide."""
    app.config.update(
        APPLICATION_ROOT=settings.path or "/",
        SESSION_COOKIE_NAME="glc_browser",
        SESSION_COOKIE_PATH=f"{settings.path}/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        WTF_CSRF_SSL_STRICT=False,  # it demands a Referer, which our own pages tell browsers not to send; tokens remain
        WTF_CSRF_TIME_LIMIT=None,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.session_interface = _SignedCookies(app)


def init_web(app: Flask, settings: Settings) -> None:
    """Register everything this module gives to every application."""
    app.url_map.strict_slashes = False  # the real service answers both forms itself (a redirected POST loses its body)
    app.url_map.merge_slashes = False
    app.before_request(_begin)
    app.after_request(_finish)
    if settings.log_level == "debug":
        app.after_request(_log)
    csrf.init_app(app)
    app.register_blueprint(pages)
    app.context_processor(_furniture)
    app.register_error_handler(GlcError, _refused)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(Exception, _unforeseen)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def longest_body(path: str) -> int:
    """The longest accepted body, in bytes, of a request to that path, which begins after the issuer's."""
    return LONG_BODY if path.startswith(UPLOADS) else SHORT_BODY


def _begin() -> None:
    if not request.query_string.isascii():  # no browser sends it so; percent-encoded, it can be read or refused
        request.query_string = quote(request.query_string, safe=string.punctuation).encode()
    request_id = services().entropy.bytes(8).hex()
    request.environ["glc.request_id"] = request_id
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    request.max_content_length = longest_body(request.path)
    if (request.content_length or 0) > request.max_content_length:
        raise RequestEntityTooLarge


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = request_id()
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "no-referrer")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("Cache-Control", "no-store")
        if UNFRAMED in headers["Content-Security-Policy"]:
            headers["X-Frame-Options"] = "DENY"  # what older browsers understand
    if services().settings.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _log(response: Response) -> Response:
    rule = str(request.url_rule) if request.url_rule else None  # not the path: it may hold the token of a mailed link
    logger().debug("request", method=request.method, rule=rule, status=response.status_code)
    return response


def request_id() -> str:
    """The identifier of the current request, in its answer's X-Request-Id and in every log event."""
    return str(request.environ.get("glc.request_id", ""))


def local_path(target: str | None) -> str | None:
    """The target when it leads within this site, else None: a path that no browser reads as another host."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(letter) < 0x21 or letter == "\\" for letter in target) or urlsplit(target).netloc:
        return None
    return target


def _furniture() -> dict[str, object]:
    return {
        "language": language(),
        "language_links": language_links(),
        "site_name": "GrandLyonConnect",
        "request_id": request_id(),
        "account": None,
    }


@pages.get("/language/<code>")
def choose_language(code: str) -> AnyResponse:
    """Remember the visitor's language and go back to where they were."""
    if code in LANGUAGES:
        session["language"] = code
    return redirect(local_path(request.args.get("next")) or f"{request.script_root}/")


@pages.get("/healthz")
def health() -> Response:
    """200 when requests are served and the database answers."""
    with reading(services().engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    return Response("ok\n", mimetype="text/plain")


def error_page(status: int, title: str, message: str, hint: str = "", *, sentence: bool = True) -> Response:
    """A page that says what is wrong and what to do; JSON where only programs call (see `JSON_PATHS`)."""
    path = request.path.rstrip("/")
    if path in JSON_PATHS or path.startswith("/idp/oidc/register/"):
        error = "server_error" if status >= 500 else "invalid_request"
        phrase = HTTPStatus(status).phrase
        return Response(
            json.dumps({"error": error, "error_description": phrase, "request_id": request_id()}),
            status,
            mimetype="application/json",
        )
    page = render_template("error.html", status=status, title=title, message=message, hint=hint, sentence=sentence)
    return Response(page, status, mimetype="text/html")


def _refused(error: GlcError) -> Response:
    logger().info("refused", reason=error.message, detail=error.detail, status=error.status)
    sentence = error.begins_with_words(gettext)
    return error_page(error.status, gettext("Demande refusée"), error.told(gettext), sentence=sentence)


def _form_too_old(error: CSRFError) -> Response:
    logger().info("refused", reason="csrf", detail=error.description)
    return error_page(
        400,
        gettext("Formulaire à renvoyer"),
        gettext("Ce formulaire ne vient pas d’une page ouverte récemment dans ce navigateur."),
        gettext("Revenez à la page précédente, rechargez-la puis renvoyez le formulaire ; acceptez les cookies."),
    )


_EXPLAINED = {
    400: (N_("Demande incompréhensible"), N_("Le serveur ne comprend pas ce que le navigateur a envoyé.")),
    404: (N_("Page introuvable"), N_("Il n’y a rien à cette adresse. Elle est peut-être incomplète ou périmée.")),
    405: (N_("Méthode non autorisée"), N_("Cette adresse ne s’utilise pas de cette façon.")),
    413: (N_("Demande trop longue"), N_("Le texte envoyé est plus long que ce qui est accepté ici.")),
    415: (N_("Type de contenu inattendu"), N_("Le contenu envoyé n’a pas la forme attendue ici.")),
}
_REFUSED = (N_("Demande refusée"), N_("Le serveur ne peut pas répondre à cette demande."))


def _http_error(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    title, explained = _EXPLAINED.get(error.code, _REFUSED)
    ours = error.description if error.description != type(error).description else None  # werkzeug's own are English
    response = error_page(error.code, gettext(title), ours or gettext(explained))
    if error.code == 405 and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _unstorable(error: DataError) -> Response:
    """Something was sent that no column can hold: a NUL character, a text that is too long (PostgreSQL)."""
    logger().info("refused", reason="unstorable", detail=type(error.orig).__name__)
    return error_page(
        400,
        gettext("Demande incompréhensible"),
        gettext("La demande contient un texte trop long, ou un caractère qui ne peut pas être enregistré."),
    )


def _database_away(error: OperationalError) -> Response:
    logger().error("database.unavailable", detail=reason_of(error))
    response = error_page(
        503, gettext("Service momentanément indisponible"), gettext("Réessayez dans quelques instants.")
    )
    response.headers["Retry-After"] = "2"
    return response


def _unforeseen(error: Exception) -> Response:
    logger().error("unforeseen", exc_info=error)
    return error_page(
        500,
        gettext("Erreur du simulateur"),
        gettext("Quelque chose n’a pas fonctionné de notre côté."),
        gettext("Signalez-le avec l’identifiant de la demande affiché ci-dessous."),
    )
