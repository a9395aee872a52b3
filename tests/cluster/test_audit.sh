#!/bin/sh
# tests/cluster/test_audit.sh WITAN -- an auditor who has a ledger.db and a genesis.json, nothing
# else: the audit is clean, the views answer the questions of docs/reference/database-views.md, and
# whatever is edited with sqlite3 is found, with its height and its code.
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
bank_open
need pay alice bob 12.34 2
exits "a payment that the ledger refuses" 5 pay alice bob 1000.00 3
need bank kv put invoice/1042 paid
need bank account freeze "$(id bob)"
need bank account freeze "$(id bob)" --thaw
need bank asset mint EUR 50.00
i=0
while [ $i -lt 12 ]; do
    need pay alice bob 0.0$((i % 9 + 1)) $((i % 4 + 1))
    i=$((i + 1))
done
check "all four have the same head" level
height=$(field 1 .ledger.height)
alice=$(id alice)
reference=$("$witan" tx list --source "$alice" --limit 1 --json --node "$(url 1)" |
    jq -r '.items[0].client_ref // empty')

# ---- what is handed to the auditor: a backup of a running node's ledger ----

mkdir "$work/auditor"
cp "$net/1/config/genesis.json" "$work/auditor/genesis.json"
need sqlite3 "$net/1/data/ledger.db" ".backup $work/auditor/clean.db"
need testnet stop
cd "$work/auditor" || exit 1

# shellcheck disable=SC2317 # called through exits
audit() {
    "$witan" audit verify --genesis genesis.json --data ledger.db "$@"
}

cp clean.db ledger.db
exits "the audit of a backup of the running node's ledger" 0 audit
says "names the height" "^blocks +0 \.\.\. $height "
says "and ends with VERIFIED" "^VERIFIED +$((height + 1)) blocks$"
check "a ledger.db of each stopped node, compared" "$witan" audit verify --genesis genesis.json \
    --data "$net/1" --data "$net/2" --data "$net/3" --data "$net/4"
says "they are equal" "^EQUAL +4 ledgers at height $height"
need "$witan" testnet create --dir "$work/other" --network other
exits "another network's genesis" 10 "$witan" audit verify \
    --genesis "$work/other/1/config/genesis.json" --data ledger.db

# ---- the views ----

# Views and columns that the page names, against those of the file.
python3 - "$tests/../docs/reference/database-views.md" clean.db >"$work/out" 2>&1 <<'PYTHON'
import re, sqlite3, sys
page = open(sys.argv[1]).read()
db = sqlite3.connect(f"file:{sys.argv[2]}?mode=ro", uri=True)
said = {}
for row in re.findall(r"^\| (`audit_.*)$", page, re.M):
    names, _, columns = [cell.strip() for cell in row.strip("| ").split("|")]
    names = re.findall(r"`(\w+)`", names)
    for name, list_of in zip(names, columns.split(";")):
        said[name] = [column.strip() for column in list_of.split(",")]
views = [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
for name in sorted(set(views) | set(said)):
    have = [column[1] for column in db.execute(f"PRAGMA table_info({name})")]
    if have != said.get(name):
        print(f"{name}: the page says {said.get(name)}, the file has {have}")
tables = [name for name, in db.execute(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
listed = {}
for name, columns in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page[page.index("## Tables"):], re.M):
    listed[name] = [c.strip(" *?") for c in re.sub(r"\([^)]*\)", "", columns).split(",")]
for name in sorted(set(tables) | set(listed)):
    have = sorted(column[1] for column in db.execute(f"PRAGMA table_info({name})"))
    if have != sorted(listed.get(name, [])):
        print(f"{name}: the page says {listed.get(name)}, the file has {have}")
PYTHON
equal "the page names every view, table and column of the file" "$(cat "$work/out")" ""

# The queries of the page, with this network's account and reference: each must run.
python3 - "$tests/../docs/reference/database-views.md" "$alice" "$reference" <<'PYTHON'
import re, sys
page, account, reference = open(sys.argv[1]).read(), sys.argv[2], sys.argv[3]
queries = re.findall(r"^    ((?:SELECT|WITH)[^;]*;)", page, re.M)
for number, query in enumerate(queries):
    query = re.sub(r"acc1\w+", account, query)
    query = re.sub(r"'[0-9a-f]{32}'", f"'{reference}'", query)
    with open(f"query.{number}.sql", "w") as file:
        file.write(query)
PYTHON
queries=0
for file in query.*.sql; do
    queries=$((queries + 1))
    check "$(tr -s ' \n' ' ' <"$file" | cut -c1-60)" sqlite3 -readonly clean.db ".read $file"
    cp "$work/out" "${file%.sql}.rows"
done
equal "the page has its queries" "$([ $queries -ge 10 ] && echo many)" many
sql() { sqlite3 -readonly clean.db "$1"; }
equal "Alice has what the payments left" \
    "$(sql "SELECT available FROM audit_balances WHERE account = '$alice' AND asset = 'EUR'")" \
    "$(balance_wanted=10000; i=0; balance_wanted=$((balance_wanted - 1234))
       while [ $i -lt 12 ]; do balance_wanted=$((balance_wanted - (i % 9 + 1))); i=$((i + 1)); done
       echo $balance_wanted)"
equal "supply and balances agree" "$(sql "SELECT count(*) FROM audit_totals
    WHERE supply <> posted OR held_out <> held_in OR held_in <> holds")" 0
equal "the failed payment is there with its reason" "$(sql "SELECT amount, code
    FROM audit_operations WHERE kind = 'transfer' AND code <> 'ok'")" "100000|insufficient_funds"
equal "every payment is there" "$(sql "SELECT count(*) FROM audit_operations
    WHERE kind = 'transfer' AND code = 'ok'")" 13
equal "the record is there" "$(sql "SELECT key, value FROM audit_kv")" "invoice/1042|paid"
equal "every sealed block has its quorum" "$(sql "SELECT count(*) FROM audit_blocks
    WHERE height > 0 AND signatures < quorum")" 0

# ---- edited with sqlite3 ----

# edit SQL: on a fresh copy.
edit() {
    rm -f ledger.db*
    cp clean.db ledger.db
    sqlite3 ledger.db "$1" || fail "sqlite3: $1"
}

# found WHAT CODE PLACE SQL: the audit must end with 7 and name both.
found() {
    edit "$4"
    exits "$1" 7 audit
    says "  $2 at $3" "^error +$2 at $3:"
}

# One byte of a blob inverted, without depending on what it was.
flip_at() { # COLUMN OFFSET (from 1)
    echo "CAST(substr($1, 1, $2 - 1) ||
        CASE WHEN substr($1, $2, 1) = x'ff' THEN x'00' ELSE x'ff' END ||
        substr($1, $2 + 1) AS BLOB)"
}

