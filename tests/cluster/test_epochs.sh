#!/bin/sh
# tests/cluster/test_epochs.sh WITAN -- the set of validators changes under load, and nobody stops.
#
# Files of payments are imported all the while. Four validators under HotStuff: one is added, one
# gets a new key, parameters change, the leader is killed in the middle of a change, one machine
# loses everything and comes back, one is removed and goes on as an observer. Proposals that would
# cost the quorum are refused. Then the same in short under Raft. In the end every machine has the
# same head, every payment is there exactly once, and the audit needs nothing but the genesis file.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

# ---- the load ----

# An import waits for nodes that come back. Those of a network that is over do not.
printf '#!/bin/sh\nexec timeout 90 "%s" "$@"\n' "$witan" >"$work/patient"
chmod +x "$work/patient"
end_loads() { for folder in "$work"/net*; do : >"$folder/enough"; done; }
trap 'end_loads; cleanup' EXIT

# One set after the other until load_end, in a process of its own. An import that begins while the
# first node is down says so (exit 3 or 8) before it has paid anything, and is begun again.
load_run() {
    witan=$work/patient
    set_number=1
    while [ ! -e "$net/enough" ]; do
        pay_file "load-$set_number" --result "$net/result.$set_number" >"$net/load.out" 2>&1
        code=$?
        case $code in 3 | 8) [ -e "$net/result.$set_number" ] || continue ;; esac
        [ $code -eq 0 ] || echo "exit $code: $(tail -n 3 "$net/load.out")" >>"$net/load.failed"
        echo "$set_number" >"$net/sets"
        set_number=$((set_number + 1))
    done
}

load_begin() {
    for n in $(jq -r '.nodes | keys[] + 1' "$net/testnet.json"); do note_id "$n"; done
    need bank asset create EUR --scale 2
    load_run &
    load=$!
    await 30 reached 1 3 || fail "the load does not begin"
}

no_import_failed() { ! cat "$net/load.failed"; }

# load_end: every order of every set is there once, on all machines.
load_end() {
    : >"$net/enough"
    wait $load
    check "every import came to its end" no_import_failed
    check "all machines have the same head" level
    sets=$(cat "$net/sets")
    acknowledged=$(cat "$net"/result.* | grep -c ',committed,ok,')
    echo "  $sets imports, $acknowledged payments acknowledged"
    equal "each row was paid" "$(($(cat "$net"/result.* | grep -c ',found,,') + acknowledged))" \
        $((sets * 600))
}

# audits LAST_EPOCH NODE...: of stopped nodes.
audits() {
    last_epoch=$1
    shift
    need testnet stop
    prefix=$(printf 'import/' | od -An -tx1 | tr -d ' \n' | tr a-f A-F)
    for n in "$@"; do
        equal "ledger $n has one record for each row" "$(sqlite3 "$net/$n/data/ledger.db" \
            "SELECT count(*) FROM kv WHERE hex(key) LIKE '$prefix%'")" $((sets * 600))
        equal "and all epochs" "$(sqlite3 "$net/$n/data/ledger.db" \
            'SELECT max(number) FROM epoch')" "$last_epoch"
        check "its audit is clean" "$witan" audit verify \
            --genesis "$net/1/config/genesis.json" --data "$net/$n/data/ledger.db"
    done
}

# unequal WHAT A B
unequal() { if [ "$2" != "$3" ]; then pass "$1"; else fail "$1: still \"$2\""; fi; }

# ---- machines ----

# The id a machine was made with: the file of a new key names another one, or none.
note_id() { jq -r .id "$net/$1/config/seal_key.json" >"$net/$1/validator"; }
validator_of() { cat "$net/$1/validator"; }
member() { jq -r .id "$net/keys/member-$1.json"; }
epoch() { field "$1" .chain.epoch; }
in_epoch() {
    wanted_epoch=$1
    shift
    for n in "$@"; do [ "$(epoch "$n")" = "$wanted_epoch" ] || return 1; done
}
all_in_epoch() {
    # shellcheck disable=SC2046
    in_epoch "$1" $(jq -r '.nodes | keys[] + 1' "$net/testnet.json")
}

