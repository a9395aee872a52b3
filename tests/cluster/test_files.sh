#!/bin/sh
# tests/cluster/test_files.sh WITAN -- files that are damaged, of another network, or in use.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

start() { "$witan" start --home "$net/$1"; }

network 4
bank_open
i=0
while [ $i -lt 40 ]; do
    need pay alice bob 0.01 $((i % 4 + 1))
    i=$((i + 1))
done
check "all four have the same head" level

# ---- in use ----
exits "a second process on the same directory ends with 75" 75 start 1
says "it names the process that has it" "$(jq -r '.nodes[0].pid' "$net/testnet.json")"
check "the first one is not disturbed" pay alice bob 0.01 1

# ---- another network's genesis ----
other=$work/other
need "$witan" testnet create --dir "$other" --network other
need testnet stop
cp "$net/1/config/genesis.json" "$work/genesis.json"
cp "$other/1/config/genesis.json" "$net/1/config/genesis.json"
exits "a node with another genesis does not start" 10 start 1
says "it names the ledger's chain" "$("$witan" genesis id "$work/genesis.json" | head -n 1 | cut -c1-16)"
cp "$work/genesis.json" "$net/1/config/genesis.json"
need testnet start
check "with its own it does, and nothing was changed" level

# ---- the safety file: one slot ----
need testnet stop
flip "$net/2/data/safety" 100
need testnet start
check "with one slot damaged the node votes" votes 2 true
testnet logs 2 >"$work/out"
says "and warns" 'event=safety_slot_bad'
check "payments go on" pay alice bob 0.01 2

# ---- the safety file: both ----
need testnet stop
flip "$net/2/data/safety" 100
flip "$net/2/data/safety" 101
flip "$net/2/data/safety" 612
for n in 1 2 3 4; do need testnet restart $n; done
check "with both damaged the node does not vote" votes 2 false
equal "and says why" "$(field 2 .node.votes_reason)" safety_damaged
testnet logs 2 >"$work/out"
says "in its log, too" 'event=not_voting'
exits "it is not ready" 8 "$witan" health --node "$(url 2)"
check "payments go on through it" pay alice bob 0.01 2
check "it follows: all four have the same head" level

# ---- the journal's middle ----
need testnet stop
segment=$(find "$net/3/data/journal" -name '*.log' | sort | tail -n 1)
offset=$(python3 - "$segment" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read().rstrip(b"\0")
print(len(data) // 2)
PYTHON
)
flip "$segment" "$offset"
exits "a flipped byte in the journal's middle ends with 65" 65 start 3
says "it names the file" "$(basename "$segment")"
says "and the command to type" 'witan ledger rebuild'
flip "$segment" "$offset"
for n in 1 3 4; do need testnet restart $n; done
check "with the byte set right it starts and votes" votes 3 true
need testnet restart 2
check "all four have the same head after that" level
need testnet stop
flip "$segment" "$offset"
check "that command sets the journal aside" "$witan" ledger rebuild --home "$net/3" \
    --set-journal-aside
for n in 1 3 4; do need testnet restart $n; done
check "then the node follows without a vote" votes 3 false

# ---- a torn end of the journal ----
need testnet kill 4
segment=$(find "$net/4/data/journal" -name '*.log' | sort | tail -n 1)
offset=$(python3 - "$segment" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read().rstrip(b"\0")
print(len(data) - 1)
PYTHON
)
flip "$segment" "$offset"
need testnet restart 4
need testnet restart 2
check "a torn last record is cut: the node catches up" level

# ---- a block's row ----
need testnet stop
sqlite3 "$net/4/data/ledger.db" \
    "UPDATE block SET header = CAST(substr(header, 1, 60) || x'ff' || substr(header, 62) AS BLOB) \
     WHERE height = 20;" >"$work/out" 2>&1 || fail "sqlite3: $(cat "$work/out")"
exits "an audit of a ledger with an edited block ends with 7" 7 "$witan" audit verify \
    --genesis "$work/genesis.json" --data "$net/4/data/ledger.db"
says "it names the height" '20'
check "the audits of the others are clean" "$witan" audit verify \
    --genesis "$work/genesis.json" --data "$net/1/data/ledger.db"
need testnet restart 4
exits "the node does not hand it out as a block" 6 "$witan" block get 20 --node "$(url 4)"
need testnet kill 4
rm "$net"/4/data/ledger.db*
for n in 1 2 3 4; do need testnet restart $n; done
check "without its ledger it fetches all blocks again" level
need testnet stop
check "after that the audit is clean" "$witan" audit verify \
    --genesis "$work/genesis.json" --data "$net/4/data/ledger.db"
finish
