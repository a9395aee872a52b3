#!/bin/sh
# tests/cluster/test_input.sh WITAN -- whatever a client sends, the answer is the documented one, it
# is the same on all four nodes, and nothing changes.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

json='Content-Type: application/json'

# ---- what the network knows ----

heads() {
    for n in 1 2 3 4; do
        field $n '"\(.ledger.height) \(.ledger.state_root) \(.mempool.txs)"'
    done
}

# post NODE: sends stdin as it is.
post() { curl -s --max-time 20 -H "$json" --data-binary @- "$(url "$1")/rpc"; }

# call NODE METHOD PARAMS
call() { printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}' "$2" "$3" | post "$1"; }

# What must be equal on all nodes: the error without what belongs to one request or one moment.
constant='if .error then
    .error | del(.data.request_id, .data.node_time, .data.ledger_time, .data.retry_after_ms,
                 .data.latest, .data.incident_id)
  else .result | {tx_id, status, duplicate, code: .result.code} end'

# everywhere WHAT KIND METHOD PARAMS: the kind of error of all four; the first answer stays in
# $work/answer.
everywhere() {
    rm -f "$work"/answer.*
    kinds=
    for n in 1 2 3 4; do
        call $n "$3" "$4" >"$work/answer.$n"
        kinds="$kinds $(jq -r '.error.data.kind // "no error"' "$work/answer.$n")"
        jq -cS "$constant" "$work/answer.$n" >"$work/constant.$n"
    done
    cp "$work/answer.1" "$work/answer"
    equal "$1: $2 on all nodes" "$kinds" " $2 $2 $2 $2"
    for n in 2 3 4; do
        cmp -s "$work/constant.1" "$work/constant.$n" ||
            fail "$1: node $n answers $(cat "$work/constant.$n"), node 1 $(cat "$work/constant.1")"
    done
}

# data WHAT PATH WANTED: of the error that everywhere got last.
data() { equal "  $1" "$(jq -r ".error.data$2" "$work/answer")" "$3"; }

# refused WHAT KIND HEX: a transaction that no node admits.
refused() { everywhere "$1" "$2" tx_submit "{\"tx\":\"$3\"}"; }

# ---- transactions ----

# body FILTER: a record of the treasury, changed by a jq filter, as tx build makes it.
body() {
    jq -n --arg owner "$bank_id" '{source: $owner, ops: [{op: "kv.put",
        args: {owner: $owner, key: "6b", expect: "any", value: "76"}}]}' | jq "$1" |
        "$witan" tx build - --genesis "$genesis"
}

# signed FILTER [KEY...]: its bytes in hex, signed by the treasury or the keys named.
signed() {
    filter=$1
    shift
    [ $# -gt 0 ] || set -- "$treasury"
    keys=
    for key in "$@"; do keys="$keys --key $key"; done
    # shellcheck disable=SC2086
    body "$filter" | "$witan" tx sign - $keys
}

# patch HEX OFFSET HEX: other bytes at this offset, counted from the end if it is negative.
patch() {
    python3 - "$1" "$2" "$3" <<'PYTHON'
import sys
data, offset, new = bytearray.fromhex(sys.argv[1]), int(sys.argv[2]), bytes.fromhex(sys.argv[3])
offset += len(data) if offset < 0 else 0
data[offset:offset + len(new)] = new
print(data.hex())
PYTHON
}

# The byte of a signature at -5, inverted.
flipped() { python3 -c "print('%02x' % (bytes.fromhex('$1')[-5] ^ 0xff))"; }

at() { date -u -d "$1" +%Y-%m-%dT%H:%M:%S.000Z; }

network 4
bank_open
need account carol
genesis=$net/1/config/genesis.json
bank_id=$(jq -r .id "$treasury")
need "$witan" testnet create --dir "$work/other" --network other
need "$witan" key new "$net/keys/ghost.json" --name ghost
need bank account freeze "$(id carol)"
good=$(signed .)
need "$witan" tx submit - --node "$(url 1)" <<GOOD
$good
GOOD
need level
before=$(heads)

# ---- the same bytes, and the same reference ----

for n in 1 2 3 4; do
    equal "node $n: the same bytes are a duplicate and a success" \
        "$(call $n tx_submit "{\"tx\":\"$good\"}" |
            jq -r '.result | "\(.duplicate) \(.status) \(.result.code)"')" "true committed ok"
done
printf '%s\n' "$good" >"$work/good.tx"
good_id=$("$witan" tx decode "$work/good.tx" --json | jq -r .tx_id)
good_ref=$("$witan" tx decode "$work/good.tx" --json | jq -r .client_ref)
refused "another body with the same reference" tx_ref_conflict \
    "$(signed ".client_ref = \"$good_ref\" | .ops[0].args.value = \"77\"")"
