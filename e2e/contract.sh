#!/bin/sh
# The interface against its own document: schemathesis sends what the committed OpenAPI document allows and forbids, and
# every answer has to be one that the document has.
#
#   e2e/contract.sh DECNET [OPTIONS OF SCHEMATHESIS]
#
# DECNET is the operator's program. Schemathesis comes from SCHEMATHESIS (its program) or is installed from PyPI into a
# folder of its own that is kept between runs (CONTRACT_VENV). CONTRACT_EXAMPLES says how many requests of each kind a route
# gets; a hundred take a quarter of an hour.
set -eu

fail() { echo "contract.sh: $1" >&2; exit 1; }

[ $# -ge 1 ] || fail "usage: contract.sh DECNET [OPTIONS]"
[ -x "$1" ] || fail "$1 is not there: make build"
decnet=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")/.." && pwd)
version=4.32.5
schemathesis=${SCHEMATHESIS:-}
if [ -z "$schemathesis" ]; then
    venv=${CONTRACT_VENV:-/var/tmp/contract-venv-$(id -u)}
    schemathesis=$venv/bin/schemathesis
    if ! "$schemathesis" --version 2>/dev/null | grep -q "$version"; then
        python3 -m venv "$venv" || fail "python3 with venv is missing: apt-get install python3-venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" ||
            fail "PyPI cannot be reached"
    fi
fi

state=$(mktemp -d /var/tmp/contract-XXXXXX)
chmod 755 "$state"
pid=
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
    rm -rf "$state"
}
trap finish EXIT INT TERM

DECNET_API_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export DECNET_API_PORT DECNET_STATE_DIR="$state/state" DECNET_ADMIN_PASSWORD=a-password-for-tests-only
export DECNET_SYSTEM_LOGS="$state/messages"
# What a demonstration has recorded, so that lists are not empty; the fleet itself is gone, and nothing is done to one.
"$decnet" demo --runtime loopback --deckies 4 --attack --exit --json >/dev/null 2>"$state/errors" ||
    fail "the demonstration failed: $(cat "$state/errors")"
"$decnet" api 2>"$state/errors" &
pid=$!
base=http://127.0.0.1:$DECNET_API_PORT
tries=0
until curl -fsS "$base/api/v1/health" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "the interface does not come: $(cat "$state/errors")"
    sleep 0.2
done
bearer=$("$decnet" token create contract --scopes read,work,manage --days 1 --json |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')

# What runs without end (the stream), speaks to strangers (a test of a rule), or ends the login itself is asked in the
# tests of the crate.
# `contract_checks.py` judges what is refused although its form is right.
export SCHEMATHESIS_HOOKS=contract_checks PYTHONPATH="$here/e2e" PYTHONDONTWRITEBYTECODE=1
run() {
    # It keeps a folder of its own where it runs.
    cd "$state"
    "$schemathesis" run "$here/crates/web/openapi.json" --url "$base" -H "Authorization: Bearer $bearer" \
        --exclude-path /api/v1/stream --exclude-path '/api/v1/alerts/rules/{name}/test' \
        --exclude-checks positive_data_acceptance \
        --mode all --max-examples "${CONTRACT_EXAMPLES:-8}" \
        --request-timeout 30 --no-color --continue-on-failure "$@"
}
run "$@"
