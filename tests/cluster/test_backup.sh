#!/bin/sh
# tests/cluster/test_backup.sh WITAN -- backups of a running node: made under load, checked, damaged,
# and put back, on a new machine and on one that voted.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
genesis=$net/1/config/genesis.json
bank_open
backup() { "$witan" backup "$@"; }

(pay_file load >"$work/load" 2>&1) &
load=$!
check "a backup is made under load" backup create "$work/backup" --home "$net/1"
says "it was executed again" '^verified'
wait $load
check "and verified with the genesis alone" backup verify "$work/backup" --genesis "$genesis"
check "the load has not noticed" test -s "$work/load"
equal "nothing but ledger, genesis, settings and manifest" "$(cd "$work/backup" && echo *)" \
    "genesis.json ledger.db manifest.json witan.conf"
exits "not into a directory that is there" 2 backup create "$work/backup" --home "$net/1"
check "nothing is left of that" test ! -e "$work/backup.part"
exits "not over TCP" 9 "$witan" backup create "$work/other" --node "$(url 1)"
exits "without a genesis to trust nothing is verified" 10 backup verify "$work/backup" \
    --home "$work/nobody"

cp -r "$work/backup" "$work/flipped"
flip "$work/flipped/ledger.db" 20000
exits "a flipped byte is found" 65 backup verify "$work/flipped" --genesis "$genesis"
sum=$(sha256sum "$work/flipped/ledger.db" | cut -d' ' -f1)
jq --arg sum "$sum" '(.files[] | select(.name == "ledger.db")).sha256 = $sum' \
    "$work/backup/manifest.json" >"$work/flipped/manifest.json"
backup verify "$work/flipped" --genesis "$genesis" >"$work/out" 2>&1
code=$?
# Where the byte stands decides what sees it; a page that no block needs may pass the audit.
case $code in 0 | 7 | 65) pass "with a sum made to fit the audit judges" ;; *) fail "exit $code" ;; esac
cp -r "$work/backup" "$work/cut"
rm "$work/cut/manifest.json"
exits "half a backup is none" 4 backup verify "$work/cut" --genesis "$genesis"

# A new home: it follows, serves, and does not vote.
exits "a home with a ledger is refused" 5 backup restore "$work/backup" --home "$net/1"
height=$(jq .height "$work/backup/manifest.json")
need testnet kill 4
cp -r "$net/4/config" "$work/config4"
mv "$net/4/data" "$work/data4"
check "a backup is restored on an empty machine" backup restore "$work/backup" --home "$net/4"
check "with the block that the manifest names" sh -c "[ \"\$('$witan' ledger info --home '$net/4' \
    --json | jq .height)\" = $height ]"
need testnet restart 4
await 20 reached 4 "$height"
check "it follows" level
check "it does not vote" votes 4 false
equal "and says why" "$(field 4 .node.votes_reason)" safety_missing

# Yesterday's backup on a machine that votes: its safety file and journal step aside.
need testnet kill 3
rm "$net"/3/data/ledger.db*
check "yesterday's backup is restored on a voting machine" backup restore "$work/backup" --home "$net/3"
check "its safety file is set aside" test ! -e "$net/3/data/safety"
need testnet restart 3
await 20 reached 3 "$height"
check "it does not vote" votes 3 false
equal "and says why" "$(field 3 .node.votes_reason)" safety_missing

# Two of four follow without a vote: nothing is decided, and nothing forks, until they have new keys.
same_head() { [ "$(field "$1" .ledger.hash)" = "$(field 1 .ledger.hash)" ]; }
for n in 2 3 4; do check "node $n has the same head" await 20 same_head "$n"; done
need testnet stop
check "four ledgers are the same chain" "$witan" audit verify --genesis "$genesis" \
    --data "$net/1" --data "$net/2" --data "$net/3" --data "$net/4"
finish
