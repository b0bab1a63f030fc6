"""What shows, on the wire, that a fault of the catalogue acted: one case a fault, true with it and false without."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from faulty import NONCE, STATE, Evidence, Jwt, Said, Seen, half_hash

LOGOUT_URI = "https://site.example/frontchannel"
FRONT = {"frontchannel_logout_uri": LOGOUT_URI}
REFRESHES = {"refresh_tokens": True}
HYBRID = {"response_type": "code id_token token"}
EVERY_FLOW = {"id_token_alg": "RS256", "flow": "hybrid"}
ELSEWHERE = "https://autre.example/"
DAY, HOUR = 86_400, 3_600


@dataclass(frozen=True)
class Case:
    """How a fault is met: the evidence, the client's registration, the request."""

    shows: Evidence
    site: dict[str, Any] = field(default_factory=lambda: {"id_token_alg": "RS256"})
    asks: dict[str, str] = field(default_factory=dict)


def _id_token(shows: Callable[[Jwt], bool], alg: str = "RS256", **asks: str) -> Case:
    return Case(lambda seen: bool(seen.id_token.text) and shows(seen.id_token), {"id_token_alg": alg}, asks)


def _lie(shows: Callable[[Jwt], bool], alg: str = "RS256") -> Case:
    """A token whose signature does not hold, and something besides."""
    return _id_token(lambda token: not token.signature_holds and shows(token), alg)


def _claim(name: str, shows: Callable[[Any], bool], **asks: str) -> Case:
    """A rightly signed token with that in a claim; None stands for none."""
    return _id_token(lambda token: token.signature_holds and shows(token.claims.get(name)), **asks)


def _absent(name: str, **asks: str) -> Case:
    return _id_token(lambda token: token.signature_holds and name not in token.claims, **asks)


def _empty_key(token: Jwt) -> bool:
    told, _, signature = token.text.rpartition(".")
    key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return bool(jwt.utils.base64url_encode(key.sign(told.encode(), b"")).decode() == signature)


def _public_key_as_secret(token: Jwt) -> bool:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    told, _, signature = token.text.rpartition(".")
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    for key in token.seen.keys.json["keys"]:
        if key["kty"] == "RSA":
            pem = jwt.PyJWK(key, "RS256").key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            if jwt.utils.base64url_encode(hmac.sign(told.encode(), pem)).decode() == signature:
                return token.header["alg"] == "HS256"
    return False


def _key_in_header(token: Jwt) -> bool:
    """The signature holds by the key that the header brings."""
    if "jwk" not in token.header:
        return False
    jwt.api_jws.decode(token.text, jwt.PyJWK(token.header["jwk"], token.header["alg"]).key, [token.header["alg"]])
    return True


def _kid_of_another(token: Jwt) -> bool:
    kid = token.header.get("kid")
    return kid in token.seen.kids() and "no key" in str(token._signature_problem)