data "it names the first one" .tx_id "$good_id"
data "and its status" .status committed

# ---- bytes that are no transaction ----

refused "no bytes" tx_malformed ""
refused "one byte" tx_malformed 00
refused "a transaction without its last byte" tx_malformed "${good%??}"
refused "a byte too many" tx_malformed "${good}00"
refused "another version" tx_malformed "$(patch "$good" 4 0200)"
refused "an operation that does not exist" tx_malformed "$(patch "$good" 133 ffff)"
data "it names the operation" .op 0
refused "no signature" tx_malformed "$(python3 -c "print('$good'[:-194] + '00')")"
refused "an amount of zero" tx_malformed "$(patch "$(signed ".ops = [{op: \"transfer\", args:
    {from: \"$bank_id\", to: \"$(id bob)\", asset: \"$("$witan" asset get EUR \
    --node "$(url 1)" --json | jq -r .asset)\", amount: \"1\"}}]")" -105 0000000000000000)"
refused "more bytes than the chain allows" tx_too_large \
    "$(python3 -c 'print("00" * 65537)')"
data "it says how many" .max_bytes 65536
everywhere "no hex" invalid_params tx_submit '{"tx":"xyz"}'
data "it names the parameter" .path /tx
everywhere "half a byte" invalid_params tx_submit '{"tx":"0"}'
everywhere "upper case" invalid_params tx_submit '{"tx":"AB"}'
everywhere "a number" invalid_params tx_submit '{"tx":7}'
everywhere "no transaction at all" invalid_params tx_submit '{}'

# ---- transactions that are not for now, not for here, or not by those who may ----

other_chain=$("$witan" genesis id "$work/other/1/config/genesis.json" | head -n 1)
refused "another chain" tx_wrong_chain "$(signed ".chain_id = \"$other_chain\"")"
data "it names the chain" .expected "$("$witan" genesis id "$genesis" | head -n 1)"
fresh=$(signed .)
refused "a flipped bit in the signature" tx_bad_signature "$(patch "$fresh" -5 "$(flipped "$fresh")")"
data "it names the key" .public_key "$(jq -r .public_key "$treasury")"
refused "another reference under the signature" tx_bad_signature "$(patch "$fresh" 54 00000000)"
refused "an hour late" tx_expired "$(signed ".not_after = \"$(at '-1 hour')\"")"
refused "an hour early" tx_too_early \
    "$(signed ".not_before = \"$(at '+1 hour')\" | .not_after = \"$(at '+65 minutes')\"")"
refused "a day of validity" tx_window_too_long "$(signed ".not_after = \"$(at '+1 day')\"")"
refused "an account that does not exist" tx_unknown_source \
    "$(signed ".source = \"$(id ghost)\" | .ops[0].args.owner = \"$(id ghost)\"" \
        "$net/keys/ghost.json")"
data "it names the account" .source "$(id ghost)"
refused "a frozen account" tx_source_frozen \
    "$(signed ".source = \"$(id carol)\" | .ops[0].args.owner = \"$(id carol)\"" \
        "$net/keys/carol.json")"
refused "somebody else's key" tx_not_permitted "$(signed . "$net/keys/alice.json")"
refused "somebody else's record" tx_not_permitted \
    "$(signed ".ops[0].args.owner = \"$(id alice)\"")"