# follows N: it is connected to the others, who see it, and has what they have.
follows() {
    key=$(jq -r .public_key "$net/$1/config/node_key.json")
    [ "$(field "$1" .ledger.state)" = synced ] &&
        [ "$(field "$1" .ledger.height)" -gt 0 ] &&
        "$witan" rpc peer_list --node "$(url 1)" | grep -q "$key"
}

# add_machine: one more, which follows; $added is its number.
add_machine() {
    need testnet add
    added=$(jq '.nodes | length' "$net/testnet.json")
    note_id "$added"
    await 30 follows "$added" || fail "node $added does not follow"
}

# ready N MEMBER FILE
ready() {
    "$witan" validator ready --home "$net/$1" --member "$(member "$2")" \
        --endpoint "127.0.0.1:$(peer_port "$1")" -o "$3"
}

# ---- votes ----

at=1 # the node that members ask
propose() { "$witan" gov propose "$@" --key "$net/keys/member-1.json" --node "$(url "$at")"; }
ballot() { "$witan" gov ballot "$1" yes --key "$net/keys/member-$2.json" --node "$(url "$at")"; }
proposal() {
    "$witan" gov list --node "$(url "$at")" --json | jq -r ".items[0].$1"
}
enacted() { [ "$(proposal status)" = enacted ]; }

# enact MEMBERS ACTION...: proposed by the first member, accepted by the others of the list.
enact() {
    voters=$1
    shift
    need propose "$@"
    number=$(proposal proposal)
    for m in $voters; do need ballot "$number" "$m"; done
    await 30 enacted || fail "proposal $number is $(proposal status): $*"
}

leader() {
    named=$(field "$at" .consensus.leader)
    for n in $(jq -r '.nodes | keys[] + 1' "$net/testnet.json"); do
        if [ "$(validator_of "$n")" = "$named" ]; then echo "$n"; fi
    done
}

# ==== HotStuff ====

network 4
load_begin

# ---- a fifth ----
add_machine
check "the fifth machine is ready" await 20 ready 5 1 "$work/five.json"
equal "it does not vote" "$(field 5 .node.votes)" false
enact "2 3" --add "$work/five.json"
check "all five are in epoch 1" await 20 all_in_epoch 1
check "the fifth votes" await 20 votes 5 true

# ---- parameters ----
enact "2 3" --set validators_min=4 --set max_idle_ms=60000
equal "parameters of execution change within the epoch" "$(epoch 1)" 1
check "they are in force" sh -c "'$witan' chain params --node $(url 2) | grep -q validators_min.:4"
enact "2 3" --set batch_txs_max=5000
check "what is asked before execution changes at an epoch's end" await 20 all_in_epoch 2
enact "2 3" --engine view_ms=1200
check "and so does the engine" await 20 all_in_epoch 3

# ---- proposals that cost the quorum ----
add_machine
need await 20 ready 6 2 "$work/six.json"
need testnet kill 6
gone() { ! follows 6; }
await 20 gone
exits "a dead machine is not proposed" 5 propose --add "$work/six.json"
says "which is said" 'no node that was asked is connected to'
need testnet restart 6

# ---- a new key ----
# rotate N: of node N, whose member proposes it.
rotate() { "$witan" key rotate seal --home "$net/$1" --key "$net/keys/member-$1.json"; }
vote() {
    number=$(proposal proposal)
    for m in "$@"; do need ballot "$number" "$m"; done
}
key_of_two=$(jq -r .public_key "$net/2/config/seal_key.json")
check "a new key is proposed" rotate 2
exits "and no second one while it is under way" 5 rotate 2
vote 3 4
check "the epoch of the new key begins" await 20 all_in_epoch 4
check "the second votes with it" votes 2 true
unequal "which is another one" "$(jq -r .public_key "$net/2/config/seal_key.json")" "$key_of_two"

