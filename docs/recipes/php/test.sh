#!/bin/sh
# Tests site.php in a provider of its own. Needs php, curl, jq, and a test kit (GLC_TESTKIT_URL).
set -eu
cd "$(dirname "$0")"
port=${PORT:-3000} site=http://localhost:${PORT:-3000}
jar=$(mktemp) space=$(curl -sSf -X POST "${GLC_TESTKIT_URL:-http://localhost:8040/}_testkit/spaces")
control=$(echo "$space" | jq -r .control_url) key=$(echo "$space" | jq -r .control_key)

glc() { # glc POST /faults '{"name": "…"}'
    curl -sSf -X "$1" -H "Authorization: Bearer $key" ${3:+-H "Content-Type: application/json" -d "$3"} "$control${2:-}"
}
expect() { # expect "Bonjour Camille" -H "X-GLC-Login: camille"
    expected=$1 && shift
    said=$(curl -sS -L -b "$jar" -c "$jar" "$@" "$site/login")
    [ "$said" = "$expected" ] || { echo "expected « $expected », got « $said »" >&2; exit 1; }
    echo "ok: $expected"
}

client=$(glc POST /clients "{\"redirect_uris\": [\"$site/callback\"], \"id_token_alg\": \"HS256\"}")
GLC_ISSUER=$(echo "$space" | jq -r .issuer)
GLC_CLIENT_ID=$(echo "$client" | jq -r .client_id)
GLC_CLIENT_SECRET=$(echo "$client" | jq -r .client_secret)
export GLC_ISSUER GLC_CLIENT_ID GLC_CLIENT_SECRET
php -q -S "localhost:$port" site.php 2>/dev/null &
trap 'kill $!; glc DELETE; rm -f "$jar"' EXIT
curl -s --retry 20 --retry-connrefused --retry-delay 1 -o /dev/null "$site/"

expect "Non connecté : access_denied" -H "X-GLC-Login: camille;does=refuses"
glc POST /faults '{"name": "id_token_nonce_wrong", "times": 1}' >/dev/null
expect "Non connecté : nonce" -H "X-GLC-Login: camille"
expect "Bonjour Camille" -H "X-GLC-Login: camille"