data "it names the account" .account "$(id alice)"
refused "a key too many" tx_not_permitted "$(signed . "$treasury" "$net/keys/alice.json")"

equal "nothing has changed" "$(heads)" "$before"

# ---- JSON-RPC ----

# answers WHAT KIND: stdin to all nodes.
answers() {
    cat >"$work/request"
    kinds=
    for n in 1 2 3 4; do
        kinds="$kinds $(post $n <"$work/request" | jq -r '.error.data.kind // "no error"')"
    done
    equal "$1: $2" "$kinds" " $2 $2 $2 $2"
}

answers "no JSON" parse_error <<'JSON'
{"jsonrpc":"2.0","id":1,"method":
JSON
answers "an empty body" parse_error </dev/null
answers "a name twice" parse_error <<'JSON'
{"jsonrpc":"2.0","id":1,"id":2,"method":"node_status"}
JSON
answers "a fraction" parse_error <<'JSON'
{"jsonrpc":"2.0","id":1.5,"method":"node_status"}
JSON
answers "an integer beyond 64 bits" parse_error <<'JSON'
{"jsonrpc":"2.0","id":18446744073709551616,"method":"node_status"}
JSON
printf '{"jsonrpc":"2.0","id":"\377","method":"node_status"}' >"$work/raw"
answers "invalid UTF-8" parse_error <"$work/raw"
python3 -c 'print("[" * 33 + "]" * 33)' >"$work/raw"
answers "nesting of 33" parse_error <"$work/raw"
answers "another version" invalid_request <<'JSON'
{"jsonrpc":"1.0","id":1,"method":"node_status"}
JSON
answers "a further member" invalid_request <<'JSON'
{"jsonrpc":"2.0","id":1,"method":"node_status","extra":true}
JSON
answers "an empty batch" invalid_request <<'JSON'
[]
JSON
answers "a method with a typing error" method_not_found <<'JSON'
{"jsonrpc":"2.0","id":1,"method":"node_stats"}
JSON
everywhere "a parameter with a typing error" invalid_params block_get '{"heigth":1}'
data "with the nearest name" .did_you_mean height
everywhere "a block that is not there yet" height_not_reached block_get '{"height":1000000}'
everywhere "a transaction nobody has" not_found tx_get \
    '{"tx_id":"0000000000000000000000000000000000000000000000000000000000000001"}'
everywhere "a cursor of nobody" cursor_invalid tx_list '{"cursor":"AAAA"}'
everywhere "an administrator's method over TCP" forbidden admin_shutdown '{}'

# batch COUNT: so many calls that change nothing.
batch() {
    python3 -c 'import json, sys
print(json.dumps([{"jsonrpc": "2.0", "id": i, "method": "chain_info"}
                  for i in range(int(sys.argv[1]))]))' "$1"
}
equal "a batch of 100 has 100 answers, in order" \
    "$(batch 100 | post 2 | jq -c '[.[] | select(.result) | .id] == [range(100)]')" true
batch 101 >"$work/raw"
answers "a batch of 101" limit_exceeded <"$work/raw"
cat >"$work/raw" <<'JSON'
[1, {},
 {"jsonrpc":"2.0","id":1,"method":"tx_wait","params":{"timeout_ms":1000,
  "tx_id":"0000000000000000000000000000000000000000000000000000000000000001"}},
 {"jsonrpc":"2.0","method":"chain_info"}]
JSON
equal "a batch of odd items answers each but the notification, and nothing waits in it" \
    "$(post 3 <"$work/raw" | jq -c '[.[] | .error.data.kind]')" \
    '["invalid_request","invalid_request","invalid_params"]'
equal "notifications alone are answered by 204 without a body" \
    "$(printf '[{"jsonrpc":"2.0","method":"chain_info"}]' |
        curl -s -w '%{http_code} %{size_download}' -H "$json" --data-binary @- "$(url 4)/rpc")" \
    "204 0"