ID_TOKEN = {
    "id_token_alg_none": _lie(lambda token: token.header["alg"] == "none" and token.text.endswith(".")),
    "id_token_alg_none_in_capitals": _lie(lambda token: token.header["alg"] == "NoNe" and token.text.endswith(".")),
    "id_token_alg_changed": _lie(lambda token: token.header["alg"] == "ES256" and len(token.text.split(".")[2]) == 86),
    "id_token_bad_signature": _lie(lambda token: token.header["alg"] == "RS256"),
    **{
        f"id_token_bad_signature_{alg.lower()}": _lie(lambda token, alg=alg: token.header["alg"] == alg, alg)
        for alg in ("HS256", "RS256", "ES256", "PS256", "EdDSA")
    },
    "id_token_signature_missing": _lie(lambda token: token.header["alg"] == "RS256" and token.text.endswith(".")),
    "id_token_altered": _lie(lambda token: token.claims["sub"] == "quelqu-un-d-autre"),
    "id_token_signed_by_a_stranger": _lie(lambda token: token.header["kid"] in token.seen.kids()),
    "id_token_hs256_keyed_with_the_public_key": _lie(_public_key_as_secret),
    "id_token_hs256_keyed_with_nothing": _lie(_empty_key, "HS256"),
    "id_token_key_in_header": _lie(_key_in_header),
    "id_token_key_address_in_header": _lie(lambda token: token.header.get("jku", "").startswith(ELSEWHERE)),
    "id_token_critical_header_unknown": _id_token(lambda token: token.header.get("crit") == ["urn:example:unknown"]),
    "id_token_kid_unknown": _lie(lambda token: token.header["kid"] not in token.seen.kids()),
    "id_token_kid_absent": _id_token(lambda token: token.signature_holds and "kid" not in token.header),
    "id_token_kid_of_another_key": _lie(_kid_of_another),
    "id_token_garbled": _lie(lambda token: token.header == {}),
    "id_token_payload_not_json": _id_token(lambda token: token.signature_holds and token.claims == {}),
    "id_token_iss_wrong": _claim("iss", lambda iss: iss == ELSEWHERE),
    "id_token_iss_other_slash": _claim("iss", lambda iss: not iss.endswith("/")),
    "id_token_iss_absent": _absent("iss"),
    "id_token_aud_wrong": _claim("aud", lambda aud: aud == "un-autre-client"),
    "id_token_aud_absent": _absent("aud"),
    "id_token_aud_stranger_added": _id_token(
        lambda token: (
            token.claims["aud"] == [token.seen.site.client_id, "un-autre-client"]
            and token.claims["azp"] == token.seen.site.client_id
        )
    ),
    "id_token_azp_absent": _id_token(lambda token: len(token.claims["aud"]) == 2 and "azp" not in token.claims),
    "id_token_azp_wrong": _claim("azp", lambda azp: azp == "un-autre-client"),
    "id_token_sub_absent": _absent("sub"),
    "id_token_sub_empty": _claim("sub", lambda sub: sub == ""),
    "id_token_sub_not_a_text": _claim("sub", lambda sub: sub == 1),
    "id_token_sub_of_somebody_else": _claim("sub", lambda sub: sub == "quelqu-un-d-autre"),
    "id_token_nonce_wrong": _claim("nonce", lambda nonce: nonce not in {None, NONCE}),
    "id_token_nonce_absent": _absent("nonce"),
    "id_token_exp_past": _claim("exp", lambda exp: exp <= time.time() - HOUR + DAY / 24 * 0.9),
    "id_token_exp_absent": _absent("exp"),
    "id_token_exp_not_a_number": _claim("exp", lambda exp: isinstance(exp, str)),
    "id_token_iat_absent": _absent("iat"),
    "id_token_iat_future": _claim("iat", lambda iat: iat > time.time() + HOUR),
    "id_token_iat_old": _claim("iat", lambda iat: iat < time.time() - HOUR),
    "id_token_not_yet_valid": _claim("nbf", lambda nbf: nbf is not None and nbf > time.time() + HOUR),
    "id_token_auth_time_absent": _absent("auth_time"),
    "id_token_auth_time_old": _claim("auth_time", lambda at: at < time.time() - HOUR),
    "id_token_at_hash_wrong": Case(
        lambda seen: (
            Jwt(seen, seen.values("id_token")[0]).claims["at_hash"] != half_hash(seen.values("access_token")[0])
        ),
        EVERY_FLOW,
        HYBRID,
    ),
    "id_token_at_hash_wrong_in_code_flow": _id_token(
        lambda token: token.claims["at_hash"] != half_hash(token.seen.token.get("access_token"))
    ),
    "id_token_at_hash_absent": Case(
        lambda seen: "at_hash" not in Jwt(seen, seen.values("id_token")[0]).claims, EVERY_FLOW, HYBRID
    ),
    "id_token_c_hash_wrong": Case(
        lambda seen: Jwt(seen, seen.values("id_token")[0]).claims["c_hash"] != half_hash(seen.values("code")[0]),
        EVERY_FLOW,
        HYBRID,
    ),
    "id_token_c_hash_absent": Case(
        lambda seen: "c_hash" not in Jwt(seen, seen.values("id_token")[0]).claims, EVERY_FLOW, HYBRID
    ),
    "id_token_acr_wrong": _claim("acr", lambda acr: acr == "urn:example:aucun"),
    "id_token_acr_absent": _absent("acr"),
    "id_token_claims_unknown": _claim("urn:example:claim", lambda claim: claim is not None),
}


def _html(said: Said, status: int = 200) -> bool:
    return (said.status, said.media_type) == (status, "text/html") and b"Maintenance" in said.body


