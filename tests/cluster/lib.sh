# tests/cluster/lib.sh -- what the cluster tests share. Sourced with the path of witan as $1.
#
# A test is a POSIX sh script that starts real networks below a folder of its own, says with `check`
# what it expects, and ends with `finish`, which prints "N passed, N failed". Nothing sleeps: a
# test waits with `witan tx wait`, `testnet status --until-level`, or `await`, which asks again and
# again until a command succeeds or its time is over.
#
# shellcheck shell=sh
set -u

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: $0 WITAN" >&2
    exit 2
fi
witan=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
tests=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
for name in $(env | sed -n 's/^\(WITAN_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
LC_ALL=C.UTF-8
export LC_ALL

work=$(mktemp -d "${TMPDIR:-/tmp}/witan-test.XXXXXX") || exit 1
HOME=$work/user
export HOME
mkdir "$HOME"
passed=0
failed=0

# Ends what still runs and removes the folder; after a failure the folder stays.
cleanup() {
    for document in "$work"/*/testnet.json; do
        [ -f "$document" ] || continue
        dir=$(dirname "$document")
        "$witan" testnet stop --dir "$dir" >/dev/null 2>&1 ||
            "$witan" testnet clean --dir "$dir" >/dev/null 2>&1
    done
    if [ "$failed" -eq 0 ]; then rm -rf "$work"; else echo "files: $work"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

pass() {
    passed=$((passed + 1))
    echo "  ok    $1"
}

fail() {
    failed=$((failed + 1))
    echo "  FAIL  $1"
}

# check WHAT COMMAND...: the command must succeed.
check() {
    what=$1
    shift
    if "$@" >"$work/out" 2>&1; then pass "$what"; else
        fail "$what: $*"
        sed 's/^/        /' "$work/out" | tail -n 5
    fi
}

# equal WHAT GOT WANTED
equal() {
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1: \"$2\" instead of \"$3\""; fi
}

# exits WHAT CODE COMMAND...: what the command prints stays in $work/out.
exits() {
    what=$1
    wanted=$2
    shift 2
    "$@" >"$work/out" 2>&1
    code=$?
    if [ "$code" -eq "$wanted" ]; then pass "$what"; else
        fail "$what: exit $code instead of $wanted: $*"
        sed 's/^/        /' "$work/out" | tail -n 5
    fi
}

# says WHAT PATTERN: the last output has a line with it (grep -E).
says() {
    if grep -Eq -- "$2" "$work/out"; then pass "$1"; else
        fail "$1: no line has \"$2\""
        sed 's/^/        /' "$work/out" | tail -n 5
    fi
}

# Without this nothing further makes sense.
need() {
    if "$@" >"$work/out" 2>&1; then return 0; fi
    fail "cannot go on: $*"
    sed 's/^/        /' "$work/out" | tail -n 5
    finish
}

# await SECONDS COMMAND...: until it succeeds. Each round is a process or more, which is pause
# enough.
await() {
    until_s=$(($(date +%s) + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$until_s" ]; then return 1; fi
    done
}

# A broken invariant or a sanitizer's finding in a node's log fails the test, whatever else it showed.
finish() {
    for document in "$work"/*/testnet.json; do
        [ -f "$document" ] || continue
        "$witan" testnet stop --dir "$(dirname "$document")" >/dev/null 2>&1
    done
    reports=$(grep -El 'Sanitizer|runtime error:|broken invariant' "$work"/*/*/log 2>/dev/null)
    if [ -n "$reports" ]; then fail "a node reports: $reports"; fi
    echo "$passed passed, $failed failed"
    if [ "$failed" -eq 0 ]; then exit 0; else exit 1; fi
}

# ---- a network -----------------------------------------------------------------------------------

# network VALIDATORS [FLAG...]: makes and starts one in $net.
networks=0
network() {
    networks=$((networks + 1))
    net=$work/net$networks
    treasury=$net/keys/treasury.json
    need "$witan" testnet create --dir "$net" --validators "$@"
    need "$witan" testnet start --dir "$net"
}

testnet() {
    verb=$1
    shift
    "$witan" testnet "$verb" --dir "$net" "$@"
}

url() { echo "http://127.0.0.1:$(jq -r ".nodes[$1 - 1].rpc_port" "$net/testnet.json")"; }
urls() { jq -r '[.nodes[] | "http://127.0.0.1:\(.rpc_port)"] | join(",")' "$net/testnet.json"; }
peer_port() { jq -r ".nodes[$1 - 1].peer_port" "$net/testnet.json"; }

# field N PATH: of the node's status; empty if it does not answer.
field() { "$witan" rpc node_status --node "$(url "$1")" 2>/dev/null | jq -r "$2"; }

level() { testnet status --until-level 60s --json; }

# Commands of the treasury, on node 1 unless --node says otherwise.
bank() { "$witan" "$@" --key "$treasury" --node "${node:-$(url 1)}"; }

# account NAME: a key file and an account of that name.
account() {
    "$witan" key new "$net/keys/$1.json" --name "$1" &&
        bank account create --signer "$(jq -r .public_key "$net/keys/$1.json")" \
            "$(jq -r .id "$net/keys/$1.json")"
}

id() { jq -r .id "$net/keys/$1.json"; }

# pay FROM TO AMOUNT NODE [FLAG...]
pay() {
    payer=$1
    payee=$2
    amount=$3
    at=$4
    shift 4
    "$witan" tx transfer --key "$net/keys/$payer.json" --to "$(id "$payee")" --asset EUR \
        --amount "$amount" --node "$(url "$at")" "$@"
}

# balance NAME NODE: in minor units; 0 if there is none.
balance() {
    "$witan" balance get "$(id "$1")" EUR --node "$(url "$2")" --json 2>/dev/null |
        jq -r '.posted // "0"'
}

# Accounts alice (100.00 EUR) and bob.
bank_open() {
    need bank asset create EUR --scale 2
    need account alice
    need account bob
    need bank asset mint EUR 100.00 --to "$(id alice)"
}

# pay_file NAME [FLAG...]: the payments of tests/data/payments.csv as a set of that name.
pay_file() {
    set_name=$1
    shift
    "$witan" tx import "$tests/data/payments.csv" --set "$set_name" --from 'customer-{customer}' \
        --to 'bank-{bank}' --amount amount --ref 'order {order}' --memo purpose --asset EUR \
        --key "$treasury" --accounts-by treasury --fund exact --node "$(urls)" --quiet --json "$@"
}

# flip FILE OFFSET: inverts one byte.
flip() {
    python3 - "$1" "$2" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte[0] ^ 0xff]))
PYTHON
}

# votes N true|false
votes() { [ "$(field "$1" .node.votes)" = "$2" ]; }
reached() { [ "$(field "$1" .ledger.height)" -ge "$2" ]; }
