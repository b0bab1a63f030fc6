"""What a site owes its users, and which of it a fault tries.

One mistake of a site may fail many cases; they are those of one duty, and the report names that duty first.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from testkit.recette.words import Words

DUTIES = {
    "login": Words("People can log in, again and again.", "On peut se connecter, encore et encore."),
    "errors": Words(
        "An answer that is an error is told to the user, and breaks nothing.",
        "Une réponse qui est une erreur est dite à la personne, et ne casse rien.",
    ),
    "open_redirect": Words(
        "After the login the user stays on the site, whatever the link that led there says.",
        "Après la connexion, la personne reste sur le site, quoi que dise le lien qui l’y a menée.",
    ),
    "state": Words(
        "An answer is taken only with the state of a login that this browser began.",
        "Une réponse n’est prise qu’avec le state d’une connexion que ce navigateur a commencée.",
    ),
    "state_unguessable": Words(
        "Each login has a state of its own that nobody can guess.",
        "Chaque connexion a un state à elle, que personne ne peut deviner.",
    ),
    "answer_iss": Words(
        "The answer comes from the provider that was asked (iss).",
        "La réponse vient du fournisseur qui a été interrogé (iss).",
    ),
    "answer": Words("The authorization answer is read strictly.", "La réponse d’autorisation est lue strictement."),
    "pkce": Words("Each login uses PKCE with S256.", "Chaque connexion utilise PKCE avec S256."),
    "nonce_sent": Words("Each login sends a nonce.", "Chaque connexion envoie un nonce."),
    "nonce": Words(
        "The ID Token's nonce is the one that was sent.", "Le nonce de l’ID Token est celui qui a été envoyé."
    ),
    "code_once": Words("A code is redeemed once.", "Un code est échangé une fois."),
    "secret": Words(
        "The client's secret is never in an address.", "Le secret du client n’est jamais dans une adresse."
    ),
    "alg_none": Words("An ID Token that is not signed is refused.", "Un ID Token qui n’est pas signé est refusé."),
    "alg": Words(
        "An ID Token is refused unless it is signed with the algorithm that was agreed.",
        "Un ID Token est refusé s’il n’est pas signé avec l’algorithme convenu.",
    ),
    "signature": Words(
        "The signature of the ID Token is verified with the provider's published keys.",
        "La signature de l’ID Token est vérifiée avec les clés publiées par le fournisseur.",
    ),
    "iss": Words("The ID Token comes from the provider (iss).", "L’ID Token vient du fournisseur (iss)."),
    "aud": Words("The ID Token is for this site (aud, azp).", "L’ID Token est pour ce site (aud, azp)."),
    "sub": Words("The ID Token names somebody.", "L’ID Token nomme quelqu’un."),
    "expiry": Words("An ID Token that has expired is refused.", "Un ID Token expiré est refusé."),
    "dates": Words("An ID Token's other dates are believable.", "Les autres dates d’un ID Token sont vraisemblables."),
    "hashes": Words(
        "The ID Token vouches for the tokens beside it.", "L’ID Token répond des jetons qui l’accompagnent."
    ),
    "id_token": Words("The ID Token is read strictly.", "L’ID Token est lu strictement."),
    "userinfo_sub": Words(
        "Userinfo tells about the person of the ID Token (sub).", "Userinfo parle de la personne de l’ID Token (sub)."
    ),
    "userinfo": Words("Userinfo's answers are read with care.", "Les réponses de userinfo sont lues avec soin."),
    "token_answer": Words(
        "The token endpoint's answers are read with care.", "Les réponses du point d’accès token sont lues avec soin."
    ),
    "refresh": Words(
        "A refresh that fails, or lies, breaks nothing; a grant that is dead ends the login.",
        "Un rafraîchissement qui échoue, ou qui ment, ne casse rien ; un accord révoqué met fin à la connexion.",
    ),
    "discovery": Words("The discovery document is read with care.", "Le document de découverte est lu avec soin."),
    "key_rotation": Words(
        "A key that the provider has just begun to use is looked for.",
        "Une clé dont le fournisseur vient de commencer à se servir est cherchée.",
    ),
    "jwks": Words("The provider's keys are read with care.", "Les clés du fournisseur sont lues avec soin."),
    "logout": Words("Logging out ends the site's own login.", "Se déconnecter met fin à la connexion du site."),
    "logout_at_provider": Words(
        "Logging out ends the provider's session too.", "Se déconnecter met aussi fin à la session du fournisseur."
    ),
    "backchannel": Words(
        "A back-channel logout ends the login.", "Une déconnexion de serveur à serveur met fin à la connexion."
    ),
    "logout_token": Words(
        "A logout token is verified before anything is ended.",
        "Un jeton de déconnexion est vérifié avant de mettre fin à quoi que ce soit.",
    ),
    "logout_replay": Words("A logout token is taken once.", "Un jeton de déconnexion est pris une fois."),
    "frontchannel": Words(
        "A front-channel logout ends the login.", "Une déconnexion par le navigateur met fin à la connexion."
    ),
    "frontchannel_checked": Words(
        "A front-channel logout is believed only with the provider's iss and a known sid.",
        "Une déconnexion par le navigateur n’est crue qu’avec l’iss du fournisseur et un sid connu.",
    ),
    "recovery": Words("After all this, people can still log in.", "Après tout cela, on peut encore se connecter."),
    "transport": Words(
        "A provider that answers late, or badly, breaks nothing.",
        "Un fournisseur qui répond tard, ou mal, ne casse rien.",
    ),
}
"""What a site owes its users, by the name that cases give."""

_OF_FAULT = (
    ("id_token_alg_none*", "alg_none"),
    ("id_token_alg_*", "alg"),
    ("id_token_hs256_*", "alg"),
    ("id_token_*signature*", "signature"),
    ("id_token_altered", "signature"),
    ("id_token_signed_by_*", "signature"),
    ("id_token_key_*", "signature"),
    ("id_token_kid_*", "signature"),
    ("id_token_iss_*", "iss"),
    ("id_token_aud_*", "aud"),
    ("id_token_azp_*", "aud"),
    ("id_token_sub_of_somebody_else", "userinfo_sub"),
    ("id_token_sub_*", "sub"),
    ("id_token_nonce_*", "nonce"),
    ("id_token_exp_*", "expiry"),
    ("id_token_iat_*", "dates"),
    ("id_token_not_yet_valid", "dates"),
    ("id_token_auth_time_*", "dates"),
    ("id_token_?*_hash_*", "hashes"),
    ("id_token_*", "id_token"),
    ("authorize_state_*", "state"),
    ("authorize_iss_*", "answer_iss"),
    ("authorize_error_beside_code", "answer"),
    ("authorize_error_*", "errors"),
    ("authorize_*", "answer"),
    ("userinfo_sub_*", "userinfo_sub"),
    ("userinfo_empty", "userinfo_sub"),
    ("userinfo_*", "userinfo"),
    ("token_*", "token_answer"),
    ("refresh_*", "refresh"),
    ("discovery_*", "discovery"),
    ("jwks_rotated_*", "key_rotation"),
    ("jwks_*", "jwks"),
    ("logout_*", "logout"),
    ("backchannel_*", "logout_token"),
    ("frontchannel_*", "frontchannel_checked"),
    ("transport_*", "transport"),
)
"""The duty that a fault tests: the first pattern that its name matches."""


def duty_of(fault: str) -> str:
    """The name of the duty that a fault tries."""
    return next((duty for pattern, duty in _OF_FAULT if fnmatchcase(fault, pattern)), "transport")
