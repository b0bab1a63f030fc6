"""How an authorization request is answered: to the client, by the browser, or on a page of our own."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Response, redirect, request
from flask import session as browser
from werkzeug.wrappers import Response as AnyResponse

from glc.logs import logger
from idp.authorization import form_post
from idp.authorization.checks import AuthorizationRequest
from idp.dialects import Dialect
from idp.errors import ProtocolError, described
from idp.logout import session_state
from idp.provider import Provider, digest


def address(redirect_uri: str, answer: Mapping[str, str], mode: str) -> str:
    """The redirect URI with the answer added to its query, which is kept, or put in its fragment."""
    parts = urlsplit(redirect_uri)
    encoded = urlencode(answer)
    if mode == "fragment":
        return urlunsplit(parts._replace(fragment=encoded))
    return urlunsplit(parts._replace(query=f"{parts.query}&{encoded}" if parts.query else encoded))


def success(house: Provider, asked: AuthorizationRequest, answer: dict[str, str], cookie: str) -> AnyResponse:
    """Send the browser, whose session's cookie is given, back to the client with what it asked for."""
    if house.dialect.issuer_in_response:
        _name_issuer(house, asked, answer)
    if asked.state is not None:
        answer["state"] = asked.state
    if not house.dialect.session_management:
        return _deliver(asked, answer)
    answer["session_state"] = session_state.new_session_state(house, asked.terms.client_id, asked.redirect_uri, cookie)
    response = _deliver(asked, answer)
    session_state.set_cookie(house, response, cookie)
    return response


def _name_issuer(house: Provider, asked: AuthorizationRequest, answer: dict[str, str]) -> None:
    if asked.response_mode != "fragment" or house.dialect.issuer_in_fragment:
        answer["iss"] = house.settings.issuer


def _deliver(asked: AuthorizationRequest, answer: Mapping[str, str]) -> AnyResponse:
    """By the browser: in an address, or in a form that it posts (OAuth 2.0 Form Post Response Mode)."""
    if asked.response_mode == "form_post":
        return form_post.page(asked.redirect_uri, answer)
    return _see(address(asked.redirect_uri, answer, asked.response_mode))


def failure(house: Provider, asked: AuthorizationRequest | None, error: ProtocolError) -> AnyResponse:
    """Tell the client, or stop on a page of ours, as the error's kind and the dialect say.

    An error before the redirect URI is known never redirects (RFC 6749, 4.1.2.1). `asked` is None when the request
    could not even be read. Whoever comes from a service without access is told so first, where the dialect does.
    """
    client_id = asked.parameters.get("client_id", "") if asked else ""
    logger().info(
        "authorize.refused",
        error=error.error,
        description=error.description,
        hint=error.hint,
        detail=error.detail,
        client_id=client_id,
    )
    if asked is None or not error.may_redirect:
        if house.dialect.bad_client_is_plain_text:
            return Response(f"{error.description}\n", 400, mimetype="text/plain")
        return stop(error, next_url=None, client_id=client_id)
    answer = {"error": str(error.error), "error_description": described(error, plain=house.dialect.error_text_is_plain)}
    if house.dialect.issuer_in_errors:
        _name_issuer(house, asked, answer)
    if asked.state is not None:
        answer["state"] = asked.state
    if _stops(house.dialect, error):
        target = address(asked.redirect_uri, answer, asked.response_mode)
        return stop(error, next_url=target, client_id=client_id)
    return _deliver(asked, answer)


def _stops(dialect: Dialect, error: ProtocolError) -> bool:
    if error.notice:
        return dialect.unavailable_service_is_explained
    return dialect.errors_stop_at_provider and error.error not in dialect.silent_errors


def stop(error: ProtocolError, *, next_url: str | None, client_id: str) -> AnyResponse:
    """Go to the page /continue/, which shows the error; it links to `next_url` only because this browser was told
    here that it may (the address bar alone proves nothing)."""
    browser["stopped"] = {
        "message": f'OpenID Connect Error "{error.error}": {error.description}'[:600],
        "hint": "" if error.notice else error.hint[:600],  # a citizen is told no reason, the cookie neither
        "kind": error.notice,
        "client_id": client_id[:100],
        "next": digest(next_url or ""),
    }
    query = f"?{urlencode({'next': next_url})}" if next_url else ""
    return _see(f"{request.script_root}/continue/{query}")


def with_parameters(url: str, **parameters: str | None) -> str:
    """An address with parameters added to its query; None ones are left out."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    pairs += [(name, value) for name, value in parameters.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def _see(target: str) -> AnyResponse:
    response = redirect(target)
    response.headers["Cache-Control"] = "no-store"
    return response
