#!/bin/sh
# tests/cluster/test_kill.sh WITAN -- kill -9 of one, two and all four validators under load.
#
# KILLS="50 10 10" sets how often one, two and four are killed; SEED the course of it. All the while
# files of payments are imported. In the end every payment that was acknowledged as committed must be
# in the ledger, none twice, and four audits must be clean.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

kills=${KILLS:-12 4 4}
seed=${SEED:-$$}
# shellcheck disable=SC2086
set -- $kills
ones=$1
twos=$2
fours=$3
echo "  kills: $ones of one, $twos of two, $fours of all four; SEED=$seed"

# draw N: a number from 1 to N.
draw() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    drawn=$((seed / 65536 % $1 + 1))
}

network 4
need bank asset create EUR --scale 2

# The load: one set after the other until the file `enough` appears. An import that begins while all
# four are down says so and ends (exit 3, or 8 if they die with its question) before it has paid
# anything: it is begun again.
(
    set_number=1
    while [ ! -e "$work/enough" ]; do
        pay_file "load-$set_number" --result "$work/result.$set_number" \
            >"$work/load.$set_number" 2>&1
        code=$?
        case $code in 3 | 8) [ -e "$work/result.$set_number" ] || continue ;; esac
        [ $code -eq 0 ] ||
            echo "exit $code: $(tail -n 3 "$work/load.$set_number")" >>"$work/load.failed"
        echo "$set_number" >"$work/sets"
        set_number=$((set_number + 1))
    done
) &
load=$!
height() {
    for n in 1 2 3 4; do
        h=$(field $n .ledger.height)
        if [ -n "$h" ]; then
            echo "$h"
            return
        fi
    done
    echo 0
}
moves() { [ "$(height)" -gt "$1" ]; }
no_import_failed() { ! cat "$work/load.failed"; }
await 30 moves 5 || fail "the load does not begin"

stopped=0
# round NODE...: kills them, starts them again, and waits for a further block.
round() {
    for n in "$@"; do testnet kill "$n" >/dev/null 2>&1 || fail "node $n was not there to kill"; done
    for n in "$@"; do
        testnet restart "$n" >"$work/out" 2>&1 || {
            fail "node $n does not start again"
            cat "$work/out"
        }
    done
    before=$(height)
    await 60 moves "$before" || stopped=$((stopped + 1))
}

i=0
while [ $i -lt "$ones" ]; do
    draw 4
    round "$drawn"
    i=$((i + 1))
done
equal "it goes on after each of $ones kills of one" $stopped 0
i=0
stopped=0
while [ $i -lt "$twos" ]; do
    draw 4
    one=$drawn
    draw 3
    round "$one" $(((one + drawn - 1) % 4 + 1))
    i=$((i + 1))
done
equal "after each of $twos kills of two" $stopped 0
i=0
stopped=0
while [ $i -lt "$fours" ]; do
    round 1 2 3 4
    i=$((i + 1))
done
equal "after each of $fours kills of all four" $stopped 0

: >"$work/enough"
wait $load
check "every import came to its end" no_import_failed
sets=$(cat "$work/sets")
acknowledged=$(cat "$work"/result.* | grep -c ',committed,ok,')
echo "  $sets imports, $acknowledged payments acknowledged"
check "all four have the same head" level

lost=0
number=1
while [ "$number" -le "$sets" ]; do
    pay_file "load-$number" --result "$work/again" >"$work/out" 2>&1 ||
        fail "the import of set $number fails afterwards"
    # Acknowledged rows that are not found any more.
    grep ',committed,ok,' "$work/result.$number" | cut -d, -f1 | sort >"$work/acknowledged"
    grep ',found,,' "$work/again" | cut -d, -f1 | sort >"$work/found"
    lost=$((lost + $(comm -23 "$work/acknowledged" "$work/found" | wc -l)))
    number=$((number + 1))
done
equal "no acknowledged payment is lost" $lost 0
check "all four still have the same head" level
need testnet stop

# Each payment is one movement of its bank: as many as rows, or one was paid twice.
asset_movements=$(sqlite3 "$net/1/data/ledger.db" \
    "SELECT count(*) FROM kv WHERE hex(key) LIKE '$(printf 'import/' | od -An -tx1 | tr -d ' \n' | tr a-f A-F)%'")
equal "there is one record for each row" "$asset_movements" $((sets * 600))
for n in 1 2 3 4; do
    check "the audit of ledger $n is clean" "$witan" audit verify \
        --genesis "$net/$n/config/genesis.json" --data "$net/$n/data/ledger.db"
done
finish