def _cut(said: Said) -> bool:
    return said.status == 200 and len(said.body) > 20 and said.json is None


def _of(name: str, shows: Callable[[Said], bool], site: dict[str, Any] | None = None, **asks: str) -> Case:
    """A case that one of the answers shows."""
    return Case(lambda seen: shows(getattr(seen, name)), site or {"id_token_alg": "RS256"}, asks)


def _without(name: str, member: str, site: dict[str, Any] | None = None) -> Case:
    return _of(name, lambda said: isinstance(said.json, dict) and bool(said.json) and member not in said.json, site)


DISCOVERY = {
    "discovery_issuer_mismatch": _of("discovery", lambda said: said.get("issuer") == ELSEWHERE),
    "discovery_issuer_other_slash": Case(
        lambda seen: seen.discovery.get("issuer") == seen.site.space.issuer.rstrip("/") != seen.site.space.issuer
    ),
    **{
        f"discovery_without_{member}": _without("discovery", member)
        for member in (
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "end_session_endpoint",
        )
    },
    "discovery_http_endpoints": _of(
        "discovery",
        lambda said: all(said.get(f"{each}_endpoint").startswith("http://sans-tls.") for each in ("token", "userinfo")),
    ),
    "discovery_only_none": _of("discovery", lambda said: said.get("id_token_signing_alg_values_supported") == ["none"]),
    "discovery_stale": Case(
        lambda seen: (
            all(seen.discovery.get(each).endswith("-2017") for each in ("token_endpoint", "jwks_uri"))
            and seen.site.answers_404(seen.discovery.get("jwks_uri"))
        )
    ),
    "discovery_unknown_members": _of("discovery", lambda said: said.get("urn_example_unknown") is not None),
    "discovery_not_json": _of("discovery", _html),
    "discovery_wrong_content_type": _of(
        "discovery", lambda said: said.media_type == "text/html" and said.get("issuer") is not None
    ),
    "discovery_empty": _of("discovery", lambda said: said.json == {}),
    "discovery_truncated": _of("discovery", _cut),
    **{
        f"discovery_{status}": _of("discovery", lambda said, status=status: _html(said, status))
        for status in (404, 500, 503)
    },
}


def _keys(shows: Callable[[list[dict[str, Any]]], bool]) -> Case:
    """What the signing keys show."""

    def shown(seen: Seen) -> bool:
        keys = (seen.keys.json or {}).get("keys")
        return keys is not None and shows(keys)

    return Case(shown)


def _unverifiable(seen: Seen) -> bool:
    """Keys are published under the kid of the ID Token, and do not verify it."""
    return seen.id_token.header["kid"] in seen.kids() and not seen.id_token.signature_holds


JWKS = {
    "jwks_empty": _keys(lambda keys: keys == []),
    "jwks_without_keys": _of("keys", lambda said: said.json == {}),
    "jwks_garbled": _of("keys", lambda said: said.status == 200 and said.body.startswith(b"{") and said.json is None),
    "jwks_key_garbled": _keys(lambda keys: any(len(key.get("n", "")) == 7 for key in keys)),
    "jwks_key_withdrawn": Case(lambda seen: bool(seen.kids()) and seen.id_token.header["kid"] not in seen.kids()),
    "jwks_keys_of_a_stranger": Case(_unverifiable),
    "jwks_duplicate_kid": _keys(lambda keys: len({key["kid"] for key in keys if key["use"] == "sig"}) * 2 <= len(keys)),
    "jwks_without_kid": _keys(lambda keys: any("kid" not in key for key in keys)),
    "jwks_keys_for_encryption": _keys(lambda keys: bool(keys) and all(key["use"] == "enc" for key in keys)),
    "jwks_unknown_keys_added": _keys(lambda keys: any(key["kty"] == "AKP-9" for key in keys) and len(keys) > 2),
    "jwks_rotated_just_before_signing": Case(
        lambda seen: seen.id_token.header["kid"] in seen.kids(later=True) and seen.id_token.signature_holds
    ),
    "jwks_not_json": _of("keys", _html),
    "jwks_wrong_content_type": _of(
        "keys", lambda said: said.media_type == "text/plain" and said.get("keys") is not None
    ),
    "jwks_truncated": _of("keys", _cut),
    **{f"jwks_{status}": _of("keys", lambda said, status=status: _html(said, status)) for status in (404, 500, 503)},
}


