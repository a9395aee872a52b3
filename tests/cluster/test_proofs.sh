#!/bin/sh
# tests/cluster/test_proofs.sh WITAN -- nobody has to be believed: proofs of every kind from a
# running network, checked by a stranger who has the program and the genesis file and nothing else.
#
# Receipts of what was executed, failed, expired by itself; proof that a transaction never was; states
# and their absence; seals, epochs, history; statements, also as a spreadsheet. Each in three forms.
# Then what must not pass: every byte changed, other networks, the crash-fault model, a head that
# contradicts the one remembered.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
bank_open
cp "$net/1/config/genesis.json" "$work/genesis.json"

# The stranger: an empty home, no node, no variable but HOME.
stranger=$work/stranger
mkdir "$stranger" "$work/flips"
stranger_verify() {
    (cd "$work" && env -i HOME="$stranger" "$witan" verify --genesis genesis.json "$@")
}
# proves WHAT SENTENCE FILE: it is verified, and says so in these words.
proves() {
    exits "$1 is verified" 0 stranger_verify "$3"
    says "and says what it establishes" "^VERIFIED .*$2"
}
# refuses WHAT CHECK COMMAND...
refuses() {
    what=$1
    named=$2
    shift 2
    exits "$what is refused" 7 "$@"
    says "by the check that fails" "^REFUSED +$named"
}
# ask COMMAND...: of node $node, or the first.
ask() { "$witan" "$@" --node "${node:-$(url 1)}"; }
json() { jq -r "$2" "$work/$1.json"; }

# ---- receipts ----

pay alice bob 25.00 1 --wait sealed --json >"$work/paid.json"
txid=$(json paid .tx_id)
check "a receipt" ask tx receipt "$txid" -o "$work/receipt.witan"
says "and how to check it is said" 'witan verify .*receipt.witan'
proves "the receipt" "transferred 2500 .*, result ok" receipt.witan
says "with the transaction" "^receipt +transaction $txid of $(id alice), entry 0 of 1$"
says "and the seal" "^seal +0 epochs from genesis; [34] of 4 signatures valid \(quorum 3\)"
check "as base64" ask tx receipt "$txid" -o "$work/receipt.txt"
equal "between lines" "$(head -n 1 "$work/receipt.txt")" "-----BEGIN WITAN PROOF-----"
proves "the base64" "transferred 2500 " receipt.txt
check "as JSON" ask tx receipt "$txid" -o "$work/receipt.json"
equal "of the documented format" "$(json receipt .format)" witan-proof/1
proves "the JSON" "transferred 2500 " receipt.json
ask tx receipt "$txid" --armor >"$work/armored"
exits "what comes through a pipe is recognised" 0 sh -c "'$witan' verify --genesis \
    '$work/genesis.json' - <'$work/armored'"
check "withheld" ask tx receipt "$txid" --withhold -o "$work/withheld.witan"
proves "the withheld receipt" "transaction $txid was executed with result ok" withheld.witan
for n in 2 3 4; do
    node=$(url $n) check "node $n gives one, too" ask tx receipt "$txid" -o "$work/from$n.witan"
done
exits "and all are verified" 0 stranger_verify --json from2.witan from3.witan from4.witan
equal "each by itself" "$(grep -c '"verified":true' "$work/out")" 3

pay bob alice 9999.00 1 --wait sealed --json >"$work/failed.json" 2>/dev/null
check "a receipt of what failed" ask tx receipt "$(json failed .tx_id)" -o "$work/failed.witan"
proves "that it changed nothing" "result insufficient_funds of operation 0" failed.witan
exits "there is none of what does not exist" 4 ask tx receipt \
    "$(printf '%064d' 7)" -o "$work/none.witan"
equal "and no file" "$(ls "$work/none.witan" 2>/dev/null)" ""

# ---- what never was, and what ends by itself ----

need "$witan" hold create --key "$net/keys/alice.json" --payee "$(id bob)" --arbiter "$(id bob)" \
    --asset EUR --amount 5.00 --for 2s --node "$(url 1)"
need pay alice bob 1.00 1 --expires 2s --out "$work/unsent.tx"
exits "before its time is over nothing is proven" 6 ask tx prove-absent "$work/unsent.tx" \
    -o "$work/absent.witan"
says "which is said" tx_may_execute
check "then it is" ask tx prove-absent "$work/unsent.tx" --timeout-ms 20000 -o "$work/absent.witan"
unsent=$("$witan" tx decode "$work/unsent.tx" --json | jq -r .tx_id)
proves "the absence" "transaction $unsent was in no block up to .*: never executed" absent.witan
outbox=$HOME/.local/state/witan/outbox
jq -n --arg id "$unsent" --arg tx "$(cat "$work/unsent.tx")" --arg network "$(json genesis .network)" \
    --arg until "$("$witan" tx decode "$work/unsent.tx" --json | jq -r .not_after)" \
    '{format: "witan-outbox/1", tx_id: $id, network: $network, not_after: $until, tx: $tx}' \
    >"$outbox/$unsent.json"
