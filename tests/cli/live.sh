#!/bin/sh
# tests/cli/live.sh WITAN -- commands against a running node of one validator, on its local socket.
#
# Founds a network with `key`, `init` and `genesis`, starts the node, and checks exit codes and what
# must stand in the output; at the end stops it, audits its ledger and makes it again. A few seconds.
set -u

if [ $# -lt 1 ]; then
    echo "usage: $0 WITAN" >&2
    exit 2
fi
program=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
work=$(mktemp -d /tmp/witan-live.XXXXXX) || exit 1
node=
end() {
    if [ -n "$node" ]; then kill "$node" 2>/dev/null && wait "$node" 2>/dev/null; fi
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM

for name in $(env | sed -n 's/^\(WITAN_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
XDG_STATE_HOME=$work/state
WITAN_HOME=$work/h
export XDG_STATE_HOME WITAN_HOME
cd "$work" || exit 1

passed=0
failed=0

# check CODE TEXT ARGUMENTS...: witan ARGUMENTS must end with CODE and print TEXT.
check() {
    want=$1
    text=$2
    shift 2
    "$program" "$@" >output 2>&1
    got=$?
    if [ "$got" -eq "$want" ] && { [ -z "$text" ] || grep -qF -- "$text" output; }; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "witan $*: exit $got, wanted $want and \"$text\":"
    sed 's/^/    /' output
}

start() {
    "$program" start --journal.segment_size=4MiB --disk.low=1MiB --disk.critical=1MiB \
        --peers.listen=127.0.0.1:0 --rpc.listen= >>log 2>&1 &
    node=$!
    for _ in $(seq 100); do
        if "$program" health >/dev/null 2>&1; then return; fi
        if ! kill -0 "$node" 2>/dev/null; then break; fi
        sleep 0.1
    done
    if kill -0 "$node" 2>/dev/null; then return; fi
    echo "the node does not start:"
    tail -5 log
    exit 1
}

stop() {
    check 0 stopping stop
    wait "$node"
    code=$?
    node=
    if [ "$code" -ne 0 ]; then
        failed=$((failed + 1))
        echo "the node ended with $code"
    fi
}

# ---- found a network ----

check 0 acc1 key new bank.json --name bank-a
check 0 acc1 key new alice.json --name alice
check 0 '' key export bank.json -o bank.public.json
check 0 '' key export alice.json -o alice.public.json
bank=$(grep -o 'acc1[a-z0-9]*' bank.public.json)
alice=$(grep -o 'acc1[a-z0-9]*' alice.public.json)
check 0 draft genesis new --network live-1 --purpose test
check 0 '' genesis add bank.public.json --member --roles registrar,issuer,freezer
check 0 validator init --name bank-a --network live-1 --member "$bank" --endpoint 127.0.0.1:7790
check 0 '' genesis add h/config/validator.json
check 0 '' genesis asset EUR --issuer "$bank" --max-supply 1000000.00 --supply 1000.00
check 0 '' genesis build
check 0 live-1 init --genesis genesis.json
check 0 right config check
check 3 'node running' status
start

# ---- look ----

check 0 live-1 status
check 0 '[+] votes' health
check 0 hotstuff chain info
check 0 '"network":"live-1"' chain info --json
check 0 bank-a member list
check 0 bank-a member list --node unix:h/witan.sock,unix:h/witan.sock --agree 2
check 0 bank-a member list --node unix:nowhere,unix:h/witan.sock
check 0 bank-a member list --node unix:nowhere,unix:h/witan.sock,unix:h/witan.sock --agree 2
check 7 '1 of the 2' member list --node unix:h/witan.sock,unix:nowhere --agree 2
check 0 bank-a validator list
check 0 'HEIGHT' block list
WITAN_NODE=unix:nowhere
export WITAN_NODE
check 3 'unix:nowhere' status
check 0 live-1 status --home h
unset WITAN_NODE
check 0 '"height":0' block get 0 --json
check 6 height_not_reached block get 99
check 0 'state root' block get earliest
check 0 leader consensus state
check 0 transactions mempool status
check 0 '"ready"' rpc node_health
check 5 method_not_found rpc nonsense
check 0 info log level
check 0 'engine     debug' log level debug --module engine
check 0 'node       info' log level

# ---- write ----

check 0 ': ok' account create --key bank.json --signer alice.public.json
check 5 account_exists account create --key bank.json --signer alice.public.json
check 0 "$alice" account get alice
check 0 sealed tx transfer --source bank --to alice --asset EUR --amount 250.00 --wait sealed
check 0 '250.00' balance get alice EUR
check 0 '750.00' balance list --asset EUR
check 5 insufficient_funds tx transfer --key alice.json --to bank --asset EUR --amount 250.01
mkdir elsewhere
mv alice.json elsewhere/alice2.json
check 0 ': ok' kv put here "" --source alice2 --key elsewhere/alice2.json
mv elsewhere/alice2.json alice.json
check 10 'no key' kv put here "" --source alice2 --key alice.json
check 2 'nothing is rounded' tx transfer --key alice.json --to bank --asset EUR --amount 0.001
check 4 'no asset has the code' tx transfer --key alice.json --to bank --asset CHF --amount 1
check 5 tx_not_permitted tx transfer --source "$bank" --key alice.json --to "$alice" --asset EUR --amount 1
check 0 '"code":"ok"' kv put invoice/1 paid --source alice --expect absent --json
check 5 version_mismatch kv put invoice/1 again --source alice --expect absent
check 0 paid kv get alice invoice/1
check 0 invoice/1 kv list alice
check 0 invoice/1 kv list alice --prefix invoice/
check 0 ': ok' kv delete invoice/1 --source alice
check 4 not_found kv get alice invoice/1
check 0 ': ok' asset create USD --key bank.json
check 0 ': ok' asset mint USD 5.00 --key bank.json --to alice
check 0 ': ok' asset burn EUR 50.00 --key bank.json
check 0 '950.00' asset get EUR
check 0 'hold       hld1' hold create --key alice.json --payee bank --asset EUR --amount 80.00 --arbiter bank --for 1h
held=$(sed -n 's/^hold *//p' output)
check 0 80.00 hold get "$held"
check 0 "$held" hold list alice
check 0 '170.00' balance get alice EUR
check 5 insufficient_funds tx transfer --key alice.json --to bank --asset EUR --amount 170.01
check 5 not_arbiter hold post "$held" --key alice.json
check 5 hold_amount hold post "$held" 80.01 --key bank.json
check 2 'nothing is rounded' hold post "$held" 0.001 --key bank.json
check 2 'which hold' hold void --key bank.json
check 2 'not both' hold void "$held" --group 000102030405060708090a0b0c0d0e0f --key bank.json
check 2 '32 lower-case hex digits' hold void --group 00 --key bank.json
check 0 ': ok' hold post "$held" 0.50 --key bank.json
check 0 posted hold get "$held"
check 0 ': ok' tx transfer --key bank.json --to alice --asset EUR --amount 0.50
check 5 hold_unknown hold void "$held" --key bank.json
check 0 ': ok' hold create --key alice.json --payee bank --asset EUR --amount 1 --arbiter bank --group 000102030405060708090a0b0c0d0e0f
check 0 hld1 hold list --group 000102030405060708090a0b0c0d0e0f
check 0 ': ok' hold void --group 000102030405060708090a0b0c0d0e0f --key bank.json
check 0 'hold       hld1' hold create --key alice.json --payee bank --asset EUR --amount 1 --arbiter bank --for 1s
held=$(sed -n 's/^hold *//p' output)
for _ in $(seq 20); do
    if "$program" hold get "$held" | grep -q expired; then break; fi
    sleep 0.5
done
check 0 expired hold get "$held"
check 0 hold_expiry account history alice
check 0 ': ok' balance set-floor alice USD 500.00 --key bank.json
check 0 '-500.00' balance get alice USD
check 0 ': ok' tx transfer --key alice.json --to bank --asset USD --amount 505.00
check 5 insufficient_funds balance set-floor alice USD 499.99 --key bank.json
check 2 'nothing is rounded' balance set-floor alice USD 0.001 --key bank.json
check 0 ': ok' account freeze "$alice" --key bank.json
check 6 tx_source_frozen tx transfer --key alice.json --to bank --asset EUR --amount 1
check 0 ': ok' account freeze "$alice" --thaw --key bank.json
check 0 ': ok' account set-signers --source alice --signer alice.public.json --signer bank.json --medium 2 --high 2
check 5 tx_not_permitted tx transfer --key alice.json --to bank --asset EUR --amount 1
check 0 ': ok' tx transfer --source alice --key alice.json --key bank.json --to bank --asset EUR --amount 1
check 0 "$alice" account list
check 0 asset.burn account history "$bank"
check 0 transfer tx list --source "$alice"

# ---- signed elsewhere, and resumed ----

check 0 '' tx transfer --source alice --key alice.json --to bank --asset EUR --amount 2 --out one.tx
check 5 tx_not_permitted tx submit one.tx
check 0 '' tx sign one.tx --key bank.json -o two.tx
check 0 ': ok' tx submit two.tx
check 0 ': ok' tx submit two.tx
id=$("$program" tx decode two.tx --json | sed 's/.*"tx_id":"\([0-9a-f]*\)".*/\1/')
check 0 committed tx status "$id"
check 0 committed tx wait "$id"
check 0 transfer tx get "$id"
check 6 unknown tx wait 0000000000000000000000000000000000000000000000000000000000000000 --timeout-ms 1
check 4 not_found tx get 0000000000000000000000000000000000000000000000000000000000000000
check 0 'outbox is empty' tx resume
check 0 admitted tx transfer --source bank --to "$alice" --asset EUR --amount 3 --wait admitted
check 0 ': ok' tx resume
check 0 'outbox is empty' tx resume

# ---- the members decide; here is only one ----

validator=$("$program" validator list --json | grep -o 'val1[a-z0-9]*' | head -1)
check 0 EPOCH epoch list
check 0 '' gov list
check 4 not_found gov get 1
check 0 'params.set: ok' gov preview --set max_idle_ms=60000
check 5 action_invalid gov preview --remove "$validator"
check 5 action_invalid gov propose --remove "$validator" --key bank.json
check 5 not_member gov propose --set max_idle_ms=60000 --source alice --key alice.json --key bank.json
check 0 'proposal   1, passed' gov propose --set max_idle_ms=60000 --set gov_critical=3/4 --key bank.json --why 'quiet nights'
check 5 proposal_closed gov ballot 1 no --key bank.json
check 5 proposal_unknown gov ballot 2 yes --key bank.json
check 0 enacted gov get 1
check 0 '"max_idle_ms":60000' chain params --json
check 0 '"gov_critical":"3/4"' chain params --json
check 0 'params.set' gov preview --proposal 1
echo '[{"action":"account.roles","account":"'"$alice"'","roles":["issuer"]}]' >roles.json
check 0 '"ops"' gov propose roles.json --key bank.json --dry-run
check 0 '' gov propose roles.json --key bank.json --out roles.tx
check 0 ': ok' tx submit roles.tx
check 0 ': ok' kv put after boundary --key bank.json
check 0 issuer account get alice
check 0 enacted gov list --status enacted
check 0 '' key new new_seal.json --name new --kind seal
check 2 'the file of the new seal key' validator ready --rekey "$validator"
check 0 'is ready at block' validator ready --rekey "$validator" --key new_seal.json -o rekey.json
check 0 'validator.rekey: ok' gov preview --rekey rekey.json
check 2 'holds no action validator.add' gov preview --add rekey.json
mkdir -p e/config
check 0 '' key new e/config/seal_key.json --name e --kind seal
check 0 '' key new e/config/node_key.json --name e --kind node
check 0 'is ready at block' validator ready --member "$bank" --endpoint e.example:7790 --key e/config/seal_key.json -o own.json
check 5 action_invalid gov preview --add own.json
check 0 'is ready at block' validator ready --home e --node unix:h/witan.sock --member "$bank" --endpoint e.example:7790 -o add.json
check 5 'no node that was asked is connected' gov propose --add add.json --key bank.json

# ---- offline ----

check 75 'in use' ledger rebuild
check 0 VERIFIED audit verify
stop
check 0 VERIFIED audit verify --genesis genesis.json --data h --report report.json
check 0 VERIFIED audit verify --genesis genesis.json --data h --scratch audit.db --key bank.json --report may.json
check 2 'the earlier audit had as --scratch' audit verify --genesis genesis.json --data h --from may.json
check 2 "another auditor's" audit verify --genesis genesis.json --data h --scratch audit.db --key alice.json --from may.json
check 0 VERIFIED audit verify --genesis genesis.json --data h --scratch audit.db --key bank.json --from may.json
printf x >>audit.db
check 2 'not the file that the report names' audit verify --genesis genesis.json --data h --scratch audit.db --from may.json
sed 's/"verified"/"failed"/' may.json >june.json
check 2 'was altered' audit verify --genesis genesis.json --data h --scratch audit.db --key bank.json --from june.json
check 0 height ledger info
check 0 TABLE ledger info --tables
check 0 sound ledger check
check 0 'made again' ledger rebuild
start
check 0 '[+] votes' health
check 0 '250.00' balance get alice EUR
stop

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
