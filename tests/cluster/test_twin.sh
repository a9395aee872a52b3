#!/bin/sh
# tests/cluster/test_twin.sh WITAN -- a machine was copied and went on, and later the copy is started:
# it finds a signature of its key that it never gave, stops and says why, and nothing forks.
#
# With one of the others down every seal needs the key that is there twice, so the copy must find it
# in the first block that it fetches. The right machine is down meanwhile: peers keep one connection
# for a node key, and two machines that take it from each other hear little.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
bank_open
mint() { bank asset mint EUR 0.01 --to "$(id alice)" --wait sealed; }
need testnet kill 4
cp -r "$net/4" "$work/twin"
rm -f "$work/twin/log" "$work/twin/witan.sock"
need testnet restart 4
await 20 votes 4 true
need testnet kill 3
check "blocks are sealed with the key" mint
need mint

need testnet kill 4
# The copy, as it was: on the same machine it needs other ports.
port=$(($(peer_port 4) + 100))
sed -i "s/^rpc: .*/rpc: { listen = [ \"127.0.0.1:$((port + 1))\" ]; };/; \
    s/listen = \[ \"127.0.0.1:$(peer_port 4)\"/listen = [ \"127.0.0.1:$port\"/" \
    "$work/twin/config/witan.conf"
for time in first second; do
    exits "the copy stops, the $time time" 81 timeout 60 "$witan" start --home "$work/twin"
    says "and says why" 'key in use elsewhere'
done
need testnet restart 4
need testnet restart 3
check "the right one still votes" await 20 votes 4 true
check "the network goes on" mint
check "with one head" level
need testnet stop
check "four ledgers are the same chain" "$witan" audit verify --genesis "$net/1/config/genesis.json" \
    --data "$net/1" --data "$net/2" --data "$net/3" --data "$net/4"
finish
