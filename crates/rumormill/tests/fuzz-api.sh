#!/bin/sh Sends a real process the requests that schemathesis derives from the API's description; no answer may be a
#server error. Usage: fuzz-api.sh RUMORMILL SCHEMATHESIS [REQUESTS_PER_OPERATION]
set -eu
rumormill=$(realpath "$1") schemathesis=$(realpath -s "$2") requests=${3:-100}
RUMORMILL_HOME=$(mktemp -d)/home
export RUMORMILL_HOME
out=${RUMORMILL_HOME%/home}/out
"$rumormill" serve --loopback --http 127.0.0.1:0 >"$out" 2>/dev/null &
server=$!
trap 'kill $server; wait $server || true; rm -rf "${RUMORMILL_HOME%/home}"' EXIT
until grep -q '#' "$out"; do kill -0 $server; sleep 0.1; done
url=$(cut -d '#' -f 1 "$out")
"$rumormill" new lunch </dev/null >/dev/null 2>&1
"$rumormill" send lunch "something to ask about" 2>/dev/null
cd "${RUMORMILL_HOME%/home}"
"$schemathesis" run "${url}v1/openapi.json" --url "${url%/}" --header "Authorization: Bearer $(cat "$RUMORMILL_HOME/token")" \
  --checks not_a_server_error --exclude-path /v1/events --max-examples "$requests"
