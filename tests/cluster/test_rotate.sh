#!/bin/sh
# tests/cluster/test_rotate.sh WITAN -- new keys on running machines: a validator's seal key, an
# account's key, the wrong ways to do it, and settings that a reload changes.
# shellcheck disable=SC2317,SC2016 # functions are called by check and await; $a is for sed
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
seal_of() { jq -r .public_key "$net/$1/config/seal_key.json"; }
member_of() { "$witan" validator list --node "$(url 1)" --json |
    jq -r ".items[] | select(.endpoint | endswith(\":$(peer_port "$1")\")) | .member"; }
member_key() {
    wanted=$(member_of "$1")
    for file in "$net"/keys/*.json; do
        if [ "$(jq -r .id "$file")" = "$wanted" ]; then echo "$file" && return; fi
    done
}
# rotate N [FLAG...]: on node N's machine, by its member.
rotate() {
    n=$1
    shift
    "$witan" key rotate seal --home "$net/$n" --node "$(url "$n")" --key "$(member_key "$n")" "$@"
}
# vote NUMBER: everybody says yes until it has passed.
vote() {
    for file in "$net"/keys/*.json; do
        [ "$file" = "$treasury" ] && continue
        "$witan" gov ballot "$1" yes --node "$(url 1)" --key "$file" || true
    done
}
epoch_is() { [ "$(field "$1" .chain.epoch)" = "$2" ]; }
number() { sed -n 's/^proposal *\([0-9]*\),.*/\1/p' "$work/out"; }
logs() { grep -q "$2" "$net/$1/log"; }

old=$(seal_of 2)
cp "$net/2/config/seal_key.json" "$work/old_seal.json"
check "a rotation is proposed" rotate 2
cp "$work/out" "$work/first"
says "and has a number" '^proposal '
proposal=$(number)
exits "a second one while it is under way is refused" 5 rotate 2
says "with the word for it" rotation_under_way
equal "nothing has changed yet" "$(seal_of 2)" "$old"
check "the members vote" vote "$proposal"
check "the next epoch begins" await 30 epoch_is 2 1
await 20 votes 2 true
check "the node votes on" votes 2 true
if [ "$(seal_of 2)" != "$old" ]; then pass "its key is a new one"; else fail "its key is the old one"; fi
check "and no next key is left" test ! -e "$net/2/config/seal_key.next.json"
check "nor an old one" test ! -e "$net/2/config/seal_key.old.json"
check "nor a safety file" test ! -e "$net/2/data/safety.next"
check "the log says it" logs 2 key_rotated

# Its operator puts the old key file back, in a hurry.
need testnet kill 2
cp "$net/2/config/seal_key.json" "$work/new_seal.json"
cp "$work/old_seal.json" "$net/2/config/seal_key.json"
need testnet restart 2
await 20 field 2 .node.votes
check "with the old key file in its place it does not vote" votes 2 false
equal "for its safety file is the new key's" "$(field 2 .node.votes_reason)" safety_mismatch
check "and the log says so" logs 2 'not_voting.*another'
need testnet kill 2
cp "$work/new_seal.json" "$net/2/config/seal_key.json"
need testnet restart 2
await 20 votes 2 true
check "after kill -9 it votes with the new key" votes 2 true

# The old key is lost, and the machine is down when the epoch begins.
rm "$net/3/config/seal_key.json"
need testnet kill 3
need testnet restart 3
await 20 votes 3 false
id3=$("$witan" validator list --node "$(url 1)" --json |
    jq -r ".items[] | select(.endpoint | endswith(\":$(peer_port 3)\")) | .validator")
check "a lost key is replaced by the member's account" rotate 3 --validator "$id3"
proposal=$(number)
need testnet kill 3
check "the members vote" vote "$proposal"
check "the epoch begins without it" await 30 epoch_is 1 2
need testnet restart 3
await 30 votes 3 true
check "it comes back and votes with the new key" votes 3 true

# Not proposed after all.
check "another rotation" rotate 4
check "is abandoned" "$witan" key rotate seal --home "$net/4" --abandon
check "and its key wiped" test ! -e "$net/4/config/seal_key.next.json"
check "so the next one can begin" rotate 4
need "$witan" key rotate seal --home "$net/4" --abandon

# An account's key.
old=$(jq -r .public_key "$treasury")
check "an account's key is rotated" bank key rotate account "$treasury"
if [ "$(jq -r .public_key "$treasury")" != "$old" ]; then pass "the file holds a new one"; else fail "old"; fi
check "which signs" bank asset create EUR --scale 2
exits "a node key is not rotated" 5 "$witan" key rotate node
says "and it says how" 'remove OLD --add'

# A reload.
check "all have the same head" level
conf=$net/1/config/witan.conf
pid() { jq -r ".nodes[$1 - 1].pid" "$net/testnet.json"; }
cp "$conf" "$work/conf"
key=$(jq -r .public_key "$net/2/config/node_key.json")
observers() { "$witan" rpc admin_config --node "unix:$net/1/witan.sock" |
    jq -r '.items[] | select(.key == "peers.observers") | .value'; }
observer_is() { [ "$(observers)" = "$1" ]; }
sed -i "s/^ *observers = .*/    observers = [ \"$key\" ];/" "$conf"
kill -HUP "$(pid 1)"
check "SIGHUP applies peers.observers" await 5 observer_is "$key"
sed -i 's/^ *observers = .*/    observers = [ "nonsense" ];/' "$conf"
kill -HUP "$(pid 1)"
check "wrong settings are refused" await 5 logs 1 config_refused
equal "as a whole" "$(observers)" "$key"
cp "$work/conf" "$conf"
# hurry SED WORD: an edit that is wrong, and the word for it.
hurry() {
    sed "$1" "$work/conf" >"$conf"
    kill -HUP "$(pid 1)"
    check "refused: $2" await 5 logs 1 "config_refused.*$2"
}
hurry '$a mempool: { txs_maximum = 5; };' 'did you mean mempool.txs_max'
hurry '$a mempool: { txs_max = "many"; };' 'wants a number'
hurry '$a mempool: { txs_max = 5; };' 'is not between'
hurry '$a mempool: {' 'syntax error'
hurry 's/retry_max = "1s"/retry_max = "20ms"/' 'peers.retry_min is longer'
hurry 's/critical = "64MiB"/critical = "1GiB"/' 'disk.critical'
# What only the parts themselves can judge is taken back as a whole, too.
hurry 's/^rpc: {/rpc: { body_max = "2MiB"; response_max = "1MiB";/; s/"1s"/"7s"/' 'twice body_max'
retry_is() { [ "$("$witan" rpc admin_config --node "unix:$net/1/witan.sock" |
    jq -r '.items[] | select(.key == "peers.retry_max") | .value')" = "$1" ]; }
check "and nothing of it is left" retry_is 1s
equal "the node runs and votes with the settings it had" "$(field 1 .node.votes)" true
mempool_is() { [ "$("$witan" rpc mempool_status --node "$(url 1)" | jq -r .txs_max)" = "$1" ]; }
batch() { # So many calls at once: are they answered?
    curl -s -H 'Content-Type: application/json' "$(url 1)" \
        -d "[$(printf '{"jsonrpc":"2.0","id":1,"method":"node_health"},%.0s' $(seq 2 "$1"))
            {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"node_health\"}]" |
        jq -e 'type == "array"'
}
refused_batch() { ! batch "$1"; }
check "ten calls in a batch are answered" batch 10
sed 's/format = "logfmt"/format = "json"/; $a mempool: { txs_max = 777; };
    s/^rpc: {/rpc: { batch_items_max = 9; disabled_methods = [ "gov_*" ];/; s/"1s"/"2s"/' "$work/conf" >"$conf"
kill -HUP "$(pid 1)"
check "the pool's bounds change" await 5 mempool_is 777
check "the pauses between calls of peers" retry_is 2s
check "and ten calls are too many" refused_batch 10
check "but nine are not" batch 9
exits "a method is not served any more" 1 "$witan" gov list --node "$(url 1)"
says "and says why" method_disabled
check "and the form of the log" await 5 logs 1 '"event":"config_reloaded"'
cp "$work/conf" "$conf"
kill -HUP "$(pid 1)"
check "and back" await 5 mempool_is 20000
check "and the method, too" "$witan" gov list --node "$(url 1)"
sed -i 's/^rpc: .*/rpc: { listen = [ "127.0.0.1:1" ]; };/' "$conf"
kill -HUP "$(pid 1)"
check "what needs a restart is named" await 5 logs 1 'config_needs_restart.*rpc.listen'
check "and the node goes on" level
need testnet stop
check "four ledgers are the same chain" "$witan" audit verify --genesis "$net/1/config/genesis.json" \
    --data "$net/1" --data "$net/2" --data "$net/3" --data "$net/4"
finish
