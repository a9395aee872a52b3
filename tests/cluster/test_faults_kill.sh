#!/bin/sh
# tests/cluster/test_faults_kill.sh WITAN [SEED] -- SIGKILL at any moment, under load.
#
# Payers sign each payment once, keep the bytes, and send those bytes to one validator after the
# other until one says "committed": what a careful client does. Meanwhile validators are killed at
# random and started again: 20 times one of them, 5 times two, 5 times all four. At the end every
# payment must have been executed exactly once, on every node, and nothing that was acknowledged may
# be missing. KILLS="50 10 10" says how often.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

seed=${2:-$(date +%s)}
: "${KILLS:=20 5 5}"
echo "  seed $seed"

# random N: a number below N, of one stream.
rolls=0
random() {
    rolls=$((rolls + 1))
    awk -v s="$seed" -v k="$rolls" -v n="$1" \
        'BEGIN { srand(s * 7919 + k); rand(); print int(rand() * n) }'
}

# ---- the load ----

# deliver FILE: until it is committed; its id and when it was acknowledged go to acknowledged.
deliver() {
    node=1
    until "$witan" tx submit "$1" --node "$(url $node)" --timeout 3s --json >"$1.out" 2>"$1.err"
    do
        node=$((node % 4 + 1))
        [ ! -d "$work" ] || [ -e "$work/give_up" ] && return 1
    done
    jq -r .tx_id "$1.out" >>"$work/acknowledged"
}

# payer NUMBER: pays one cent after the other until told to stop.
payer() {
    count=0
    while [ -d "$work" ] && [ ! -e "$work/enough" ]; do
        count=$((count + 1))
        file=$work/payment-$1-$count
        "$witan" tx transfer --key "$net/keys/alice.json" --to "$(id bob)" --asset EUR \
            --amount 0.01 --expires 9m --out "$file" --node "$(urls)" >/dev/null 2>&1 || {
            count=$((count - 1))
            continue
        }
        deliver "$file" || break
    done
    echo "$count" >"$work/count-$1"
}

# ---- the kills ----

# up N...: those that are down are started, and nobody waits for anything else.
up() {
    for n in "$@"; do
        "$witan" testnet restart "$n" --dir "$net" >/dev/null 2>&1 ||
            echo "        node $n does not start again"
    done
}

# crash N...: all of them at once, then a moment of rest, then they come back.
crash() {
    for n in "$@"; do
        pid=$(jq -r ".nodes[$n - 1].pid" "$net/testnet.json")
        [ "$pid" -gt 1 ] && kill -9 "$pid" 2>/dev/null
    done
    "$witan" rpc node_status --node "$(url "$1")" --timeout 200ms >/dev/null 2>&1
    up "$@"
}

# A second of work, more or less: a payment is the unit.
work_on() {
    lines=$(acknowledged)
    await 30 more_than "$((lines + $(random 8)))"
}
acknowledged() { if [ -f "$work/acknowledged" ]; then wc -l <"$work/acknowledged"; else echo 0; fi; }
more_than() { [ "$(acknowledged)" -gt "$1" ]; }

other_than() { echo $((($1 + $(random 3)) % 4 + 1)); }

network 4
bank_open
payer 1 &
payer 2 &
payer 3 &
check "the payments begin" await 30 more_than 5

read -r of_one of_two of_all <<EOF
$KILLS
EOF
for _ in $(seq "$of_one"); do
    crash $(($(random 4) + 1))
    work_on
done
check "after $of_one kills of one: payments go on" work_on
for _ in $(seq "$of_two"); do
    first=$(($(random 4) + 1))
    crash "$first" "$(other_than "$first")"
    work_on
done
check "after $of_two kills of two: payments go on" work_on
for _ in $(seq "$of_all"); do
    crash 1 2 3 4
    work_on
done
check "after $of_all kills of all: payments go on" work_on

# ---- the account ----

touch "$work/enough"
check "every payment that was begun is acknowledged" await 60 test -s "$work/count-1" \
    -a -s "$work/count-2" -a -s "$work/count-3"
touch "$work/give_up"
wait
check "all four have the same head" level
total=$(cat "$work"/count-* | awk '{ sum += $1 } END { print sum + 0 }')
echo "  $total payments"
equal "as many acknowledgements" "$(sort -u "$work/acknowledged" | wc -l)" "$total"
for n in 1 2 3 4; do
    equal "node $n: Bob was paid each once" "$(balance bob $n)" "$total"
    missing=0
    awk 'NR % 10 == 1' "$work/acknowledged" >"$work/some"
    while read -r tx; do
        code=$("$witan" rpc tx_status "tx_id=$tx" --node "$(url $n)" </dev/null |
            jq -r .result.code)
        [ "$code" = ok ] || missing=$((missing + 1))
    done <"$work/some"
    equal "node $n: of what was acknowledged nothing is missing" "$missing" 0
done
finish
