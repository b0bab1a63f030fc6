"""Why a site must do what a fault asks of it, in French: by the English sentence, which several faults may share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FRENCH: Mapping[str, str] = MappingProxyType(
    {
        "Whoever can write JSON could log in as anybody.": (
            "Quiconque sait écrire du JSON pourrait se connecter au nom de n’importe qui."
        ),
        "Algorithms are an allowed list; a list of forbidden ones is always too short.": (
            "Les algorithmes permis forment une liste ; une liste d’interdits est toujours trop courte."
        ),
        "The token's header is the attacker's to write: it must never choose how the token is verified.": (
            "L’en-tête du jeton est écrit par l’attaquant : il ne doit jamais choisir comment le jeton est vérifié."
        ),
        "Without a right signature nothing in the token is proven.": (
            "Sans une bonne signature, rien de ce que dit le jeton n’est prouvé."
        ),
        "A library verifies each algorithm with other code: each must be seen to refuse.": (
            "Une bibliothèque vérifie chaque algorithme avec un code différent : il faut voir chacun refuser."
        ),
        "An empty signature is a wrong one.": "Une signature vide est une mauvaise signature.",
        "This is what signatures are for.": "C’est à cela que servent les signatures.",
        "A kid only says which published key to try; it proves nothing.": (
            "Un kid dit seulement quelle clé publiée essayer ; il ne prouve rien."
        ),
        "A library that takes the algorithm from the header would verify it with that very key.": (
            "Une bibliothèque qui prend l’algorithme dans l’en-tête le vérifierait avec cette clé-là."
        ),
        "A site whose secret is not configured would take anybody's token.": (
            "Un site dont le secret n’est pas configuré accepterait le jeton de n’importe qui."
        ),
        "Keys come from the provider's jwks_uri, never from the token that they verify.": (
            "Les clés viennent du jwks_uri du fournisseur, jamais du jeton qu’elles vérifient."
        ),
        "Fetching it has the site call any address an attacker likes, and believe what is found there.": (
            "La chercher ferait appeler par le site l’adresse que l’attaquant veut, et croire ce qui s’y trouve."
        ),
        "crit means: refuse if you do not understand.": "crit veut dire : refusez si vous ne comprenez pas.",
        "The site may fetch the keys again, once, and then refuses.": (
            "Le site peut relire les clés, une fois, puis il refuse."
        ),
        "A kid is due as soon as several keys are published; a site may refuse, or try the keys that fit.": (
            "Un kid est dû dès que plusieurs clés sont publiées ; un site peut refuser, ou essayer les clés qui "
            "conviennent."
        ),
        "The key that kid names does not verify the signature.": "La clé que nomme le kid ne vérifie pas la signature.",
        "What cannot be read proves nothing; the site tells its user so and stays up.": (
            "Ce qui ne se lit pas ne prouve rien ; le site le dit à la personne et reste debout."
        ),
        "A right signature does not make the content right.": "Une bonne signature ne rend pas bon le contenu.",
        "Otherwise any provider the site knows could log in the users of another.": (
            "Sinon, tout fournisseur que le site connaît pourrait connecter les usagers d’un autre."
        ),
        "Issuers are compared character by character.": "Les émetteurs se comparent caractère par caractère.",
        "A required claim that is missing is not a claim that is right.": (
            "Un claim obligatoire qui manque n’est pas un claim juste."
        ),
        "Otherwise a site could log in elsewhere with the tokens it was given.": (
            "Sinon, un site pourrait se connecter ailleurs avec les jetons qu’on lui a donnés."
        ),
        "Whoever else may use the token could replay it here.": (
            "Quiconque d’autre peut se servir du jeton pourrait le rejouer ici."
        ),
        "With several audiences, some not trusted by the site, nothing tells who asked for the token.": (
            "Avec plusieurs destinataires, dont certains inconnus du site, rien ne dit qui a demandé le jeton."
        ),
        "A token that another client asked for logs nobody in here.": (
            "Un jeton demandé par un autre client ne connecte personne ici."
        ),
        "Nobody in particular must never become somebody.": "Personne en particulier ne doit jamais devenir quelqu’un.",
        "All those without a name would share one account.": (
            "Tous ceux qui n’ont pas de nom partageraient un seul compte."
        ),
        'A sub is a text, compared as it is; 1 and "1" and true must not meet in a database.': (
            'Un sub est un texte, comparé tel quel ; 1, "1" et true ne doivent pas se rencontrer dans une base.'
        ),
        "A site that asks userinfo compares both, and uses neither if they differ.": (
            "Un site qui interroge userinfo compare les deux, et ne se sert d’aucun s’ils diffèrent."
        ),
        "The token was made for another login: somebody replays it.": (
            "Le jeton a été fait pour une autre connexion : quelqu’un le rejoue."
        ),
        "A check that only compares what is there is passed by whoever leaves it out.": (
            "Une vérification qui ne compare que ce qui est là laisse passer quiconque ne met rien."
        ),
        "Whoever finds an old token must not get in with it.": "Qui trouve un vieux jeton ne doit pas entrer avec.",
        "Compared with a number, a text may be always greater.": (
            "Comparé à un nombre, un texte peut être toujours plus grand."
        ),
        "A few minutes are a clock that goes wrong, a day is not; no specification has a site refuse it, most do.": (
            "Quelques minutes, c’est une horloge qui dérive ; un jour, non. Aucune spécification n’impose de "
            "refuser, la plupart le font."
        ),
        "A token that the site has just asked for is new; it may refuse one that is not.": (
            "Un jeton que le site vient de demander est neuf ; il peut en refuser un qui ne l’est pas."
        ),
        "Whoever understands nbf, as every JWT library does, must heed it.": (
            "Qui comprend nbf, comme toute bibliothèque JWT, doit en tenir compte."
        ),
        "A site that sent max_age counts on it.": "Un site qui a envoyé max_age compte dessus.",
        "A site that sent a shorter max_age asked for a fresh login and did not get one.": (
            "Un site qui a envoyé un max_age plus court demandait une connexion récente et ne l’a pas eue."
        ),
        "In the browser, tokens can be swapped; this is the check that notices it.": (
            "Dans le navigateur, des jetons peuvent être échangés ; c’est cette vérification qui le voit."
        ),
        "Both came over one protected connection: a site may check, and is right to.": (
            "Les deux sont venus par une même connexion protégée : un site peut vérifier, et il a raison."
        ),
        "at_hash is required there: without it the access token may be anybody's.": (
            "at_hash y est obligatoire : sans lui, le jeton d’accès peut être celui de n’importe qui."
        ),
        "In the browser, codes can be swapped; this is the check that notices it.": (
            "Dans le navigateur, des codes peuvent être échangés ; c’est cette vérification qui le voit."
        ),
        "c_hash is required there: without it the code may be anybody's.": (
            "c_hash y est obligatoire : sans lui, le code peut être celui de n’importe qui."
        ),
        "A site that needs a level checks that it was reached.": (
            "Un site qui a besoin d’un niveau vérifie qu’il a été atteint."
        ),
        "What a site does not understand it ignores: providers grow.": (
            "Ce qu’un site ne comprend pas, il l’ignore : les fournisseurs évoluent."
        ),
        "Otherwise a document planted anywhere could speak for any provider.": (
            "Sinon, un document posé n’importe où pourrait parler au nom de n’importe quel fournisseur."
        ),
        "Issuers are compared character by character, here and in each ID Token.": (
            "Les émetteurs se comparent caractère par caractère, ici et dans chaque ID Token."
        ),
        "Nothing says whose document this is.": "Rien ne dit de qui est ce document.",
        "There is nowhere to send the user; the site must say so, not guess.": (
            "Il n’y a nulle part où envoyer la personne ; le site doit le dire, pas deviner."
        ),
        "There is nowhere to redeem the code; the site must say so, not guess.": (
            "Il n’y a nulle part où échanger le code ; le site doit le dire, pas deviner."
        ),
        "No signature can be verified; a site must not go on without.": (
            "Aucune signature ne peut être vérifiée ; un site ne doit pas continuer sans."
        ),
        "It is recommended, not required: a site that needs no more claims logs in.": (
            "Il est recommandé, pas obligatoire : un site qui n’a pas besoin d’autres claims connecte la personne."
        ),
        "It is optional: login goes on, logout stays the site's own.": (
            "Il est facultatif : la connexion continue, et le site ne déconnecte que de lui-même."
        ),
        "The client's secret, codes and tokens would travel in clear.": (
            "Le secret du client, les codes et les jetons voyageraient en clair."
        ),
        "A site that wants another one may stop here; none that obeys and drops its checks is right.": (
            "Un site qui en veut un autre peut s’arrêter là ; aucun ne doit obéir et abandonner ses vérifications."
        ),
        "Metadata is fetched again when it stops working; until then the user is told, and the site stays up.": (
            "Les métadonnées sont relues quand elles ne marchent plus ; d’ici là, la personne est prévenue et le "
            "site reste debout."
        ),
        "A proxy's page of welcome or excuse looks like this; the user is told, and the site stays up.": (
            "La page d’accueil ou d’excuse d’un proxy ressemble à cela ; la personne est prévenue et le site "
            "reste debout."
        ),
        "The answer must be application/json; a site may refuse another, or read it all the same.": (
            "La réponse doit être en application/json ; un site peut en refuser une autre, ou la lire quand même."
        ),
        "Half a document is none; the user is told, and the site stays up.": (
            "Un demi-document n’en est pas un ; la personne est prévenue et le site reste debout."
        ),
        "What cannot be fetched now can be in a moment: the site keeps no failure, and tries again next time.": (
            "Ce qui ne se lit pas maintenant peut se lire dans un instant : le site ne retient aucun échec et "
            "essaie de nouveau."
        ),
        "A signature that cannot be verified is a wrong one.": (
            "Une signature qui ne peut être vérifiée est une mauvaise signature."
        ),
        "A signature that cannot be verified is a wrong one; the site stays up.": (
            "Une signature qui ne peut être vérifiée est une mauvaise signature ; le site reste debout."
        ),
        "A key that its owner no longer shows must not be believed, or a stolen one would serve for ever.": (
            "Une clé que son propriétaire ne montre plus ne doit plus être crue, sinon une clé volée servirait "
            "toujours."
        ),
        "The published key does not verify the signature.": "La clé publiée ne vérifie pas la signature.",
        "Distinct keys should have distinct kids: a site may refuse, or try each of them.": (
            "Des clés différentes devraient avoir des kid différents : un site peut refuser, ou essayer chacune."
        ),
        "Several keys need a kid each: a site may refuse, or try those that fit.": (
            "Plusieurs clés ont besoin chacune d’un kid : un site peut refuser, ou essayer celles qui conviennent."
        ),
        "A key serves for what it says it is for.": "Une clé sert à ce qu’elle annonce.",
        "What a site does not understand it ignores: providers adopt new algorithms before sites do.": (
            "Ce qu’un site ne comprend pas, il l’ignore : les fournisseurs adoptent de nouveaux algorithmes "
            "avant les sites."
        ),
        "A site that meets an unknown kid fetches the keys again, once, and goes on.": (
            "Un site qui rencontre un kid inconnu relit les clés, une fois, et continue."
        ),
        "They should be application/jwk-set+json or application/json; most sites read them all the same.": (
            "Elles devraient être en application/jwk-set+json ou application/json ; la plupart des sites les "
            "lisent quand même."
        ),
        "Keys that are kept still serve; without any, nobody is logged in, and the next login tries again.": (
            "Les clés gardées servent encore ; sans clé, personne n’est connecté, et la connexion suivante "
            "essaie de nouveau."
        ),
        "Nobody is logged in; the user is told what can be done, and the error is no crash of the site.": (
            "Personne n’est connecté ; la personne apprend ce qu’elle peut faire, et l’erreur n’est pas une "
            "panne du site."
        ),
        "The answer belongs to somebody else's login: the user would be logged in as an attacker.": (
            "La réponse est celle de la connexion d’un autre : la personne serait connectée au compte d’un attaquant."
        ),
        "An empty state equals that of a browser that never began a login.": (
            "Un state vide est égal à celui d’un navigateur qui n’a jamais commencé de connexion."
        ),
        "Parameters come once: a site that takes either one is a site one can choose for.": (
            "Un paramètre vient une fois : un site qui prend l’un ou l’autre est un site pour lequel on peut choisir."
        ),
        "The site would bring this provider's code to another one (mix-up).": (
            "Le site apporterait le code de ce fournisseur à un autre (mix-up)."
        ),
        "A site must refuse it where discovery announces iss; where it does not, its absence says nothing.": (
            "Un site doit refuser là où la découverte annonce iss ; là où elle ne l’annonce pas, son absence ne "
            "dit rien."
        ),
        "There is nothing to redeem; the user is told, and the site stays up.": (
            "Il n’y a rien à échanger ; la personne est prévenue et le site reste debout."
        ),
        "The token endpoint refuses it (invalid_grant); the user is told, and the site stays up.": (
            "Le point d’accès token le refuse (invalid_grant) ; la personne est prévenue et le site reste debout."
        ),
        "An error is an error: whoever redeems the code all the same heeds none.": (
            "Une erreur est une erreur : qui échange quand même le code n’en respecte aucune."
        ),
        "PKCE, or the nonce, ties a code to the browser that began: without either, an attacker's code logs in.": (
            "PKCE, ou le nonce, lie un code au navigateur qui a commencé : sans l’un ni l’autre, le code d’un "
            "attaquant connecte."
        ),
        "The token endpoint refuses it (invalid_grant); the user is told and may begin again.": (
            "Le point d’accès token le refuse (invalid_grant) ; la personne est prévenue et peut recommencer."
        ),
        "A client must ignore response parameters that it does not know.": (
            "Un client doit ignorer les paramètres de réponse qu’il ne connaît pas."
        ),
        "The site sees a bare visit of its redirect URI: it says so, and stays up.": (
            "Le site voit une simple visite de son URI de redirection : il le dit, et reste debout."
        ),
        "Nothing comes back; the site waits for nobody, and the user may begin again.": (
            "Rien ne revient ; le site n’attend personne, et la personne peut recommencer."
        ),
        "Nobody is logged in; the user is told and may begin again, and the error is no crash of the site.": (
            "Personne n’est connecté ; la personne est prévenue et peut recommencer, et l’erreur n’est pas une "
            "panne du site."
        ),
        "A status alone does not make a success: there is no token in it.": (
            "Un statut seul ne fait pas un succès : il n’y a pas de jeton dedans."
        ),
        "Nobody is logged in; the user is told and may begin again.": (
            "Personne n’est connecté ; la personne est prévenue et peut recommencer."
        ),
        "A second attempt is refused (invalid_grant): the user begins again.": (
            "Un second essai est refusé (invalid_grant) : la personne recommence."
        ),
        "Nothing is no token; the user is told, and the site stays up.": (
            "Rien n’est pas un jeton ; la personne est prévenue et le site reste debout."
        ),
        "What is well written need not be what was asked for; the site stays up.": (
            "Ce qui est bien écrit n’est pas forcément ce qui était demandé ; le site reste debout."
        ),
        "Half an answer is none; the user is told, and the site stays up.": (
            "Une demi-réponse n’en est pas une ; la personne est prévenue et le site reste debout."
        ),
        "The answer is no success without it.": "Sans lui, la réponse n’est pas un succès.",
        "Who logged in is said there, and nowhere else.": (
            "C’est là, et nulle part ailleurs, qu’il est dit qui s’est connecté."
        ),
        "It is required; most sites take its absence for Bearer.": (
            "Il est obligatoire ; la plupart des sites prennent son absence pour Bearer."
        ),
        "It is recommended, not required.": "Il est recommandé, pas obligatoire.",
        "A client must not use a token whose type it does not understand.": (
            "Un client ne doit pas se servir d’un jeton dont il ne comprend pas le type."
        ),
        "Types are compared whatever their case.": "Les types se comparent sans égard à la casse.",
        "Known providers did this; a site may refuse, and must not crash.": (
            "Des fournisseurs connus l’ont fait ; un site peut refuser, et ne doit pas tomber."
        ),
        "The login itself is good; a site may find the access token useless, and must not ask again without end.": (
            "La connexion elle-même est bonne ; un site peut trouver le jeton d’accès inutile, et ne doit pas "
            "redemander sans fin."
        ),
        "A client must ignore members that it does not know.": (
            "Un client doit ignorer les membres qu’il ne connaît pas."
        ),
        "Userinfo answers 401; a site that needs its claims tells the user, and stays up.": (
            "Userinfo répond 401 ; un site qui a besoin de ses claims prévient la personne et reste debout."
        ),
        "Whoever follows repeats code and secret to a stranger.": (
            "Qui suit la redirection répète le code et le secret à un inconnu."
        ),
        "The access token may have been swapped; the answer must not be used.": (
            "Le jeton d’accès a pu être échangé ; la réponse ne doit pas servir."
        ),
        "Without a sub it cannot be compared with the ID Token's, and must not be used.": (
            "Sans sub, elle ne peut être comparée à l’ID Token, et ne doit pas servir."
        ),
        "It is not the ID Token's, whatever a lax comparison says.": (
            "Ce n’est pas celui de l’ID Token, quoi qu’en dise une comparaison laxiste."
        ),
        "Any claim but sub may be missing; an account is not found by its address.": (
            "Tout claim peut manquer, sauf sub ; un compte ne se retrouve pas par son adresse."
        ),
        "Any claim but sub may be missing: the site asks its user, or does without.": (
            "Tout claim peut manquer, sauf sub : le site le demande à la personne, ou s’en passe."
        ),
        "A provider should leave them out, and several do not; null is no name to greet anybody by.": (
            "Un fournisseur devrait les omettre, et plusieurs ne le font pas ; null n’est pas un nom pour saluer "
            "quelqu’un."
        ),
        "A provider should leave them out, and several do not.": (
            "Un fournisseur devrait les omettre, et plusieurs ne le font pas."
        ),
        "The user logs in as the subject says, and must not be joined to whoever owns that address.": (
            "La personne se connecte comme le dit le sub, et ne doit pas être confondue avec qui possède cette adresse."
        ),
        'A site may refuse; it must not crash, nor take the text "false" for yes.': (
            'Un site peut refuser ; il ne doit pas tomber, ni prendre le texte "false" pour oui.'
        ),
        "The token died meanwhile; the user is told, or does without; the site does not ask without end.": (
            "Le jeton est mort entre-temps ; la personne est prévenue, ou le site s’en passe ; il ne redemande "
            "pas sans fin."
        ),
        "Asking again with the same token changes nothing.": "Redemander avec le même jeton ne change rien.",
        "The user is told, or does without; the site stays up.": (
            "La personne est prévenue, ou le site s’en passe ; il reste debout."
        ),
        "A proxy's page of welcome or excuse looks like this; the site stays up.": (
            "La page d’accueil ou d’excuse d’un proxy ressemble à cela ; le site reste debout."
        ),
        "Half an answer is none; the site stays up.": "Une demi-réponse n’en est pas une ; le site reste debout.",
        "Whoever asks for signatures verifies them.": "Qui demande des signatures les vérifie.",
        "Whoever can write JSON could speak for the provider.": (
            "Quiconque sait écrire du JSON pourrait parler au nom du fournisseur."
        ),
        "A signed answer should name its issuer, and that is the one that was asked.": (
            "Une réponse signée devrait nommer son émetteur, et c’est celui qui a été interrogé."
        ),
        "A signed answer should name its audience, and that is who asked.": (
            "Une réponse signée devrait nommer son destinataire, et c’est qui a demandé."
        ),
        "Whoever asks for signatures takes nothing without.": "Qui demande des signatures ne prend rien sans.",
        "What is signed by nobody one knows proves nothing.": "Ce que signe un inconnu ne prouve rien.",
        "Tried again at once with the old token, it works: this provider leaves it a moment of grace.": (
            "Réessayer aussitôt avec l’ancien jeton fonctionne : ce fournisseur lui laisse un moment de grâce."
        ),
        "No later attempt can succeed: the site forgets the tokens and has the user log in again.": (
            "Aucun essai ne peut plus réussir : le site oublie les jetons et fait se reconnecter la personne."
        ),
        "The token is dead: the user logs in again; nothing tries for ever.": (
            "Le jeton est mort : la personne se reconnecte ; rien n’essaie sans fin."
        ),
        "The site's own secret is refused: its operator is told.": (
            "C’est le secret du site qui est refusé : son exploitant est prévenu."
        ),
        "Asking for the same again changes nothing.": "Redemander la même chose ne change rien.",
        "The token still serves: the site keeps it and tries again later.": (
            "Le jeton sert encore : le site le garde et essaie de nouveau plus tard."
        ),
        "Then the old one goes on serving: a site must not forget it.": (
            "Alors l’ancien continue de servir : un site ne doit pas l’oublier."
        ),
        "The answer is no success without it; the site stays up.": (
            "Sans lui, la réponse n’est pas un succès ; le site reste debout."
        ),
        "What is granted may shrink: the site does with less, and heeds scope.": (
            "Ce qui est accordé peut diminuer : le site fait avec moins, et lit scope."
        ),
        "A refresh may give one, and need not.": "Un rafraîchissement peut en donner un, sans y être tenu.",
        "It must be the first one's.": "Ce doit être celui du premier.",
        "It must be the first one's: a session must not change hands.": (
            "Ce doit être celui du premier : une session ne doit pas changer de mains."
        ),
        "It must include the first one's.": "Il doit contenir celui du premier.",
        "It is the time of the first login, not of the refresh.": (
            "C’est l’instant de la première connexion, pas du rafraîchissement."
        ),
        "It must be as in the first one: absent if it was.": (
            "Il doit être comme dans le premier : absent s’il l’était."
        ),
        "It should have none; if it has one, it is the first one's.": (
            "Il ne devrait pas en avoir ; s’il en a un, c’est celui du premier."
        ),
        "It is verified as the first one was.": "Il se vérifie comme le premier.",
        "Whatever the site does on this return is done for somebody who did not ask for it.": (
            "Ce que le site fait à ce retour, il le fait pour quelqu’un qui ne l’a pas demandé."
        ),
        "The site ends its own session before it sends the user away: nothing says that they come back.": (
            "Le site met fin à sa propre session avant d’envoyer la personne ailleurs : rien ne dit qu’elle revienne."
        ),
        "The site ends its own session before it sends the user away.": (
            "Le site met fin à sa propre session avant d’envoyer la personne ailleurs."
        ),
        "Anybody could log anybody out.": "N’importe qui pourrait déconnecter n’importe qui.",
        "The algorithm is the client's, never the token's to choose.": (
            "L’algorithme est celui du client, jamais au choix du jeton."
        ),
        "One provider ends no session of another.": "Un fournisseur ne met fin à aucune session d’un autre.",
        "It is required.": "Il est obligatoire.",
        "Another site's token could be replayed here.": "Le jeton d’un autre site pourrait être rejoué ici.",
        "An old token must not be replayed for ever.": "Un vieux jeton ne doit pas pouvoir être rejoué sans fin.",
        "There is nobody to log out; everybody would be wrong.": (
            "Il n’y a personne à déconnecter ; tout le monde serait une erreur."
        ),
        "That member is what makes it a logout token.": "C’est ce membre qui en fait un jeton de déconnexion.",
        "A token about something else ends no session.": (
            "Un jeton qui parle d’autre chose ne met fin à aucune session."
        ),
        "Its value must be a JSON object.": "Sa valeur doit être un objet JSON.",
        "It could be an ID Token in disguise, or be taken for one.": (
            "Ce pourrait être un ID Token déguisé, ou être pris pour tel."
        ),
        "It is required: without it a replay cannot be told.": (
            "Il est obligatoire : sans lui, un rejeu ne se voit pas."
        ),
        "An ID Token, which passes through browsers, must not end a session.": (
            "Un ID Token, qui passe par des navigateurs, ne doit pas mettre fin à une session."
        ),
        "What cannot be read ends nothing: 400, and the site stays up.": (
            "Ce qui ne se lit pas ne met fin à rien : 400, et le site reste debout."
        ),
        "The type is recommended, not required; a site must know the token by its events.": (
            "Le type est recommandé, pas obligatoire ; un site doit reconnaître le jeton à ses events."
        ),
        "A site may refuse one that is not recent.": "Un site peut en refuser un qui n’est pas récent.",
        "The user's present session is another one: it goes on.": (
            "La session actuelle de la personne en est une autre : elle continue."
        ),
        "Nobody of that name is logged in: everybody else stays so.": (
            "Personne de ce nom n’est connecté : tous les autres le restent."
        ),
        "Then all of this user's sessions end.": "Alors toutes les sessions de cette personne prennent fin.",
        "The session's name is enough.": "Le nom de la session suffit.",
        "Calls are repeated when an answer is lost: the second ends nothing more, and is no crash.": (
            "Un appel est répété quand sa réponse se perd : le second ne met fin à rien de plus, et n’est pas "
            "une panne."
        ),
        "A site's own session needs an end of its own: a logout may never be heard of.": (
            "La session d’un site a besoin d’une fin à elle : une déconnexion peut ne jamais être annoncée."
        ),
        "It is still valid, and ends the session.": "Il est encore valable, et met fin à la session.",
        "It must be a form; a site answers 400, and stays up.": (
            "Ce doit être un formulaire ; un site répond 400 et reste debout."
        ),
        "It must be posted: addresses end in logs and can be put in anybody's page.": (
            "Il doit venir par POST : les adresses finissent dans des journaux et peuvent être mises dans la "
            "page de n’importe qui."
        ),
        "There is nobody to log out: 400, and the site stays up.": (
            "Il n’y a personne à déconnecter : 400, et le site reste debout."
        ),
        "The user's present session is another one; a site that never looks can be logged out of by any page.": (
            "La session actuelle de la personne en est une autre ; un site qui ne regarde jamais se fait "
            "déconnecter par toute page."
        ),
        "A site that registered frontchannel_logout_session_required refuses; another one may end the session.": (
            "Un site qui a enregistré frontchannel_logout_session_required refuse ; un autre peut mettre fin à "
            "la session."
        ),
        "Browsers block frames and close: a site's own session needs an end of its own.": (
            "Les navigateurs bloquent des cadres et se ferment : la session d’un site a besoin d’une fin à elle."
        ),
        "The second call ends nothing more, and is no crash.": (
            "Le second appel ne met fin à rien de plus, et n’est pas une panne."
        ),
        "Networks break: nobody is logged in, the user is told and may begin again.": (
            "Les réseaux se coupent : personne n’est connecté, la personne est prévenue et peut recommencer."
        ),
        "An incomplete answer is none, however readable its beginning.": (
            "Une réponse incomplète n’en est pas une, si lisible que soit son début."
        ),
        "Services have bad days: the site waits, within reason, and its other users do not wait with it.": (
            "Les services ont de mauvais jours : le site attend, raisonnablement, et ses autres usagers "
            "n’attendent pas avec lui."
        ),
        "A login of five calls then takes two seconds, and works.": (
            "Une connexion de cinq appels prend alors deux secondes, et fonctionne."
        ),
        "A site has a time limit of its own for every call, or one bad night takes all its workers.": (
            "Un site donne à chaque appel une limite de temps à lui, sinon une mauvaise nuit lui prend tous ses "
            "processus."
        ),
        "A site has a longest answer of its own; it may read this one, and must not fall over it.": (
            "Un site a sa propre limite de longueur ; il peut lire cette réponse, et ne doit pas en tomber."
        ),
        "Parsers that recurse without a limit end their process.": (
            "Un analyseur qui descend sans limite met fin à son processus."
        ),
        "Redirects are counted, or not followed at all.": "Les redirections se comptent, ou ne se suivent pas du tout.",
        "Whatever is found there was said by a stranger.": "Ce qui se trouve là-bas a été dit par un inconnu.",
        "What cannot be decoded is no answer; the site stays up.": (
            "Ce qui ne se décode pas n’est pas une réponse ; le site reste debout."
        ),
        "Nothing is no answer; the site stays up.": "Rien n’est pas une réponse ; le site reste debout.",
    }
)
