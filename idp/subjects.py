"""What a client is given as `sub` (OpenID Connect Core 1.0, section 8)."""

from __future__ import annotations

from urllib.parse import urlsplit

from keys.ring import KeyRing
from partner_registry.models import ConsentMode, SubjectPolicy
from partner_registry.terms import ReleaseTerms


def sector(terms: ReleaseTerms) -> str:
    """What pairwise subjects depend on: the partner when one consent covers all its services, else the host of the
    sector identifier URI, else the host of the redirect URIs."""
    if terms.consent_mode is ConsentMode.PARTNER:
        return terms.partner_slug
    uri = terms.sector_identifier_uri or terms.redirect_uris[0]
    return urlsplit(uri).hostname or uri


def subject(ring: KeyRing, terms: ReleaseTerms, uuid: str, email: str) -> str:
    """The subject of an account for a client, by the client's policy."""
    match terms.subject_policy:
        case SubjectPolicy.UUID:
            return uuid
        case SubjectPolicy.EMAIL:
            return email
        case SubjectPolicy.PAIRWISE:
            return ring.pairwise_subject(sector(terms), uuid)
        case SubjectPolicy.PAIRWISE_REVERSIBLE:
            return ring.reversible_subject(sector(terms), uuid)