check "the id is enough for what is in the outbox" ask tx prove-absent "$unsent" \
    -o "$work/absent.json"
proves "which" "transaction $unsent was in no block" absent.json
rm "$outbox/$unsent.json"
exits "for others it is not" 4 ask tx prove-absent "$unsent"
exits "sent now it is refused" 5 ask tx submit "$work/unsent.tx"
need pay alice bob 2.00 1 --out "$work/sent.tx"
need ask tx submit "$work/sent.tx" --wait sealed
exits "what was executed is not absent" 5 ask tx prove-absent "$work/sent.tx"
says "which is said, too" tx_present

expiry() {
    expired=$(ask account history "$(id alice)" --json |
        jq -r '[.items[] | select(.kind == "hold_expiry" or .kind == "expiry")][0].id // empty')
    [ -n "$expired" ]
}
check "a hold has ended by itself" await 20 expiry
check "which has a receipt" await 10 ask tx receipt "$expired" -o "$work/expiry.witan"
proves "the receipt of the expiry" "the expiry of a hold, entry $expired was executed" expiry.witan

# ---- the state ----

need bank kv put order/17 paid
check "a balance" ask state prove balance --account "$(id bob)" --asset EUR -o "$work/balance.witan"
proves "the balance" "balance of $(id bob) in .* was 2700 .* after block" balance.witan
check "an account" ask state prove account --account "$(id bob)" -o "$work/account.witan"
proves "the account" "account $(id bob) was .*version" account.witan
owner=$(jq -r .id "$treasury")
check "a record" ask state prove kv --account "$owner" --key order/17 -o "$work/record.witan"
proves "the record" "order/17.* $owner was .*version" record.witan
check "that there is no other" ask state prove kv --account "$owner" --key order/18 \
    -o "$work/nothing.witan"
proves "its absence" "order/18.* $owner did not exist after block" nothing.witan
check "the validators" ask state prove validators -o "$work/validators.witan"
proves "that record" "validator set" validators.witan
exits "an object that is none is refused" 2 ask state prove balance --account "$(id bob)"

# ---- seals and history ----

check "the head" ask block seal -o "$work/seal.witan"
proves "the seal" "was sealed by [34] of 4 validators of epoch 0" seal.witan
check "the epochs" ask epoch prove -o "$work/epochs.witan"
proves "the epochs" "epoch 0 has the validators of the genesis" epochs.witan
check "the history" ask history prove 2 5 -o "$work/history.witan"
proves "the history" "up to block 5 extends that up to block 2" history.witan

# ---- statements ----

check "a statement" ask account statement "$(id bob)" --asset EUR -o "$work/bob.witan"
proves "the statement" "these 4 lines are all movements of $(id bob) .* to 2700 " bob.witan
height=$(json paid .location.height)
check "of a part" ask account statement "$(id bob)" --asset EUR --from-height "$height" \
    -o "$work/part.witan"
proves "that" "these 3 lines are all movements of $(id bob) .* from 2500 .* to 2700 " part.witan

# The busiest account of a payment import, which is longer than a page.
for set in first second third fourth; do need pay_file $set; done
asset=$(ask asset list --json | jq -r '.items[0].asset')
ask rpc balance_list "asset=$asset" limit:=500 |
    jq -r '.items | max_by(.posted | tonumber)' >"$work/busiest.json"
busiest=$(json busiest .account)
check "the busiest account's statement" ask account statement "$busiest" --asset EUR \
    -o "$work/busy.csv"
proves "the proof beside it" "these [5-9][0-9][0-9] lines are all movements of $busiest" busy.witan
# shellcheck disable=SC2317
ties() {
    python3 - "$@" <<'PYTHON'
import csv, decimal, re, sys
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    content = file.read()
assert content.endswith("\r\n") and "\n" not in content.replace("\r\n", "")
rows = list(csv.DictReader(content.splitlines()))
opening, lines, closing = rows[0], rows[1:-1], rows[-1]
assert (opening["kind"], closing["kind"]) == ("opening", "closing")
assert len(lines) > 500, len(lines)
amount = decimal.Decimal
for change, result in ("change", "posted"), ("reserved_change", "reserved"), \
        ("incoming_change", "incoming"):
    running = amount(opening[result])
    for number, row in enumerate(lines, 1):
        running += amount(row[change])
        assert row["kind"] == "movement" and int(row["line"]) == number
        assert running == amount(row[result]), row
    assert running == amount(closing[result])
    assert sum(amount(row[change]) for row in lines) == amount(closing[change])
assert amount(closing["posted"]) * 100 == int(sys.argv[2]), closing
for row in rows:
    for cell in row.values():
        assert not cell or cell[0] not in "=+-@\t" or re.fullmatch(r"-?\d+(\.\d+)?", cell), cell
assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["time"]) for row in lines)
PYTHON
}
check "the spreadsheet ties to the cent" ties "$work/busy.csv" "$(json busiest .posted)"
check "and is made again from the proof" stranger_verify busy.witan --csv again.csv
equal "with the same lines" "$(cut -d, -f1,2,4-6 "$work/again.csv" | md5sum)" \
    "$(cut -d, -f1,2,4-6 "$work/busy.csv" | md5sum)"

