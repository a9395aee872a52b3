#!/bin/sh
# tests/cluster/test_load.sh WITAN -- what the network does at once while it is loaded.
#
# Payments come from a client, as gossip, and in proposals, often two of these at one moment: yet
# every validator verifies each payment's signature once.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

# metric N BEGINNING: the sum of node N's series that begin so.
metric() {
    curl -s "$(url "$1")/metrics" |
        awk -v name="$2" 'index($0, name) == 1 { sum += $NF } END { printf "%d", sum }'
}
most() { [ "$1" -le "$2" ]; }

network 4
need bank asset create EUR --scale 2
check "a file of payments is settled" pay_file load --in-flight 1000
check "all four have the same head" level

for n in 1 2 3 4; do
    entries=$(metric $n 'witan_ledger_entries_total{kind="transaction"')
    verified=$(metric $n 'witan_crypto_verify_total{kind="transaction",result="ok"}')
    check "node $n: $verified signatures computed for $entries transactions" \
        most "$verified" $((entries + entries / 20 + 5))
    check "node $n: and no transaction without one" most "$entries" "$verified"
done
finish
