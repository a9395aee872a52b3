#!/bin/sh
# tests/cluster/test_receipt_epochs.sh WITAN -- a receipt outlives everybody who signed it.
#
# A payment of epoch 0, whose block the first four seal keys have signed. Then every machine gets a
# new key five times, two machines come, one goes, and a member comes and goes: twenty rotations and
# five changes of members. The receipt of then, the receipt that a machine of today gives, and that
# of a payment of today are all verified with the genesis alone, in any order.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
bank_open
stranger() { env -i HOME="$work/stranger" "$witan" verify --genesis "$work/genesis.json" "$@"; }
mkdir "$work/stranger"
cp "$net/1/config/genesis.json" "$work/genesis.json"
tx=$(pay alice bob 25.00 1 --wait sealed --json | jq -r .tx_id)
need "$witan" tx receipt "$tx" --node "$(url 1)" -o "$work/then.witan"

# ---- votes ----

epoch() { field "$1" .chain.epoch; }
in_epoch() {
    wanted=$1
    shift
    for n in "$@"; do [ "$(epoch "$n")" = "$wanted" ] || return 1; done
}
propose() { "$witan" gov propose "$@" --key "$net/keys/member-1.json" --node "$(url 1)"; }
number() { sed -n 's/^proposal *\([0-9]*\),.*/\1/p' "$1"; }
ballot() { "$witan" gov ballot "$1" yes --key "$net/keys/member-$2.json" --node "$(url "$2")"; }

# carry NUMBER MEMBER...: these vote for it, all at once.
carry() {
    proposal=$1
    shift
    for m in "$@"; do ballot "$proposal" "$m" >"$work/ballot.$proposal.$m" 2>&1 & done
}
# enact EPOCH ACTION...: proposed by the first member, with the votes of the next three.
enact() {
    wanted_epoch=$1
    shift
    propose "$@" >"$work/proposed" 2>&1 || fail "not proposed: $(cat "$work/proposed")"
    carry "$(number "$work/proposed")" 2 3 4
    await 30 in_epoch "$wanted_epoch" 1 2 3 4 || fail "no epoch $wanted_epoch: $*"
    await 30 enacted || fail "not enacted: $*"
}
enacted() {
    [ "$("$witan" gov list --node "$(url 1)" --json | jq -r '.items[0].status')" = enacted ]
}

# ---- twenty new keys ----

key_of() { jq -r .public_key "$net/$1/config/seal_key.json"; }
rotate() {
    "$witan" key rotate seal --home "$net/$1" --key "$net/keys/member-$1.json" \
        >"$work/rotate.$1" 2>&1 || fail "machine $1 does not rotate: $(cat "$work/rotate.$1")"
}
# Each machine proposes, everybody votes, and one epoch after the other puts them in force.
rotate_all() {
    for n in 1 2 3 4; do rotate "$n"; done
    for n in 1 2 3 4; do
        # shellcheck disable=SC2046
        carry "$(number "$work/rotate.$n")" $(seq 4 | grep -v "$n")
    done
    last_epoch=$((last_epoch + 4))
    await 40 in_epoch "$last_epoch" 1 2 3 4 && for n in 1 2 3 4; do
        await 20 votes "$n" true || return 1
    done
}
first_keys=$(for n in 1 2 3 4; do key_of "$n"; done)
last_epoch=0
for round in 1 2 3 4 5; do
    rotate_all || fail "round $round of new keys: epochs $(for n in 1 2 3 4; do epoch "$n"; done)"
    echo "  $(date +%T) epoch $last_epoch"
done
equal "twenty keys later it is epoch 20" "$(epoch 1)" 20
kept() { for n in 1 2 3 4; do echo "$first_keys" | grep -q "$(key_of "$n")" && return 0; done; return 1; }
exits "no machine has its first key" 1 kept

# ---- five changes of members ----

need testnet add
need testnet add
ready() {
    rm -f "$work/ready.$1"
    "$witan" validator ready --home "$net/$1" --member "$(jq -r .id "$net/keys/member-1.json")" \
        --endpoint "127.0.0.1:$(peer_port "$1")" -o "$work/ready.$1"
}
validator=$(jq -r .id "$net/5/config/seal_key.json")
check "a fifth machine is ready" await 30 ready 5
enact 21 --add "$work/ready.5"
check "a sixth" await 30 ready 6
enact 22 --add "$work/ready.6"
enact 23 --remove "$validator"
account member-x >/dev/null 2>&1 || fail "no account"
enact 23 --member-add "$(id member-x)=bank-x"
enact 23 --member-remove "$(id member-x)"
equal "all of it was enacted" "$("$witan" gov list --node "$(url 1)" --json |
    jq '[.items[] | select(.status == "enacted")] | length')" 25

# ---- the receipts ----

now=$(pay alice bob 1.00 6 --wait sealed --json | jq -r .tx_id)
check "the sixth machine has a receipt of epoch 0" "$witan" tx receipt "$tx" --node "$(url 6)" \
    -o "$work/again.witan"
check "and one of today" "$witan" tx receipt "$now" --node "$(url 6)" -o "$work/now.witan"
need "$witan" epoch prove --node "$(url 6)" -o "$work/epochs.witan"
need "$witan" history prove 2 "$(field 6 .ledger.sealed_height)" --node "$(url 6)" \
    -o "$work/history.witan"
need testnet stop
exits "the receipt that was taken then is verified" 0 stranger "$work/then.witan"
exits "so is that of today's machine about then" 0 stranger "$work/again.witan"
exits "and that of today" 0 stranger "$work/now.witan"
says "over all epochs" '23 epochs from genesis; [45] of 5 signatures valid'
exits "the epochs themselves" 0 stranger "$work/epochs.witan"
says "from the genesis on" 'the validator sets of epochs 0 to 23 descend from the genesis'
exits "and the history over them" 0 stranger "$work/history.witan"
says "which was only added to" 'nothing of it was changed'
exits "then is still believed, now that today is remembered" 0 stranger "$work/then.witan" \
    "$work/again.witan"
wc -c "$work/then.witan" "$work/now.witan" | sed 's/^/  /'
finish