# ---- the leader ends in the middle of a change ----
need propose --engine view_ms=1000
number=$(proposal proposal)
need ballot "$number" 2
led=$(leader)
at=$((led % 4 + 1))
ballot "$number" 3 >"$work/ballot" 2>&1 &
last_ballot=$!
need testnet kill "$led"
wait $last_ballot
check "without its leader the change is made" await 30 enacted
need testnet restart "$led"
at=1
check "all are in epoch 5, the killed one, too" await 30 all_in_epoch 5

# ---- a machine that lost everything ----
need testnet kill 3
rm -rf "$net/3/data"
need testnet restart 3
check "the wiped machine fetches all epochs again" await 30 in_epoch 5 3
equal "it does not vote with the key whose promises are lost" "$(field 3 .node.votes_reason)" \
    safety_missing
await 30 follows 3 || fail "the wiped machine does not follow"
need rotate 3
vote 2 4
check "with a new key it votes again" await 30 votes 3 true
check "all are in epoch 6" await 20 all_in_epoch 6

# ---- back to four ----
enact "2 3" --remove "$(validator_of 5)"
check "all are in epoch 7, with four validators" await 20 all_in_epoch 7
equal "the removed one does not vote" "$(field 5 .node.votes)" false
equal "and has become an observer" "$(field 5 .node.role)" observer
exits "one too many is not removed" 5 propose --remove "$(validator_of 4)"
says "which is said" 'action_invalid'
says "with the reason" 'below_validators_min: 4 validators become 3: below validators_min 4'
exits "nor one that has left" 5 propose --remove "$(validator_of 5)"
says "which is said, too" 'validator_not_active'
exits "nor a member who still has a machine" 5 propose --member-remove "$(member 4)"
says "with that reason" 'member_has_validators'
need testnet kill 5
need testnet restart 5
await 20 follows 5
equal "the old machine, started again, follows" "$(field 5 .node.role)" observer
equal "and says that its key is in no set" "$(field 5 .node.votes_reason)" key_unknown
check "the removed one takes payments as an observer" "$witan" account create \
    --signer "$(jq -r .public_key "$treasury")" --key "$treasury" --node "$(url 5)" --wait sealed

load_end
equal "a block of epoch 0 still has its quorum" "$("$witan" rpc block_seal height:=1 \
    --node "$(url 5)" | jq '.seal.signatures | length >= 3')" true
equal "seven changes made eight epochs" "$("$witan" epoch list --node "$(url 6)" --json |
    jq '.items | length')" 8
audits 7 1 3 5 6

# ==== Raft ====

network 3 --engine raft
load_begin
live() { [ "$(field 1 .consensus.validators_connected)" -eq "$1" ]; }
need testnet kill 3
await 20 live 2
exits "a removal that leaves too few alive is not proposed" 5 propose --remove "$(validator_of 2)"
says "which is said" 'quorum'
need testnet restart 3
add_machine
need await 20 ready 4 1 "$work/raft.json"
enact "2 3" --add "$work/raft.json"
check "all four are in epoch 1" await 20 all_in_epoch 1
check "the fourth votes" await 20 votes 4 true
need propose --remove "$(validator_of 2)"
number=$(proposal proposal)
need ballot "$number" 2
led=$(leader)
at=$((led % 3 + 1))
ballot "$number" 3 >"$work/ballot" 2>&1 &
last_ballot=$!
need testnet kill "$led"
wait $last_ballot
check "without its leader the change is made" await 30 enacted
need testnet restart "$led"
at=1
check "all are in epoch 2" await 30 all_in_epoch 2
equal "the removed one does not vote" "$(field 2 .node.votes)" false
load_end
audits 2 1 2 4
finish