for offset in 1 40 80 120 160 200 240 280 320 352; do
    edit "UPDATE block SET header = $(flip_at header $offset) WHERE height = 7"
    exits "byte $offset of a header" 7 audit
    says "  at its height" "^error +[a-z_]+ at 7:"
done
found "a stored block hash" block_hash_mismatch 7 \
    "UPDATE block SET hash = $(flip_at hash 3) WHERE height = 7"

# A forger who computes the hash of his header: the signatures are over another one.
edit ""
python3 - ledger.db 7 <<'PYTHON'
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
header = bytearray(db.execute("SELECT header FROM block WHERE height = ?", (sys.argv[2],)).fetchone()[0])
header[-1] ^= 0xff
digest = hashlib.sha256(b"witan/header/v1\0" + header).digest()
db.execute("UPDATE block SET header = ?, hash = ? WHERE height = ?", (bytes(header), digest, sys.argv[2]))
db.commit()
PYTHON
exits "a header with its hash computed anew" 7 audit
says "  seal_other_block at 7" '^error +seal_other_block at 7:'

payment=$(sql "SELECT height FROM audit_operations WHERE kind = 'transfer' AND code = 'ok'
    ORDER BY height LIMIT 1")
of="position >> 24 = $payment"
found "a payment's amount" tx_bad_signature "$payment.0" \
    "UPDATE entry SET data = $(flip_at data 190) WHERE $of"
found "a payment's signature" tx_bad_signature "$payment.0" \
    "UPDATE entry SET data = $(flip_at data 250) WHERE $of"
found "a payment cut short" tx_malformed "$payment(\.0)?" \
    "UPDATE entry SET data = substr(data, 1, 100) WHERE $of"
found "a payment replaced by one of later" '(entry_count_mismatch|tx_root_mismatch|tx_duplicate)' \
    "$payment(\.0)?" "UPDATE entry SET data = (SELECT data FROM entry
        WHERE position >> 24 = $((payment + 9))) WHERE $of"
found "a payment removed" '[a-z_]+' "$payment" "DELETE FROM entry WHERE $of"
found "a payment put in twice" '[a-z_]+' "$height(\.1)?" \
    "INSERT INTO entry SELECT ($height << 24) | (1 << 8), kind, CAST(x'00' || substr(id, 2) AS BLOB), source,
        client_ref, code, at, data, effects, leaf FROM entry WHERE $of"
found "a block removed" block_missing 7 "DELETE FROM block WHERE height = 7"
found "the end removed" block_missing $((height - 2)) \
    "DELETE FROM block WHERE height >= $((height - 2));
     DELETE FROM entry WHERE position >> 24 >= $((height - 2))"

found "a seal's signature" seal_bad_signature 7 \
    "UPDATE seal SET signature = $(flip_at signature 20) WHERE height = 7 AND validator =
        (SELECT min(validator) FROM seal WHERE height = 7)"
found "a seal of another block" seal_other_block 7 \
    "UPDATE seal SET signature = (SELECT s.signature FROM seal s
        WHERE s.height = 6 AND s.validator = seal.validator) WHERE height = 7"
found "a seal of nobody" seal_unknown_signer 7 \
    "UPDATE seal SET validator = 9 WHERE height = 7 AND validator =
        (SELECT min(validator) FROM seal WHERE height = 7)"
edit "DELETE FROM seal WHERE height = 7"
exits "a missing seal is a note, for the next block's covers it" 0 audit
says "  seal_missing at 7" '^note +seal_missing at 7:'
exits "unless every seal is asked for" 7 audit --every-seal
edit "DELETE FROM seal WHERE height = $height"
exits "the last block without a seal is a note" 0 audit
says "  unsealed_tail" "^note +unsealed_tail at $height:"
edit ""
printf 'no database' | dd of=ledger.db conv=notrunc 2>"$work/out"
exits "a file that is no database" 7 audit
says "  sqlite_damaged" 'sqlite_damaged'

# ---- what stands beside the history, and what to do about it ----

edit "UPDATE balance SET posted = posted + 1"
exits "an edited balance row under a right history" 7 audit
says "  row_mismatch" 'row_mismatch'
says "  of the table" 'balance'
mkdir made
mv ledger.db made/ledger.db
check "ledger rebuild executes everything again" "$witan" ledger rebuild --data made \
    --genesis genesis.json
equal "the balances it makes are the right ones" \
    "$(sqlite3 -readonly made/ledger.db 'SELECT * FROM audit_balances ORDER BY account')" \
    "$(sql 'SELECT * FROM audit_balances ORDER BY account')"
cd / || exit 1
finish
