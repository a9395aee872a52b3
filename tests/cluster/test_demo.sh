#!/bin/sh
# tests/cluster/test_demo.sh WITAN -- the demo passes with 4 and with 7 validators and with the
# three-chain, the payments run passes, and none leaves anything behind.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir "$work/tmp"
TMPDIR=$work/tmp
export TMPDIR

check "witan demo passes" "$witan" demo
says "with seven steps" '^ 7/7 verify offline \.+ ok'
says "and says so" '^PASS in [0-9]+ s'
equal "nothing is left" "$(ls "$TMPDIR")" ""

check "with seven validators it tolerates two" "$witan" demo --validators 7
says "and says so" 'kill -9 2 validators \.+ ok'
equal "nothing is left" "$(ls "$TMPDIR")" ""

check "with the three-chain" "$witan" demo --phases 3
says "and says so" '^PASS in [0-9]+ s'
equal "nothing is left" "$(ls "$TMPDIR")" ""

exits "three Byzantine validators tolerate none: that is refused" 1 "$witan" demo --validators 3
says "with the reason" 'tolerate no failure'
rm -rf "${TMPDIR:?}"/*

# All rows are under way at once: the network may settle them between two looks at the clock.
check "the payments run passes" "$witan" testnet payments "$tests/data/payments.csv" \
    --in-flight 4096 --delimiter , --from 'customer-{customer}' --to 'bank-{bank}' --ref order --memo purpose
says "no order is lost" '^figure orders_lost 0 count'
says "none is paid twice" '^figure orders_twice 0 count'
says "a second import changes nothing" '^figure second_import_entries 0 count'
equal "nothing is left" "$(ls "$TMPDIR")" ""

need "$witan" testnet create --dir "$TMPDIR/kept" --validators 1
mkdir "$TMPDIR/plain"
exits "clean refuses a folder that is no network" 4 "$witan" testnet clean --dir "$TMPDIR/plain"
check "create refuses a folder that has one" sh -c \
    "! '$witan' testnet create --dir '$TMPDIR/kept' 2>/dev/null"
need "$witan" testnet start --dir "$TMPDIR/kept"
pid=$(jq -r '.nodes[0].pid' "$TMPDIR/kept/testnet.json")
check "clean ends the process and removes the folder" "$witan" testnet clean --dir "$TMPDIR/kept"
check "the process is gone" sh -c "[ -z \"\$(cat /proc/$pid/cmdline 2>/dev/null)\" ]"
equal "and the folder" "$(ls "$TMPDIR")" plain

# A process id that belongs to somebody else by now is left alone.
need "$witan" testnet create --dir "$TMPDIR/kept" --validators 1
jq ".nodes[0].pid = $$" "$TMPDIR/kept/testnet.json" >"$work/document"
cp "$work/document" "$TMPDIR/kept/testnet.json"
check "clean does not end a process that is not of the network" "$witan" testnet clean \
    --dir "$TMPDIR/kept"
finish
