#!/bin/sh
# tests/cluster/test_bank.sh WITAN -- Alice has 100 and takes out 75 twice at once.
#
# Two validators admit a withdrawal each, because neither knows of the other; the order decides, and
# every validator decides alike.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
bank_open

pay alice bob 75.00 2 --json >"$work/first" 2>"$work/first.err" &
first=$!
pay alice bob 75.00 3 --json >"$work/second" 2>"$work/second.err" &
second=$!
wait $first
first_exit=$?
wait $second
second_exit=$?

equal "one ends with 0 and one with 5" "$((first_exit + second_exit))" 5
equal "one result is ok, one insufficient_funds" \
    "$(jq -r .result.code "$work/first" "$work/second" | sort | paste -sd' ')" \
    "insufficient_funds ok"
check "all four have the same head" level

for n in 1 2 3 4; do
    equal "node $n: Alice has 25.00" "$(balance alice $n)" 2500
    equal "node $n: Bob has 75.00" "$(balance bob $n)" 7500
    for result in first second; do
        equal "node $n: the $result withdrawal has the same result" \
            "$("$witan" rpc tx_status "tx_id=$(jq -r .tx_id "$work/$result")" --node "$(url $n)" |
                jq -r .result.code)" \
            "$(jq -r .result.code "$work/$result")"
    done
done
exits "25.01 more is refused by the ledger" 5 pay alice bob 25.01 4
says "for want of funds" insufficient_funds
check "25.00 more is paid" pay alice bob 25.00 4
equal "nothing is left" "$(balance alice 4)" 0

# A validator that hangs is like one that is dead, until it goes on.
need testnet pause 4
need bank asset mint EUR 5.00 --to "$(id alice)"
check "with one validator paused payments go on" pay alice bob 5.00 1 --wait sealed
exits "status sees it" 8 testnet status
says "and says so" '^4 +paused'
need testnet resume 4
check "it catches up by itself" level
finish