def _refused(error: str) -> Case:
    return Case(
        lambda seen: seen.values("error") == [error] and not seen.values("code") and seen.values("state") == [STATE]
    )


def _pair(name: str, shows: Callable[[list[str]], bool]) -> Case:
    """What the values of a parameter of the browser's answer show."""
    return Case(lambda seen: bool(seen.pairs) and shows(seen.values(name)))


def _dead_code(seen: Seen) -> bool:
    """It looks like a code, and the token endpoint does not take it."""
    return len(seen.values("code")[-1]) > 100 and seen.token.get("error") == "invalid_grant"


AUTHORIZE = {
    **{
        f"authorize_error_{error}": _refused(error)
        for error in (
            "invalid_request",
            "unauthorized_client",
            "access_denied",
            "unsupported_response_type",
            "invalid_scope",
            "server_error",
            "temporarily_unavailable",
            "interaction_required",
            "login_required",
            "account_selection_required",
            "consent_required",
            "invalid_request_uri",
            "invalid_request_object",
            "request_not_supported",
            "request_uri_not_supported",
            "registration_not_supported",
            "unmet_authentication_requirements",
            "invalid_target",
            "urn_example_unregistered",
        )
    },
    "authorize_state_wrong": _pair("state", lambda state: state == ["un-autre-etat"]),
    "authorize_state_absent": _pair("state", lambda state: state == []),
    "authorize_state_empty": _pair("state", lambda state: state == [""]),
    "authorize_state_twice": _pair("state", lambda state: len(state) == 2 and state[1] == STATE),
    "authorize_iss_wrong": _pair("iss", lambda iss: iss == [ELSEWHERE]),
    "authorize_iss_absent": _pair("iss", lambda iss: iss == []),
    "authorize_code_absent": Case(lambda seen: seen.values("state") == [STATE] and not seen.values("code")),
    "authorize_code_unknown": Case(
        lambda seen: seen.values("code") == ["code-inconnu"] and seen.token.get("error") == "invalid_grant"
    ),
    "authorize_code_twice": Case(
        lambda seen: len(seen.values("code")) == 2 and seen.token.get("access_token") is not None
    ),
    "authorize_error_beside_code": Case(
        lambda seen: seen.values("error") == ["access_denied"] and seen.token.get("access_token") is not None
    ),
    "authorize_code_of_another_client": Case(_dead_code),
    "authorize_code_of_another_login": Case(_dead_code),
    "authorize_code_late": Case(_dead_code),
    "authorize_code_spent": Case(_dead_code),
    "authorize_parameters_unknown": _pair("urn_example_unknown", lambda value: value == ["1"]),
    "authorize_in_fragment": Case(lambda seen: seen.place == "fragment" and len(seen.values("code")) == 1),
    "authorize_500": _of("front", lambda said: _html(said, 500)),
    "authorize_503": _of("front", lambda said: _html(said, 503)),
}


def _error(name: str, status: int, code: str) -> Callable[[Seen], bool]:
    return lambda seen: (getattr(seen, name).status, getattr(seen, name).get("error")) == (status, code)


TOKEN = {
    **{
        f"token_error_{code}": Case(
            lambda seen, status=status, code=code: (
                _error("token", status, code)(seen) and seen.again.status in {200, status}
            )
        )
        for code, status in {
            "invalid_request": 400,
            "invalid_client": 401,
            "invalid_grant": 400,
            "unauthorized_client": 400,
            "unsupported_grant_type": 400,
            "invalid_scope": 400,
            "invalid_target": 400,
        }.items()
    },
    "token_error_with_200": Case(_error("token", 200, "invalid_grant")),
    **{
        f"token_{status}": _of("token", lambda said, status=status: _html(said, status))
        for status in (429, 500, 502, 503)
    },
    "token_answer_lost": Case(lambda seen: _html(seen.token, 502) and seen.again.get("error") == "invalid_grant"),
    "token_html": _of("token", _html),
    "token_empty": _of("token", lambda said: (said.status, said.body) == (200, b"")),
    "token_array": _of("token", lambda said: said.json == []),
    "token_wrong_content_type": _of(
        "token", lambda said: said.media_type == "text/html" and said.get("access_token") is not None
    ),
    "token_truncated": _of("token", _cut),
    **{
        f"token_without_{member}": _without("token", member)
        for member in ("access_token", "id_token", "token_type", "expires_in")
    },
    "token_type_wrong": _of("token", lambda said: said.get("token_type") == "mac"),
    "token_type_in_lower_case": _of("token", lambda said: said.get("token_type") == "bearer"),
    "token_expires_in_a_text": _of("token", lambda said: str(said.get("expires_in", 0)) == said.get("expires_in")),
    "token_expires_at_once": _of("token", lambda said: said.get("expires_in") == 0),
    "token_members_unknown": _of("token", lambda said: said.get("urn_example_unknown") is not None),
    "token_access_token_unknown": _of("userinfo", lambda said: said.status == 401),
    "token_redirect": _of("token", lambda said: said.status == 307 and "sans-tls" in said.headers["location"]),
}