# ---- HTTP ----

ask='{"jsonrpc":"2.0","id":1,"method":"chain_info"}'

# http WHAT CODE ARGUMENT...: the status of what curl does.
http() {
    what=$1
    wanted=$2
    shift 2
    equal "$what: $wanted" \
        "$(curl -s -o "$work/out" -w '%{http_code}' --max-time 20 "$@")" "$wanted"
}

# raw WHAT CODE: sends stdin to node 1, line feeds as CR LF, byte for byte else.
raw() {
    equal "$1: $2" "$(python3 -c '
import socket, sys
data = sys.stdin.buffer.read().replace(b"\n", b"\r\n")
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as s:
    s.settimeout(20)
    s.sendall(data)
    line = s.makefile("rb").readline().split()
    print(line[1].decode() if len(line) > 1 else "closed")
' "$(jq -r '.nodes[0].rpc_port' "$net/testnet.json")")" "$2"
}

node=$(url 1)
http "a good request" 200 -H "$json" -d "$ask" "$node/rpc"
http "a content type with a charset" 200 -H "$json; charset=utf-8" -d "$ask" "$node/"
http "text as content type" 415 -H 'Content-Type: text/plain' -d "$ask" "$node/rpc"
http "a form" 415 -d "$ask" "$node/rpc"
http "no content type" 415 -H 'Content-Type:' -d "$ask" "$node/rpc"
http "a chunked body" 411 -H "$json" -H 'Transfer-Encoding: chunked' -d "$ask" "$node/rpc"
head -c 2097152 /dev/zero | tr '\0' ' ' >"$work/large"
http "a body of 2 MiB" 413 -H "$json" -H 'Expect:' --data-binary "@$work/large" "$node/rpc"
http "a foreign Host" 403 -H "$json" -H 'Host: evil.example' -d "$ask" "$node/rpc"
http "localhost as Host" 200 -H "$json" -H 'Host: localhost' -d "$ask" "$node/rpc"
http "a foreign Origin" 403 -H "$json" -H 'Origin: http://evil.example' -d "$ask" "$node/rpc"
http "the Origin null" 403 -H "$json" -H 'Origin: null' -d "$ask" "$node/rpc"
http "a foreign Origin on metrics" 403 -H 'Origin: http://evil.example' "$node/metrics"
http "GET on /rpc" 405 "$node/rpc"
http "PUT on /rpc" 405 -X PUT -H "$json" -d "$ask" "$node/rpc"
http "POST on /metrics" 405 -H "$json" -d "$ask" "$node/metrics"
http "a path that is not there" 404 "$node/admin"
http "HTTP/1.0" 400 --http1.0 -H "$json" -d "$ask" "$node/rpc"
raw "two Hosts" 400 <<HTTP
POST /rpc HTTP/1.1
Host: 127.0.0.1
Host: 127.0.0.1
$json
Content-Length: ${#ask}

$ask
HTTP
raw "no Host" 400 <<HTTP
POST /rpc HTTP/1.1
$json
Content-Length: ${#ask}

$ask
HTTP
raw "two lengths" 400 <<HTTP
POST /rpc HTTP/1.1
Host: 127.0.0.1
$json
Content-Length: ${#ask}
Content-Length: 5

$ask
HTTP
raw "a length and an encoding" 400 <<HTTP
POST /rpc HTTP/1.1
Host: 127.0.0.1
$json
Content-Length: ${#ask}
Transfer-Encoding: chunked

$ask
HTTP
raw "a header of 20 KiB" 431 <<HTTP
POST /rpc HTTP/1.1
Host: 127.0.0.1
X-Long: $(head -c 20480 /dev/zero | tr '\0' a)
$json
Content-Length: ${#ask}

$ask
HTTP

# ---- and after all that ----

equal "nothing has changed" "$(heads)" "$before"
for n in 1 2 3 4; do
    check "a payment through node $n goes through" pay alice bob 0.01 $n
done
check "all four have the same head" level
finish
