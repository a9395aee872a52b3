#!/bin/sh
# tests/cluster/test_twin.sh WITAN -- one key on two machines, one of which stops: exit 81.
#
# First a machine was copied and went on, and later the copy is started: it finds a signature of its
# key that it never gave. With one of the others down every seal needs the key that is there twice,
# so the copy must find it in the first block that it fetches. The right machine is down meanwhile:
# peers keep one connection for a node key, and two machines that take it from each other hear little.
# Then machine and copy run at the same moment, under HotStuff and under Raft: one finds the other's
# words in certificates or in seals. Nothing forks.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

mint() { bank asset mint EUR 0.01 --to "$(id alice)" --wait sealed; }

# copy N DIR: of node N, which is down; on the same machine it needs other ports.
copies=0
copy() {
    copies=$((copies + 1))
    cp -r "$net/$1" "$2"
    rm -f "$2/log" "$2/witan.sock"
    port=$(($(peer_port "$1") + 100 * copies))
    sed -i "s/^rpc: .*/rpc: { listen = [ \"127.0.0.1:$((port + 1))\" ]; };/; \
        s/listen = \[ \"127.0.0.1:$(peer_port "$1")\"/listen = [ \"127.0.0.1:$port\"/" \
        "$2/config/witan.conf"
}

same_head() { [ "$(field "$1" .ledger.hash)" = "$(field 1 .ledger.hash)" ]; }
found() { grep -q 'exit=81.*key in use elsewhere' "$net/$last/log" "$net/live.log"; }
paid_and_found() { mint && found; }

# both_at_once N: node N, the last one, and its copy start from the same files at the same moment.
both_at_once() {
    last=$1
    need testnet kill "$last"
    copy "$last" "$net/live"
    need testnet restart "$last"
    "$witan" start --home "$net/live" >"$net/live.log" 2>&1 &
    live=$!
    check "of two that run with one key one stops within a minute" await 60 paid_and_found
    kill $live 2>/dev/null
    wait $live
    check "the network has gone on" mint
    for n in 2 3; do
        [ "$n" = "$last" ] || check "node $n has the same head" await 10 same_head "$n"
    done
    need testnet stop
    for ledger in "$net"/[1-4] "$net/live"; do
        check "the audit of $(basename "$ledger") is clean, and it is the same chain" \
            "$witan" audit verify --genesis "$net/1/config/genesis.json" --data "$net/1" \
            --data "$ledger"
    done
}

# ==== HotStuff ====

network 4
bank_open
need testnet kill 4
copy 4 "$work/twin"
need testnet restart 4
await 20 votes 4 true
need testnet kill 3
check "blocks are sealed with the key" mint
need mint

need testnet kill 4
for time in first second; do
    exits "the copy stops, the $time time" 81 timeout 60 "$witan" start --home "$work/twin"
    says "and says why" 'key in use elsewhere'
done
need testnet restart 4
need testnet restart 3
check "the right one still votes" await 20 votes 4 true
check "the network goes on" mint
check "with one head" level
both_at_once 4

# ==== Raft ====

network 3 --engine raft
bank_open
both_at_once 3
finish