_SIGNED = {"id_token_alg": "RS256", "metadata": {"userinfo_signed_response_alg": "RS256"}}


def _userinfo_jwt(shows: Callable[[Jwt], bool]) -> Case:
    return Case(
        lambda seen: seen.userinfo.media_type == "application/jwt" and shows(Jwt(seen, seen.userinfo.body.decode())),
        _SIGNED,
    )


def _beside_sub(said: Said, value: Any) -> bool:
    others = [
        each
        for name, each in (said.json or {}).items()
        if name not in {"sub", "iss"} and isinstance(each, (str, type(None)))
    ]
    return bool(others) and all(each == value for each in others)


USERINFO = {
    "userinfo_sub_differs": _of("userinfo", lambda said: said.get("sub") == "quelqu-un-d-autre"),
    "userinfo_sub_absent": _without("userinfo", "sub"),
    "userinfo_sub_a_number": _of("userinfo", lambda said: said.get("sub") == 1),
    "userinfo_email_absent": _without("userinfo", "email"),
    "userinfo_claims_absent": _of("userinfo", lambda said: {"sub"} <= (said.json or {}).keys() <= {"sub", "iss"}),
    "userinfo_claims_null": _of("userinfo", lambda said: _beside_sub(said, None)),
    "userinfo_claims_empty": _of("userinfo", lambda said: _beside_sub(said, "")),
    "userinfo_email_unverified": _of("userinfo", lambda said: said.get("email_verified") is False),
    "userinfo_types_wrong": _of("userinfo", lambda said: said.get("email_verified") == "false"),
    "userinfo_claims_unknown": _of("userinfo", lambda said: said.get("urn_example_unknown") is not None),
    "userinfo_401": _of(
        "userinfo", lambda said: said.status == 401 and "invalid_token" in said.headers["www-authenticate"]
    ),
    "userinfo_403": _of(
        "userinfo", lambda said: said.status == 403 and "insufficient_scope" in said.headers["www-authenticate"]
    ),
    **{
        f"userinfo_{status}": _of("userinfo", lambda said, status=status: _html(said, status))
        for status in (500, 502, 503)
    },
    "userinfo_html": _of("userinfo", _html),
    "userinfo_empty": _of("userinfo", lambda said: said.json == {}),
    "userinfo_wrong_content_type": _of(
        "userinfo", lambda said: said.media_type == "text/html" and said.get("sub") is not None
    ),
    "userinfo_truncated": _of("userinfo", _cut),
    "userinfo_jwt_bad_signature": _userinfo_jwt(
        lambda token: token.header["alg"] == "RS256" and not token.signature_holds
    ),
    "userinfo_jwt_alg_none": _userinfo_jwt(lambda token: token.header["alg"] == "none"),
    "userinfo_jwt_iss_wrong": _userinfo_jwt(lambda token: token.signature_holds and token.claims["iss"] == ELSEWHERE),
    "userinfo_jwt_aud_wrong": _userinfo_jwt(
        lambda token: token.signature_holds and token.claims["aud"] == "un-autre-client"
    ),
    "userinfo_not_signed": Case(
        lambda seen: seen.userinfo.media_type == "application/json" and bool(seen.userinfo.get("sub")), _SIGNED
    ),
    "userinfo_jwt_of_a_stranger": Case(
        lambda seen: (
            seen.userinfo.media_type == "application/jwt" and not Jwt(seen, seen.userinfo.body.decode()).signature_holds
        )
    ),
}

