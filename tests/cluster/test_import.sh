#!/bin/sh
# tests/cluster/test_import.sh WITAN -- a file of payments, each paid once.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

file=$tests/data/payments.csv
rows=600

network 4
need bank asset create EUR --scale 2

check "the file is imported" pay_file first --result "$work/result.csv"
equal "every row is committed" "$(jq .committed "$work/out")" $rows
equal "the result has a line for each" "$(grep -c ',committed,ok,' "$work/result.csv")" $rows
check "all four have the same head" level
before=$(field 1 .ledger.height)

check "a second import of the same set succeeds" pay_file first --result "$work/again.csv"
equal "it finds every row" "$(jq .found "$work/out")" $rows
equal "and says so for each" "$(grep -c ',found,,' "$work/again.csv")" $rows
equal "no block was made" "$(field 1 .ledger.height)" "$before"

check "another set pays again" pay_file second
equal "every row" "$(jq .committed "$work/out")" $rows
check "all four have the same head again" level

# An import that is broken off is run again.
pay_file third >"$work/third" 2>&1 &
import=$!
await 30 sh -c "[ \"\$(\"$witan\" rpc node_status --node $(url 1) | jq .ledger.height)\" -gt \
    $(($(field 1 .ledger.height) + 3)) ]"
kill -KILL $import 2>/dev/null
wait $import 2>/dev/null
check "an import that was killed is run again" pay_file third
equal "found and committed are all rows" "$(jq '.found + .committed' "$work/out")" $rows

# A node that is down is passed over.
need testnet kill 2
check "with one of four nodes down" pay_file fourth
equal "every row is committed" "$(jq .committed "$work/out")" $rows
need testnet restart 2
check "and the fourth node catches up" level

# Each payee has four times what the file says; both as sorted lists of whole cents.
python3 - "$file" <<'PYTHON' | sort >"$work/sums"
import csv, decimal, sys
sums = {}
for row in csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")):
    sums[row["bank"]] = sums.get(row["bank"], 0) + int(decimal.Decimal(row["amount"]) * 100)
for total in sums.values():
    print(4 * total)
PYTHON
asset=$("$witan" rpc asset_list --node "$(url 3)" | jq -r '.items[0].asset // .items[0].id')
"$witan" rpc balance_list "asset=$asset" limit:=500 --node "$(url 3)" |
    jq -r '.items[] | select(.posted != "0") | .posted' | sort >"$work/balances"
equal "what the banks have are the sums of the file" \
    "$(paste -sd' ' "$work/balances")" "$(paste -sd' ' "$work/sums")"

# What is wrong with a file is said before anything is sent.
before=$(field 1 .ledger.height)
bad() {
    what=$1
    pattern=$2
    shift 2
    exits "$what" 5 "$witan" tx import "$work/bad.csv" --set bad --from customer --to bank \
        --amount amount --ref order --asset EUR --key "$treasury" --accounts-by treasury \
        --fund exact --node "$(urls)" --quiet "$@"
    says "$what: said with its place" "$pattern"
}
printf 'order,customer,bank,amount\n1,a,b,1.00\n2,a,b,1.005\n' >"$work/bad.csv"
bad "too many decimals" 'line 3, --amount'
printf 'order,customer,bank,amount\n1,a,b,-1.00\n' >"$work/bad.csv"
bad "a negative amount" 'line 2, --amount'
printf 'order,customer,bank,amount\n1,a,b,1.00\n1,a,c,2.00\n' >"$work/bad.csv"
bad "a reference twice" '1 rows repeat'
printf 'order,customer,bank,amount\n1,a,b\n' >"$work/bad.csv"
bad "a field too few" 'line 2: the row has 3 fields'
printf 'order,customer,bank,amount\n1,"a,b,1.00\n' >"$work/bad.csv"
bad "an open quote" 'line 2: a quote is not closed'
printf 'order,customer,bank,amont\n1,a,b,1.00\n' >"$work/bad.csv"
bad "a column that is missing" 'is "amont" meant'
exits "a file that is missing" 4 "$witan" tx import "$work/none.csv" --set bad --from a --to b \
    --amount c --ref d --asset EUR --key "$treasury" --accounts-by treasury --node "$(urls)"
equal "no block was made" "$(field 1 .ledger.height)" "$before"
finish
