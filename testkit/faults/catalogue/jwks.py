"""Faults of the published keys (RFC 7517; OpenID Connect Core 1.0, 10.1.1)."""

from __future__ import annotations

from functools import partial

from testkit.faults import lies
from testkit.faults.acting import rotate_first
from testkit.faults.answering import (
    HTML_PAGE,
    as_type,
    keys_changed,
    keys_doubled,
    said,
    truncated,
)
from testkit.faults.fault import FaultSpec

_fault = partial(FaultSpec, family="jwks", endpoints=("jwks",), rp_must="reject")
_ROTATION = "OpenID Connect Core 1.0, 10.1.1"
_SET = "RFC 7517, 5"

FAULTS = (
    _fault(
        name="jwks_empty",
        summary="No key is published.",
        resume_fr="Aucune clé n’est publiée.",
        why="A signature that cannot be verified is a wrong one.",
        section=_SET,
        instead=said(200, b'{"keys": []}', "application/json"),
    ),
    _fault(
        name="jwks_without_keys",
        summary="The document has no member keys.",
        resume_fr="Le document n’a pas de membre keys.",
        why="A signature that cannot be verified is a wrong one.",
        section=f"{_SET}.1",
        instead=said(200, b"{}", "application/json"),
    ),
    _fault(
        name="jwks_garbled",
        summary="The document is not JSON.",
        resume_fr="Le document n’est pas du JSON.",
        why="A signature that cannot be verified is a wrong one; the site stays up.",
        section=_SET,
        instead=said(200, b'{"keys": [{"kty": "RSA", "n": ', "application/json"),
    ),
    _fault(
        name="jwks_key_garbled",
        summary="Each key's numbers are cut short; kid and alg are as they were.",
        resume_fr="Les nombres de chaque clé sont tronqués ; kid et alg sont inchangés.",
        why="A signature that cannot be verified is a wrong one; the site stays up.",
        section="RFC 7518, 6",
        answer=keys_changed(lambda keys: [lies.cut_short(key) for key in keys]),
    ),
    _fault(
        name="jwks_key_withdrawn",
        summary="The keys that sign are no more published: others are.",
        resume_fr="Les clés qui signent ne sont plus publiées : d’autres le sont.",
        why="A key that its owner no longer shows must not be believed, or a stolen one would serve for ever.",
        section=_ROTATION,
        answer=keys_changed(lambda keys: [lies.stranger_jwk(key, kid=f"{key['kid']}-suivante") for key in keys]),
    ),
    _fault(
        name="jwks_keys_of_a_stranger",
        summary="Under the usual kids are published somebody else's keys.",
        resume_fr="Sous les kids habituels sont publiées les clés d’un inconnu.",
        why="The published key does not verify the signature.",
        section="OpenID Connect Core 1.0, 3.1.3.7 (6)",
        answer=keys_changed(lambda keys: [lies.stranger_jwk(key, kid=key["kid"]) for key in keys]),
    ),
    _fault(
        name="jwks_duplicate_kid",
        summary="Each kid, or that of the option kid, is published twice, first with somebody else's key.",
        resume_fr="Chaque kid, ou celui de l’option kid, est publié deux fois, d’abord avec la clé d’un inconnu.",
        rp_must="either",
        why="Distinct keys should have distinct kids: a site may refuse, or try each of them.",
        section="RFC 7517, 4.5",
        answer=keys_doubled(lambda key: lies.stranger_jwk(key, kid=key["kid"])),
        options={"kid": ""},
    ),
    _fault(
        name="jwks_without_kid",
        summary="The published keys have no kid.",
        resume_fr="Les clés publiées n’ont pas de kid.",
        rp_must="either",
        why="Several keys need a kid each: a site may refuse, or try those that fit.",
        section="OpenID Connect Core 1.0, 10.1",
        answer=keys_changed(lambda keys: [{k: v for k, v in key.items() if k != "kid"} for key in keys]),
    ),
    _fault(
        name="jwks_keys_for_encryption",
        summary="The published keys say they are for encryption (use enc).",
        resume_fr="Les clés publiées se disent faites pour chiffrer (use enc).",
        why="A key serves for what it says it is for.",
        section="RFC 7517, 4.2; OpenID Connect Discovery 1.0, 3 (jwks_uri)",
        answer=keys_changed(lambda keys: [{**key, "use": "enc"} for key in keys]),
    ),
    _fault(
        name="jwks_unknown_keys_added",
        summary="Keys of kinds that nobody knows stand beside the usual ones.",
        resume_fr="Des clés d’espèces inconnues côtoient les clés habituelles.",
        rp_must="accept",
        why="What a site does not understand it ignores: providers adopt new algorithms before sites do.",
        section=_SET,
        answer=keys_changed(lambda keys: [{"kty": "AKP-9", "kid": "demain", "alg": "ML-DSA-999", "pub": "AA"}, *keys]),
    ),
    _fault(
        name="jwks_rotated_just_before_signing",
        summary="The key is changed just before the ID Token is signed; the new one is published at once.",
        resume_fr="La clé est changée juste avant la signature de l’ID Token ; la nouvelle est publiée aussitôt.",
        endpoints=("token",),
        rp_must="accept",
        why="A site that meets an unknown kid fetches the keys again, once, and goes on.",
        section=_ROTATION,
        instead=rotate_first,
        prepares=True,
    ),
    _fault(
        name="jwks_not_json",
        summary="The answer is a page in HTML, status 200.",
        resume_fr="La réponse est une page HTML, statut 200.",
        why="A signature that cannot be verified is a wrong one; the site stays up.",
        section=_SET,
        instead=said(200, HTML_PAGE, "text/html"),
    ),
    _fault(
        name="jwks_wrong_content_type",
        summary="The keys are right, and say they are text/plain.",
        resume_fr="Les clés sont bonnes, et se disent text/plain.",
        rp_must="either",
        why="They should be application/jwk-set+json or application/json; most sites read them all the same.",
        section="RFC 7517, 8.5",
        answer=as_type("text/plain; charset=utf-8"),
    ),
    _fault(
        name="jwks_truncated",
        summary="The document stops half-way.",
        resume_fr="Le document s’arrête au milieu.",
        why="A signature that cannot be verified is a wrong one; the site stays up.",
        section=_SET,
        answer=truncated,
    ),
    *(
        _fault(
            name=f"jwks_{status}",
            summary=f"The keys cannot be had: {status}.",
            resume_fr=f"Les clés ne peuvent être obtenues : {status}.",
            rp_must="retry",
            why="Keys that are kept still serve; without any, nobody is logged in, and the next login tries again.",
            section=f"{_ROTATION}; RFC 9110, {section}",
            instead=said(status, HTML_PAGE, "text/html", **headers),
        )
        for status, section, headers in (
            (404, "15.5.5", {}),
            (500, "15.6.1", {}),
            (503, "15.6.4", {"Retry-After": "1"}),
        )
    ),
)
