"""What can be judged of a site from what it sent: one table, read by the inspector's verdicts and by assertions.

A check looks at exchanges and gives findings; no finding is a pass, and None means that nothing it speaks of happened.
The sentences are in both languages here, where the rule is: the inspector shows them, the documentation lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from testkit.journal import looks
from testkit.journal.exchange import Exchange
from testkit.journal.flows import Flow
from testkit.journal.verdicts import RECOMMENDED, REQUIRED, Check, Verdict, Words

CHECKS: tuple[Check, ...] = (
    Check(
        "scope_openid",
        REQUIRED,
        "OpenID Connect Core 1.0, 3.1.2.1",
        looks.scope_openid,
        french=Words(
            "Le scope contient openid.",
            "Le scope ne contient pas openid : ce n’est plus OpenID Connect, et il n’y aura pas d’ID Token.",
            "Ajoutez openid au paramètre scope de la demande.",
        ),
        english=Words(
            "The scope contains openid.",
            "The scope does not contain openid: this is not OpenID Connect any more, and no ID Token will come.",
            "Add openid to the request’s scope parameter.",
        ),
    ),
    Check(
        "state_sent",
        REQUIRED,
        "RFC 6749, 10.12",
        looks.state_sent,
        french=Words(
            "Votre site envoie un state.",
            "Votre site n’a pas envoyé de state : rien ne le protège d’une réponse forgée par quelqu’un d’autre.",
            "Tirez un state au hasard pour chaque demande, gardez-le dans la session du navigateur et "
            "comparez-le au retour.",
        ),
        english=Words(
            "Your site sends a state.",
            "Your site did not send a state: nothing protects it from an answer forged by somebody else.",
            "Draw a random state for each request, keep it in the browser’s session and compare it when the "
            "answer comes.",
        ),
    ),
    Check(
        "state_unguessable",
        REQUIRED,
        "RFC 6749, 10.10",
        looks.state_unguessable,
        french=Words(
            "Le state est imprévisible, et différent à chaque fois.",
            "Le state « {value} » se devine ou sert plusieurs fois ({most} bits de hasard au plus, il en faut {bits}).",
            "Tirez au moins {bits} bits avec un générateur cryptographique, à chaque demande.",
        ),
        english=Words(
            "The state is unguessable, and different each time.",
            "The state “{value}” can be guessed or is used several times ({most} bits of chance at most, "
            "{bits} are needed).",
            "Draw at least {bits} bits from a cryptographic generator, for each request.",
        ),
        across=True,
    ),
    Check(
        "nonce_sent",
        RECOMMENDED,
        "OpenID Connect Core 1.0, 15.5.2",
        looks.nonce_sent,
        french=Words(
            "Votre site envoie un nonce.",
            "Votre site n’a pas envoyé de nonce : il ne peut pas savoir si l’ID Token reçu répond à sa "
            "demande ou a déjà servi.",
            "Tirez un nonce au hasard pour chaque demande, gardez-le dans la session et comparez-le à celui "
            "de l’ID Token.",
        ),
        english=Words(
            "Your site sends a nonce.",
            "Your site did not send a nonce: it cannot tell whether the ID Token answers its request or was "
            "used before.",
            "Draw a random nonce for each request, keep it in the session and compare it with the ID Token’s.",
        ),
    ),
    Check(
        "nonce_unguessable",
        RECOMMENDED,
        "OpenID Connect Core 1.0, 15.5.2",
        looks.nonce_unguessable,
        french=Words(
            "Le nonce est imprévisible, et différent à chaque fois.",
            "Le nonce « {value} » se devine ou sert plusieurs fois ({most} bits de hasard au plus, il en faut {bits}).",
            "Tirez au moins {bits} bits avec un générateur cryptographique, à chaque demande.",
        ),
        english=Words(
            "The nonce is unguessable, and different each time.",
            "The nonce “{value}” can be guessed or is used several times ({most} bits of chance at most, "
            "{bits} are needed).",
            "Draw at least {bits} bits from a cryptographic generator, for each request.",
        ),
        across=True,
    ),
    Check(
        "pkce_s256",
        RECOMMENDED,
        "RFC 9700, 2.1.1; RFC 7636, 4.2",
        looks.pkce_s256,
        french=Words(
            "Votre site utilise PKCE avec S256.",
            "Votre site n’utilise pas PKCE avec S256 : un code volé peut être échangé dans la session d’un autre.",
            "Envoyez code_challenge et code_challenge_method=S256, puis code_verifier à l’échange du code.",
        ),
        english=Words(
            "Your site uses PKCE with S256.",
            "Your site does not use PKCE with S256: a stolen code can be injected into another session.",
            "Send code_challenge and code_challenge_method=S256, then code_verifier when you exchange the code.",
        ),
    ),
    Check(
        "redirect_uri_https",
        REQUIRED,
        "RFC 9700, 2.6",
        looks.redirect_uri_https,
        french=Words(
            "L’adresse de retour est en https, ou sur cette machine.",
            "L’adresse de retour est en http : le code passe en clair sur le réseau.",
            "Servez votre site en https et déclarez l’adresse de retour en https.",
        ),
        english=Words(
            "The redirect URI is https, or on this machine.",
            "The redirect URI is http: the code crosses the network in clear.",
            "Serve your site over https and register an https redirect URI.",
        ),
    ),
    Check(
        "code_redeemed_once",
        REQUIRED,
        "RFC 6749, 4.1.2",
        looks.code_redeemed_once,
        french=Words(
            "Chaque code n’est échangé qu’une fois.",
            "Le même code a été échangé {count} fois : le fournisseur refuse, et peut révoquer les jetons déjà donnés.",
            "N’échangez le code qu’une fois ; en cas d’échec, recommencez la connexion. Attention aux pages "
            "rechargées et aux doubles clics.",
        ),
        english=Words(
            "Each code is exchanged only once.",
            "The same code was exchanged {count} times: the provider refuses, and may revoke the tokens it gave.",
            "Exchange a code only once; when that fails, begin the login again. Mind reloaded pages and double clicks.",
        ),
    ),
    Check(
        "code_redeemed_in_time",
        REQUIRED,
        "RFC 6749, 4.1.2",
        looks.code_redeemed_in_time,
        french=Words(
            "Le code est échangé en moins de {seconds} s.",
            "Le code a été échangé après {took} s : il ne vit que {seconds} s.",
            "Échangez le code dès que le navigateur l’apporte, avant tout autre traitement.",
        ),
        english=Words(
            "The code is exchanged within {seconds} s.",
            "The code was exchanged after {took} s: it lives {seconds} s only.",
            "Exchange the code as soon as the browser brings it, before anything else.",
        ),
    ),
    Check(
        "redirect_uri_same_at_token",
        REQUIRED,
        "RFC 6749, 4.1.3",
        looks.redirect_uri_same_at_token,
        french=Words(
            "L’adresse de retour est la même à la demande et à l’échange du code.",
            "L’échange du code porte une autre adresse de retour ({said}) que la demande ({asked}).",
            "Envoyez à l’échange du code exactement le redirect_uri de la demande.",
        ),
        english=Words(
            "The redirect URI is the same in the request and when the code is exchanged.",
            "The code’s exchange carries another redirect URI ({said}) than the request ({asked}).",
            "When you exchange the code, send exactly the request’s redirect_uri.",
        ),
    ),
    Check(
        "client_authenticated_one_way",
        REQUIRED,
        "RFC 6749, 2.3",
        looks.client_authenticated_one_way,
        french=Words(
            "Votre site s’authentifie d’une seule façon.",
            "Votre site s’authentifie de plusieurs façons : {used}.",
            "Choisissez une méthode, client_secret_basic de préférence, et ne remplissez pas l’autre.",
        ),
        english=Words(
            "Your site authenticates in one way.",
            "Your site authenticates in several ways: {used}.",
            "Choose one method, client_secret_basic rather, and leave the other out.",
        ),
    ),
    Check(
        "client_authenticated_by",
        REQUIRED,
        "OpenID Connect Core 1.0, 9",
        looks.client_authenticated_by,
        french=Words(
            "Votre site s’authentifie par {method}.",
            "Votre site s’est authentifié par {used}, et non par {method}.",
            "Réglez la méthode d’authentification de votre bibliothèque sur {method}.",
        ),
        english=Words(
            "Your site authenticates by {method}.",
            "Your site authenticated by {used}, not by {method}.",
            "Set your library’s authentication method to {method}.",
        ),
        of_one_flow=False,
    ),
    Check(
        "secret_never_in_url",
        REQUIRED,
        "RFC 6749, 2.3.1",
        looks.secret_never_in_url,
        french=Words(
            "Aucun secret ne passe dans une adresse.",
            "Un secret passe dans une adresse ({parameter}) : il reste dans les journaux et les historiques.",
            "Envoyez les secrets dans l’en-tête Authorization ou dans le corps d’un POST, puis changez celui-ci.",
        ),
        english=Words(
            "No secret goes into an address.",
            "A secret goes into an address ({parameter}): it stays in logs and histories.",
            "Send secrets in the Authorization header or a POST body, then change this one.",
        ),
    ),
    Check(
        "token_never_in_url",
        REQUIRED,
        "RFC 9700, 4.3.2; RFC 6750, 5.3",
        looks.token_never_in_url,
        french=Words(
            "Aucun jeton ne passe dans une adresse.",
            "Un jeton passe dans une adresse ({parameter}) : il reste dans les journaux et les historiques.",
            "Envoyez l’access token dans l’en-tête Authorization: Bearer.",
        ),
        english=Words(
            "No token goes into an address.",
            "A token goes into an address ({parameter}): it stays in logs and histories.",
            "Send the access token in the Authorization: Bearer header.",
        ),
    ),
    Check(
        "userinfo_by_header",
        RECOMMENDED,
        "RFC 6750, 2.1",
        looks.userinfo_by_header,
        french=Words(
            "L’access token va dans l’en-tête Authorization.",
            "Userinfo a été appelé sans en-tête Authorization: Bearer.",
            "Envoyez Authorization: Bearer suivi de l’access token.",
        ),
        english=Words(
            "The access token goes into the Authorization header.",
            "Userinfo was called without an Authorization: Bearer header.",
            "Send Authorization: Bearer followed by the access token.",
        ),
    ),
    Check(
        "discovery_url_right",
        REQUIRED,
        "OpenID Connect Discovery 1.0, 4.1",
        looks.discovery_url_right,
        french=Words(
            "Le document de découverte est lu à la bonne adresse.",
            "Le document de découverte est cherché à une mauvaise adresse : {path}.",
            "Retirez la barre finale de l’issuer avant d’ajouter /.well-known/openid-configuration ; comparez "
            "ensuite l’issuer lu à celui attendu, barre comprise.",
        ),
        english=Words(
            "The discovery document is read at the right address.",
            "The discovery document is looked for at a wrong address: {path}.",
            "Take the issuer’s final slash off before adding /.well-known/openid-configuration; then compare "
            "the issuer you read with the expected one, slash included.",
        ),
    ),
    Check(
        "discovery_fetched_at_most",
        RECOMMENDED,
        "OpenID Connect Discovery 1.0, 4",
        looks.discovery_fetched_at_most,
        french=Words(
            "Le document de découverte est gardé en mémoire.",
            "Le document de découverte a été lu {count} fois ({n} suffit).",
            "Gardez-le en mémoire d’une connexion à l’autre, selon son Cache-Control.",
        ),
        english=Words(
            "The discovery document is kept in memory.",
            "The discovery document was read {count} times ({n} will do).",
            "Keep it from one login to the next, as its Cache-Control says.",
        ),
    ),
    Check(
        "jwks_fetched_at_most",
        RECOMMENDED,
        "OpenID Connect Core 1.0, 10.1.1",
        looks.jwks_fetched_at_most,
        french=Words(
            "Les clés publiques sont gardées en mémoire.",
            "Les clés publiques ont été lues {count} fois ({n} suffit).",
            "Gardez-les selon leur Cache-Control ; ne les relisez que pour un kid inconnu.",
        ),
        english=Words(
            "The public keys are kept in memory.",
            "The public keys were read {count} times ({n} will do).",
            "Keep them as their Cache-Control says; read them again only for an unknown kid.",
        ),
    ),
    Check(
        "refresh_rotated_token_used",
        REQUIRED,
        "RFC 9700, 4.14.2; RFC 6749, 6",
        looks.refresh_rotated_token_used,
        french=Words(
            "Le nouveau refresh token remplace l’ancien.",
            "Un refresh token déjà remplacé a resservi : le fournisseur peut y voir un vol et tout révoquer.",
            "Quand la réponse donne un nouveau refresh_token, enregistrez-le à la place de l’ancien, une "
            "seule fois à la fois.",
        ),
        english=Words(
            "The new refresh token replaces the old one.",
            "A refresh token that had been replaced was used again: the provider may take that for theft and "
            "revoke everything.",
            "When the answer brings a new refresh_token, store it instead of the old one, one refresh at a time.",
        ),
    ),
    Check(
        "logged_out_with_hint",
        RECOMMENDED,
        "RP-Initiated Logout 1.0, 2",
        looks.logged_out_with_hint,
        french=Words(
            "La déconnexion porte l’id_token_hint.",
            "La déconnexion a été demandée sans id_token_hint : le fournisseur ne sait pas qui part, ni s’il "
            "peut renvoyer à votre site.",
            "Gardez l’ID Token dans la session et envoyez-le en id_token_hint.",
        ),
        english=Words(
            "The logout carries the id_token_hint.",
            "Logout was asked without id_token_hint: the provider does not know who leaves, nor whether it "
            "may go back to your site.",
            "Keep the ID Token in the session and send it as id_token_hint.",
        ),
    ),
    Check(
        "no_request_refused",
        REQUIRED,
        "RFC 6749, 4.1.2.1 and 5.2",
        looks.no_request_refused,
        french=Words(
            "Aucune demande de votre site n’a été refusée.",
            "Une demande de votre site a été refusée : {error}.",
            "Lisez l’explication dans la réponse de l’échange.",
        ),
        english=Words(
            "No request of your site was refused.",
            "A request of your site was refused: {error}.",
            "Read the explanation in the exchange’s answer.",
        ),
    ),
    Check(
        "no_error_answered",
        RECOMMENDED,
        "RFC 6749, 4.1.2.1 and 5.2",
        looks.no_error_answered,
        french=Words(
            "Aucune erreur n’a été répondue.",
            "Une erreur a été répondue : {error}.",
            "Lisez l’explication dans la réponse de l’échange.",
        ),
        english=Words(
            "No error was answered.",
            "An error was answered: {error}.",
            "Read the explanation in the exchange’s answer.",
        ),
        of_one_flow=False,
    ),
)
"""In the order in which the inspector says them."""

BY_NAME = {check.name: check for check in CHECKS}


class UnknownAssertion(ValueError):
    """An assertion that no check answers, or that is not asked as it should be."""


def verdicts(flow: Flow, among: Sequence[Flow] = ()) -> list[Verdict]:
    """What every check that speaks of one login finds in it, in the table's order.

    `among`: the other logins known; what must differ each time is compared with those of the same site.
    """
    return _verdicts(flow, _across([flow, *(each for each in among if each.id != flow.id)], flow.client_id))


def verdicts_of_all(joined: Sequence[Flow]) -> dict[int, list[Verdict]]:
    """The same for each flow, by its number, among all of them."""
    across = {client: _across(joined, client) for client in {each.client_id for each in joined}}
    return {each.id: _verdicts(each, across[each.client_id]) for each in joined}


def _across(joined: Sequence[Flow], client_id: str | None) -> dict[str, Verdict]:
    mine = [each for flow in joined if flow.client_id == client_id for each in flow.exchanges]
    mine.sort(key=lambda each: each.id)
    return {check.name: _judged(check, mine, {}) for check in CHECKS if check.across}


def _verdicts(flow: Flow, across: Mapping[str, Verdict]) -> list[Verdict]:
    own = {each.id for each in flow.exchanges}
    found = []
    for check in CHECKS:
        if not check.of_one_flow:
            continue
        verdict = _judged(check, flow.exchanges, {})
        if check.across and verdict.passed is not None:
            findings = tuple(each for each in across[check.name].findings if own & set(each.exchanges))
            verdict = Verdict(check, not findings, findings, verdict.options)
        found.append(verdict)
    return found


def judge(exchanges: Sequence[Exchange], assertions: Iterable[str | Mapping[str, Any]]) -> list[Verdict]:
    """What each assertion finds: a check's name, or an object with its `name` and options.

    Raises `UnknownAssertion`. One that finds nothing to judge has `passed` None: a caller who asserts counts it as
    failed, for a test that looks at nothing proves nothing.
    """
    return [_judged(check, exchanges, options) for check, options in map(_asked, assertions)]


def results(judged: Iterable[Verdict], language: str = "en") -> list[dict[str, Any]]:
    """Verdicts on assertions as the control interface tells them."""
    return [
        {
            "name": each.check.name,
            **each.options,
            "passed": each.passed is True,
            "message": each.sentence(language)
            if each.passed is not False
            else f"{each.sentence(language)} {each.change(language)}",
            "level": each.check.level,
            "section": each.check.section,
            "exchanges": list(each.exchanges),
        }
        for each in judged
    ]


def markdown() -> str:
    """The table of docs/inspector.md."""
    rows = ["| Check | Level | Passes when | Specification |", "|---|---|---|---|"]
    for check in CHECKS:
        options = ", ".join(name if usual is ... else f"{name}={usual}" for name, usual in check.options.items())
        asked = f"`{check.name}` ({options})" if options else f"`{check.name}`"
        rows.append(f"| {asked} | {check.level} | {check.english.passed} | {check.section} |")
    return "\n".join(rows)


def _judged(check: Check, exchanges: Sequence[Exchange], given: Mapping[str, Any]) -> Verdict:
    options = {**check.options, **given}
    found = check.look(exchanges, **options)
    return Verdict(check, None if found is None else not found, tuple(found or ()), options)


def _asked(assertion: str | Mapping[str, Any]) -> tuple[Check, dict[str, Any]]:
    options = {"name": assertion} if isinstance(assertion, str) else dict(assertion)
    name = options.pop("name", None)
    check = BY_NAME.get(name) if isinstance(name, str) else None
    if check is None:
        raise UnknownAssertion(f"no assertion is named {name!r}; known: {', '.join(sorted(BY_NAME))}")
    taken = check.options
    if strange := sorted(options.keys() - taken.keys()):
        raise UnknownAssertion(f"{name} takes {', '.join(taken) or 'no option'}, not {', '.join(strange)}")
    if missing := [each for each, usual in taken.items() if usual is ... and each not in options]:
        raise UnknownAssertion(f'{name} needs {", ".join(missing)}: {{"name": "{name}", "{missing[0]}": …}}')
    for each, value in options.items():
        wanted = type(taken[each]) if taken[each] is not ... else str
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UnknownAssertion(f"{name}: {each} must be of type {wanted.__name__}, not {value!r}")
    return check, options
