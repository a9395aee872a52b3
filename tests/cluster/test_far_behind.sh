#!/bin/sh
# tests/cluster/test_far_behind.sh WITAN -- a node that is many blocks behind, or has lost its files.
#
# BLOCKS says how many (600).
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

blocks=${BLOCKS:-600}

# Payments one after the other make a block each, or nearly.
make_blocks() {
    until=$(($(field 1 .ledger.height) + $1))
    while [ "$(field 1 .ledger.height)" -lt "$until" ]; do
        made=$((made + 1))
        pay_file "blocks-$made" --in-flight 1 >"$work/out" 2>&1 || return 1
    done
}
made=0

network 4
need bank asset create EUR --scale 2
check "$blocks blocks are made" make_blocks "$blocks"

need testnet kill 4
check "some more without the fourth" pay_file without
need testnet restart 4
check "which catches up" level
equal "and votes" "$(field 4 .node.votes)" true

need testnet kill 4
rm -f "$net"/4/data/ledger.db*
need testnet restart 4
check "without its ledger it fetches all blocks again" level
equal "and votes" "$(field 4 .node.votes)" true

need testnet kill 4
rm -rf "$net/4/data"
need testnet restart 4
check "without any data it fetches all blocks again" level
equal "but does not vote" "$(field 4 .node.votes)" false
equal "because its promises are forgotten" "$(field 4 .node.votes_reason)" safety_missing

check "payments go on" pay_file last
check "all four have the same head" level
need testnet stop
for n in 1 4; do
    check "the audit of ledger $n is clean" "$witan" audit verify \
        --genesis "$net/1/config/genesis.json" --data "$net/$n/data/ledger.db"
done
finish