# ---- backups and reports of audits are checked by the same command ----

need "$witan" backup create "$work/backup" --home "$net/1"
exits "the directory of a backup is verified" 0 stranger_verify backup
need "$witan" audit verify --genesis "$work/genesis.json" --data "$work/backup/ledger.db" \
    --immutable --key "$treasury" --report "$work/audit.json"
exits "an auditor's signed report is, too" 0 stranger_verify audit.json
says "with whose word it is" "^signed +by key $(jq -r .public_key "$treasury")"
jq '.counts.entries += 1' "$work/audit.json" >"$work/altered.json"
exits "an altered one is not" 7 stranger_verify altered.json
says "which is said" report_altered
jq 'del(.signature, .auditor)' "$work/audit.json" >"$work/unsigned.json"
exits "nor an unsigned one" 7 stranger_verify unsigned.json
says "which is said, too" report_unsigned
flip "$work/backup/ledger.db" 100000
exits "a damaged one is not" 65 stranger_verify backup
need testnet stop

# ---- what was accepted is remembered ----

trust=$(find "$stranger/.local/state/witan/trust" -name '*.json')
equal "the highest sealed head" "$(jq .height "$trust")" "$(stranger_verify --json busy.witan |
    jq '.sealed[0].height')"
equal "mode 0600" "$(stat -c %a "$trust")" 600
cp "$trust" "$work/before"
exits "an older proof is still good" 0 stranger_verify receipt.witan
check "and memory does not go back" cmp "$trust" "$work/before"
jq '.hash = "'"$(printf '%064d' 1)"'"' "$work/before" >"$trust"
cp "$trust" "$work/forged"
refuses "what contradicts it" 'T.1 remembered' stranger_verify busy.witan
says "with the head that is remembered" "^remembered +block $(printf '%064d' 1), height"
says "and the one that is shown" "^shown +block $(jq -r .hash "$work/before"), height"
check "and memory stays" cmp "$trust" "$work/forged"
echo '{' >"$trust"
exits "a damaged memory is not passed over" 10 stranger_verify receipt.witan
exits "another place can be named" 0 stranger_verify receipt.witan --trust elsewhere.json
check "which then has it" test -s "$work/elsewhere.json"
rm "$trust"
chmod 500 "$stranger/.local/state/witan/trust"

# ---- what must not pass ----

network 3 --engine raft
bank_open
cp "$net/1/config/genesis.json" "$work/raft.json"
refuses "a proof of another network" 'F.6 chain' env -i HOME="$work" "$witan" verify \
    --genesis "$work/raft.json" "$work/receipt.witan"
need ask tx wait "$(ask tx list --json | jq -r '.items[0].tx_id')" --until sealed
need ask tx receipt "$(ask tx list --json | jq -r '.items[0].tx_id')" -o "$work/crash.witan"
refuses "a proof of the crash-fault model" 'P11 crash' env -i HOME="$work" "$witan" verify \
    --genesis "$work/raft.json" "$work/crash.witan"
exits "unless that is allowed" 0 env -i HOME="$work" "$witan" verify \
    --genesis "$work/raft.json" "$work/crash.witan" --allow-crash
says "with the words for it" 'valid only if no validator lied'
exits "no genesis, no proof" 10 env -i HOME="$work" "$witan" verify --genesis "$work/nowhere" \
    "$work/receipt.witan"
head -c 1000 "$work/genesis.json" >"$work/half.json"
exits "nor with half of one" 10 env -i HOME="$work" "$witan" verify --genesis "$work/half.json" \
    "$work/receipt.witan"
exits "nor without the file" 4 stranger_verify nowhere.witan
echo 'a promise' >"$work/words"
refuses "what is no proof" 'F.1 magic' stranger_verify words
exits "of several files one is enough" 7 stranger_verify receipt.witan half.json receipt.witan
equal "and the others are judged" "$(grep -c '^VERIFIED' "$work/out")" 2

flips() { python3 "$tests/cluster/flip.py" "$witan" "$work/genesis.json" "$work/flips" "$@"; }
check "every change of a receipt is refused by a named check" flips "$work/receipt.witan" \
    "$work/receipt.txt" "$work/receipt.json"
tail -n 1 "$work/out"
check "and of an absence and a statement" flips "$work/absent.witan" "$work/part.witan"
tail -n 1 "$work/out"
finish
