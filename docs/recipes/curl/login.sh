#!/bin/sh
# A whole login by hand: what travels between a site, its visitor's browser and GrandLyonConnect. Needs curl, jq and
# openssl, and a test kit (GLC_TESTKIT_URL). A true site also verifies the ID Token.
set -eu
callback=http://localhost:3000/callback
random() { openssl rand -hex 32; }

# A provider of our own, where every login is Camille's; our registration there.
space=$(curl -sSf "${GLC_TESTKIT_URL:-http://localhost:8040/}_testkit/spaces" --json '{"login": "camille"}')
issuer=$(echo "$space" | jq -r .issuer) control=$(echo "$space" | jq -r .control_url)
bearer="Authorization: Bearer $(echo "$space" | jq -r .control_key)"
client=$(curl -sSf "$control/clients" -H "$bearer" --json "{\"redirect_uris\": [\"$callback\"]}")
id=$(echo "$client" | jq -r .client_id) secret=$(echo "$client" | jq -r .client_secret)

# The site reads where everything is, and sends the browser there.
provider=$(curl -sSf "${issuer%/}/.well-known/openid-configuration")
state=$(random) nonce=$(random) verifier=$(random)
challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d =)
address=$(curl -sSf -G "$(echo "$provider" | jq -r .authorization_endpoint)" -w '%{redirect_url}' -o /dev/null \
    -c cookies.txt -b cookies.txt \
    -d client_id="$id" -d response_type=code --data-urlencode scope="openid profile email" \
    --data-urlencode redirect_uri="$callback" -d state="$state" -d nonce="$nonce" \
    -d code_challenge="$challenge" -d code_challenge_method=S256)

# The browser follows until it is back at the site.
while [ "${address#"$callback"}" = "$address" ]; do
    address=$(curl -sSf "$address" -c cookies.txt -b cookies.txt -w '%{redirect_url}' -o /dev/null)
    [ "$address" ] || { echo "the login stopped at the provider" >&2; exit 1; }
done
rm -f cookies.txt
parameter() { echo "$address" | tr '?&' '\n\n' | sed -n "s/^$1=//p"; }
[ "$(parameter state)" = "$state" ] || { echo "this is not the answer to our request" >&2; exit 1; }

# The site redeems the code, and asks who this is.
tokens=$(curl -sSf "$(echo "$provider" | jq -r .token_endpoint)" -u "$id:$secret" \
    -d grant_type=authorization_code -d code="$(parameter code)" --data-urlencode redirect_uri="$callback" \
    -d code_verifier="$verifier")
curl -sSf "$(echo "$provider" | jq -r .userinfo_endpoint)" \
    -H "Authorization: Bearer $(echo "$tokens" | jq -r .access_token)" | jq .
curl -sSf -X DELETE "$control" -H "$bearer"