_REFRESHING = {"id_token_alg": "RS256", **REFRESHES}


def _refreshed(shows: Callable[[Said], bool]) -> Case:
    """What the answer to a refresh shows, while that to the code is right."""
    return Case(
        lambda seen: bool(seen.token.get("access_token")) and shows(seen.refreshed) and seen.id_token.problem() is None,
        _REFRESHING,
    )


def _new_token(shows: Callable[[Jwt], bool]) -> Case:
    return Case(lambda seen: shows(seen.refreshed_id_token) and seen.id_token.problem() is None, _REFRESHING)


def _new_claim(name: str, shows: Callable[[Any], bool]) -> Case:
    return _new_token(lambda token: token.signature_holds and shows(token.claims.get(name)))


REFRESH = {
    "refresh_rotation_lost": Case(
        lambda seen: _html(seen.refreshed, 502) and bool(seen.retried.get("access_token") or _html(seen.retried, 502)),
        _REFRESHING,
    ),
    "refresh_family_revoked": Case(
        lambda seen: _error("refreshed", 400, "invalid_grant")(seen) and seen.retried.get("error") == "invalid_grant",
        _REFRESHING,
    ),
    **{
        f"refresh_error_{code}": Case(_error("refreshed", status, code), _REFRESHING)
        for code, status in {"invalid_grant": 400, "invalid_client": 401, "invalid_scope": 400}.items()
    },
    **{f"refresh_{status}": _refreshed(lambda said, status=status: _html(said, status)) for status in (500, 503)},
    "refresh_without_new_token": _refreshed(lambda said: said.status == 200 and not said.get("refresh_token")),
    "refresh_without_access_token": _refreshed(lambda said: said.status == 200 and not said.get("access_token")),
    "refresh_scope_reduced": _refreshed(lambda said: said.get("scope") == "openid"),
    "refresh_without_id_token": _refreshed(lambda said: said.status == 200 and not said.get("id_token")),
    "refresh_iss_wrong": _new_claim("iss", lambda iss: iss == ELSEWHERE),
    "refresh_sub_wrong": _new_claim("sub", lambda sub: sub == "quelqu-un-d-autre"),
    "refresh_aud_wrong": _new_claim("aud", lambda aud: aud == "un-autre-client"),
    "refresh_auth_time_moved": _new_token(
        lambda token: (
            token.signature_holds and token.claims["auth_time"] == token.seen.id_token.claims["auth_time"] + HOUR
        )
    ),
    "refresh_azp_added": _new_claim("azp", lambda azp: azp == "un-autre-client"),
    "refresh_nonce_wrong": _new_claim("nonce", lambda nonce: nonce is not None),
    "refresh_bad_signature": _new_token(lambda token: bool(token.text) and not token.signature_holds),
}

_LEAVING = {"id_token_alg": "RS256", **FRONT}


def _frames(shows: Callable[[list[str]], bool]) -> Case:
    return Case(lambda seen: b"a2-continue" in seen.goodbye.body and shows(seen.frames()), _LEAVING)


LOGOUT = {
    "logout_state_wrong": Case(lambda seen: seen.returned_to.endswith("bye?state=un-autre-etat")),
    "logout_state_absent": Case(lambda seen: seen.returned_to.endswith("/bye")),
    "logout_never_returns": Case(lambda seen: seen.goodbye.status == 200 and not seen.returned_to),
    "logout_500": _of("goodbye", lambda said: _html(said, 500)),
    "logout_503": _of("goodbye", lambda said: _html(said, 503)),
    "frontchannel_iss_wrong": _frames(lambda urls: "iss=https%3A%2F%2Fautre.example%2F" in urls[0]),
    "frontchannel_sid_wrong": _frames(lambda urls: "sid=session-inconnue" in urls[0]),
    "frontchannel_sid_absent": _frames(lambda urls: urls == [LOGOUT_URI]),
    "frontchannel_dropped": _frames(lambda urls: urls == []),
    "frontchannel_twice": _frames(lambda urls: len(urls) == 2 and urls[0] == urls[1]),
}

EVIDENCE: dict[str, Case] = {
    **ID_TOKEN,
    **DISCOVERY,
    **JWKS,
    **AUTHORIZE,
    **TOKEN,
    **USERINFO,
    **REFRESH,
    **LOGOUT,
}
