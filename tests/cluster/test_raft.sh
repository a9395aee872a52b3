#!/bin/sh
# tests/cluster/test_raft.sh WITAN -- a crash-fault network of three under Raft.
#
# Everything that a network does under HotStuff, and what is Raft's own: one leader, whom any node
# names; its end by kill -9 and by a clean stop, under load; reads that are linearizable on any node.
# KILLS sets how often the leader is killed.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

kills=${KILLS:-20}
leaders=$tests/cluster/leaders.py

# ---- where it is refused ----
network 3 --engine raft
jq '.fault_model = "byzantine"' "$net/1/config/genesis.json" >"$work/byzantine.json"
exits "a genesis with raft for Byzantine faults is refused" 10 "$witan" genesis check \
    "$work/byzantine.json"
says "with the reason" 'raft survives crashes but no lies'
check "with the fault model crash it is good" "$witan" genesis check "$net/1/config/genesis.json"
says "and says what that means" 'only while no validator lies'

# ---- payments through any node ----
bank_open
leader_number() {
    leader_id=$(field 1 .consensus.leader)
    for n in 1 2 3; do
        [ "$(field $n .node.validator)" = "$leader_id" ] && echo $n && return
    done
}
names_leader() {
    [ -n "$(leader_number)" ] &&
        [ "$(for n in 1 2 3; do field "$n" .consensus.leader; done | sort -u | wc -l)" -eq 1 ]
}
check "all three name the same leader" await 10 names_leader
leader=$(leader_number)
follower=$((leader % 3 + 1))
other=$((follower % 3 + 1))
check "status names it" sh -c \
    "'$witan' status --node '$(url "$follower")' | grep -q 'CONSENSUS .*leader bank-'"
check "its own metrics say that it leads" sh -c \
    "curl -s '$(url "$leader")/metrics' | grep -q '^witan_consensus_leads 1'"
curl -s "$(url "$follower")/metrics" >"$work/out"
says "messages are counted by Raft's kinds" 'witan_consensus_messages_total\{kind="append",result="ok"\} [1-9]'
check "a follower takes a payment and passes it on" pay alice bob 1.00 "$follower" --wait sealed
check "so does the other" pay alice bob 1.00 "$other" --wait sealed
check "and the leader" pay alice bob 1.00 "$leader" --wait sealed
height=$(field "$follower" .ledger.height)
"$witan" rpc block_seal "height:=$height" --node "$(url "$other")" >"$work/out" 2>&1
says "the block's header says crash" '"fault_model": "crash"'
equal "a majority has signed it" "$(jq '.seal.signatures | length >= 2' "$work/out")" true

# ---- linearizable reads ----
read_posted() {
    "$witan" balance get "$(id bob)" EUR --node "$(url "$1")" --consistency linearizable --json |
        jq -r .posted
}
for n in "$leader" "$follower" "$other"; do
    need pay alice bob 0.01 "$leader"
    before=$(balance bob "$leader")
    equal "node $n reads what was committed elsewhere before" "$(read_posted "$n")" "$before"
done
check "without a majority there are none" sh -c \
    "'$witan' testnet kill $follower --dir '$net' && '$witan' testnet kill $other --dir '$net'"
exits "which is said so, to be tried again" 8 "$witan" balance get "$(id bob)" EUR \
    --node "$(url "$leader")" --consistency linearizable --timeout-ms 700
says "with the reason" 'no_leader'
need testnet restart "$follower"
need testnet restart "$other"
check "and all three have the same head" level

# ---- the leader ends under load ----
# pay_set LOAD NUMBER [FLAG...]: the payments of one load, between accounts of its own.
pay_set() {
    load_name=$1
    number=$2
    shift 2
    "$witan" tx import "$tests/data/payments.csv" --set "$load_name-$number" \
        --from "$load_name-{customer}" --to "$load_name-bank-{bank}" --amount amount \
        --ref 'order {order}' --memo purpose --asset EUR --key "$treasury" --accounts-by treasury \
        --fund exact --node "$(urls)" --quiet --json "$@"
}
load() {
    set_number=1
    while [ ! -e "$work/enough" ]; do
        pay_set "$1" "$set_number" --result "$work/result.$1.$set_number" \
            >"$work/load.$1.$set_number" 2>&1
        code=$?
        [ $code -eq 0 ] ||
            echo "exit $code: $(tail -n 3 "$work/load.$1.$set_number")" >>"$work/load.failed"
        set_number=$((set_number + 1))
    done
}
load a &
first=$!
load b &
second=$!
moves() { [ "$(field 1 .ledger.height)" -gt $((height + 20)) ]; }
await 30 moves || fail "the load does not begin"
check "writes go on after each of $kills kills of the leader" python3 "$leaders" "$witan" "$net" \
    kill "$kills"
sed -n '$s/^/  after a kill: /p' "$work/out"
check "and after a clean stop" python3 "$leaders" "$witan" "$net" stop 3
sed -n '$s/^/  after a stop: /p' "$work/out"
best=$(sed -n 's/.*best \([0-9]*\) ms$/\1/p' "$work/out")
sooner() { [ "$best" -lt 500 ]; }
check "a leader that stops hands over: sooner than any election, $best ms" sooner
: >"$work/enough"
wait $first $second
no_client_failed() { ! cat "$work/load.failed"; }
check "no client had an error that it could not try again" no_client_failed
check "all three have the same head" level

# ---- without a journal ----
need testnet stop
rm -r "$net/2/data/journal"
for n in 1 2 3; do need testnet restart $n; done
check "a validator without its journal does not vote" votes 2 false
check "the two others go on, and it takes payments" pay alice bob 0.01 2 --wait sealed
check "it follows: all three have the same head" level
need testnet stop

cat "$work"/result.?.* | grep ',committed,ok,' | cut -d, -f3 | sort >"$work/acknowledged"
echo "  $(wc -l <"$work/acknowledged") payments were acknowledged"
check "that is some" test -s "$work/acknowledged"
for n in 1 2 3; do
    sqlite3 "$net/$n/data/ledger.db" "SELECT txid FROM audit_transactions WHERE code = 'ok'" |
        sort >"$work/ledger"
    equal "ledger $n has every payment that was acknowledged" \
        "$(comm -23 "$work/acknowledged" "$work/ledger" | wc -l)" 0
    check "the audit of ledger $n is clean" "$witan" audit verify \
        --genesis "$net/$n/config/genesis.json" --data "$net/$n/data/ledger.db"
done
says "and says what it is worth" 'valid only if no validator lied'
finish
