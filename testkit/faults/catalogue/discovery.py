"""Faults of the discovery document (OpenID Connect Discovery 1.0, 4)."""

from __future__ import annotations

from functools import partial

from testkit.faults.answering import (
    HTML_PAGE,
    as_type,
    json_changed,
    json_of_choice,
    json_with,
    json_without,
    said,
    truncated,
)
from testkit.faults.fault import FaultSpec

_fault = partial(FaultSpec, family="discovery", endpoints=("discovery",), rp_must="reject")
_METADATA = "OpenID Connect Discovery 1.0, 3"
_RESPONSE = "OpenID Connect Discovery 1.0, 4.2"
_VALIDATION = "OpenID Connect Discovery 1.0, 4.3"

_MISSING = {
    "issuer": ("reject", "Nothing says whose document this is."),
    "authorization_endpoint": ("fail", "There is nowhere to send the user; the site must say so, not guess."),
    "token_endpoint": ("fail", "There is nowhere to redeem the code; the site must say so, not guess."),
    "jwks_uri": ("reject", "No signature can be verified; a site must not go on without."),
    "userinfo_endpoint": ("either", "It is recommended, not required: a site that needs no more claims logs in."),
    "end_session_endpoint": ("accept", "It is optional: login goes on, logout stays the site's own."),
}

FAULTS = (
    _fault(
        name="discovery_issuer_mismatch",
        summary="The document says another issuer than the one it was asked of.",
        resume_fr="Le document annonce un autre émetteur que celui à qui on l’a demandé.",
        why="Otherwise a document planted anywhere could speak for any provider.",
        section=_VALIDATION,
        answer=json_with(issuer="https://autre.example/"),
    ),
    _fault(
        name="discovery_issuer_other_slash",
        summary="The document's issuer has a final slash too many, or lacks it.",
        resume_fr="L’émetteur du document a une barre finale de trop, ou de moins.",
        why="Issuers are compared character by character, here and in each ID Token.",
        section=_VALIDATION,
        answer=json_changed(lambda told: {"issuer": told["issuer"].rstrip("/") + "/" * (told["issuer"][-1] != "/")}),
    ),
    *(
        _fault(
            name=f"discovery_without_{name}",
            summary=f"The document has no {name}.",
            resume_fr=f"Le document ne dit pas {name}.",
            rp_must=must,
            why=why,
            section=_METADATA,
            answer=json_without(name),
        )
        for name, (must, why) in _MISSING.items()
    ),
    _fault(
        name="discovery_http_endpoints",
        summary="Token and userinfo endpoints are plain http addresses of another machine.",
        resume_fr="Les points d’accès token et userinfo sont des adresses http, sans chiffrement, d’une autre machine.",
        why="The client's secret, codes and tokens would travel in clear.",
        section="OpenID Connect Core 1.0, 3.1.3 and 5.3; RFC 6749, 3.2",
        answer=json_with(
            token_endpoint="http://sans-tls.invalid/idp/oidc/token",  # noqa: S106 — an address
            userinfo_endpoint="http://sans-tls.invalid/idp/oidc/user_info",
        ),
    ),
    _fault(
        name="discovery_only_none",
        summary="The only algorithm announced for ID Tokens is none.",
        resume_fr="Le seul algorithme annoncé pour les ID Tokens est none.",
        rp_must="either",
        why="A site that wants another one may stop here; none that obeys and drops its checks is right.",
        section=f"{_METADATA}; RFC 8725, 3.1",
        answer=json_with(id_token_signing_alg_values_supported=["none"]),
    ),
    _fault(
        name="discovery_stale",
        summary="The document is an old one: token endpoint and keys moved since, and answer 404 where it says.",
        resume_fr="Le document est ancien : token et clés ont déménagé, et répondent 404 là où il les dit.",
        rp_must="fail",
        why="Metadata is fetched again when it stops working; until then the user is told, and the site stays up.",
        section=_RESPONSE,
        answer=json_changed(
            lambda told: {name: told[name] + "-2017" for name in ("token_endpoint", "jwks_uri") if name in told}
        ),
    ),
    _fault(
        name="discovery_unknown_members",
        summary="The document has members that no specification defines (option values: your own; null omits one).",
        resume_fr="Le document a des membres qu’aucune spécification ne définit "
        "(option values : ceux de votre choix ; null en omet un).",
        rp_must="accept",
        why="What a site does not understand it ignores: providers grow.",
        section=_METADATA,
        answer=json_of_choice,
        options={"values": {"urn_example_unknown": {"nested": [1, None]}}},
    ),
    _fault(
        name="discovery_not_json",
        summary="The answer is a page in HTML, status 200.",
        resume_fr="La réponse est une page HTML, statut 200.",
        rp_must="fail",
        why="A proxy's page of welcome or excuse looks like this; the user is told, and the site stays up.",
        section=_RESPONSE,
        instead=said(200, HTML_PAGE, "text/html"),
    ),
    _fault(
        name="discovery_wrong_content_type",
        summary="The document is right, and says it is text/html.",
        resume_fr="Le document est bon, et se dit text/html.",
        rp_must="either",
        why="The answer must be application/json; a site may refuse another, or read it all the same.",
        section=_RESPONSE,
        answer=as_type("text/html; charset=utf-8"),
    ),
    _fault(
        name="discovery_empty",
        summary="The document is an empty object.",
        resume_fr="Le document est un objet vide.",
        why="Nothing says whose document this is.",
        section=_METADATA,
        instead=said(200, b"{}", "application/json"),
    ),
    _fault(
        name="discovery_truncated",
        summary="The document stops half-way.",
        resume_fr="Le document s’arrête au milieu.",
        rp_must="fail",
        why="Half a document is none; the user is told, and the site stays up.",
        section=_RESPONSE,
        answer=truncated,
    ),
    *(
        _fault(
            name=f"discovery_{status}",
            summary=f"The document cannot be had: {status}.",
            resume_fr=f"Le document ne peut être obtenu : {status}.",
            rp_must="retry",
            why="What cannot be fetched now can be in a moment: the site keeps no failure, and tries again next time.",
            section=f"{_RESPONSE}; RFC 9110, {section}",
            instead=said(status, HTML_PAGE, "text/html", **headers),
        )
        for status, section, headers in (
            (404, "15.5.5", {}),
            (500, "15.6.1", {}),
            (503, "15.6.4", {"Retry-After": "1"}),
        )
    ),
)
