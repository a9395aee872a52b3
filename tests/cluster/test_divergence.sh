#!/bin/sh
# tests/cluster/test_divergence.sh WITAN -- a balance is edited while its node is down.
#
# Execution on that node then gives another state than the others have sealed. At the next payment
# that touches the balance it stops with exit 7 and names the field; the others go on.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
bank_open
need pay alice bob 10.00 1
check "all four have the same head" level

need testnet kill 3
# kill -9 leaves a WAL; sqlite3 reads it, and folds it in when it closes.
sqlite3 "$net/3/data/ledger.db" "UPDATE balance SET posted = posted + 5000 WHERE posted = 1000;" \
    >"$work/out" 2>&1 || fail "sqlite3: $(cat "$work/out")"
"$witan" start --home "$net/3" >"$work/node" 2>&1 &
node_pid=$!
check "the node starts, for nothing has touched that balance yet" \
    await 20 reached 3 "$(field 1 .ledger.height)"

need pay alice bob 1.00 1 --wait sealed
wait $node_pid
code=$?
cp "$work/node" "$work/out"
equal "at the next payment it stops with exit 7" $code 7
says "it names height and field" 'diverged: height [0-9]+, field [a-z_]+'
says "and both values" 'says [0-9a-f]{64}, this node computed [0-9a-f]{64}'
check "and leaves a report" grep -q 'field' "$net"/3/data/reports/*

check "the others go on" pay alice bob 1.00 2 --wait sealed
equal "with the right balance" "$(balance bob 1)" 1200
exits "started again it stops again" 7 "$witan" start --home "$net/3"
exits "the audit of its ledger finds it" 7 "$witan" audit verify \
    --genesis "$net/3/config/genesis.json" --data "$net/3/data/ledger.db"
says "at the same height" 'mismatch at [0-9]+'

# It has signed a hash that was wrong: under that key it must not seal that height again.
check "executing all transactions again sets the ledger right" "$witan" ledger rebuild \
    --home "$net/3" --set-journal-aside
need testnet restart 3
check "the node follows: all four have the same head" level
equal "with the right balance" "$(balance bob 3)" 1200
equal "but it does not vote" "$(field 3 .node.votes)" false
finish
