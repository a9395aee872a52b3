#!/bin/sh
# tests/cluster/test_faults_frames.sh WITAN -- a hundred thousand garbage frames at the peer port.
#
# First from a stranger who does not even speak TLS, then from a member gone mad: the key of
# validator 4, whose own node is down meanwhile. The flooded node must neither grow by 4 MiB nor stop
# taking part, and the member is welcome again when it behaves.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

need cc -O1 -o "$work/flood" "$tests/faults/flood.c" -lssl -lcrypto

pid_of() { jq -r ".nodes[$1 - 1].pid" "$net/testnet.json"; }
rss_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$(pid_of "$1")/status"; }
metric() { curl -s "$(url "$1")/metrics" | awk -v name="$2" 'index($0, name) == 1 { sum += $2 }
    END { print sum + 0 }'; }
below() { [ "$1" -lt "$2" ]; }

network 4
bank_open
need testnet kill 4
for i in 1 2 3; do need pay alice bob 0.01 $i; done
# What the first connections of anybody cost is not what is measured.
"$work/flood" "$(peer_port 1)" 2000 >/dev/null 2>&1

before=$(rss_kib 1)
check "100,000 frames of a stranger" "$work/flood" "$(peer_port 1)" 100000
cat "$work/out"
grown=$(($(rss_kib 1) - before))
check "the node has grown by $grown KiB, less than 4 MiB" below $grown 4096
check "it goes on" pay alice bob 0.01 1

key=$(jq -r .secret.plain "$net/4/config/node_key.json")
before=$(rss_kib 1)
check "100,000 frames of a member" "$work/flood" "$(peer_port 1)" 100000 "$key"
cat "$work/out"
grown=$(($(rss_kib 1) - before))
check "the node has grown by $grown KiB, less than 4 MiB" below $grown 4096
check "it goes on" pay alice bob 0.01 1
refused=$(metric 1 witan_peer_refused_total)
check "refusals are counted: $refused" below 0 "$refused"

need testnet start
check "the member is welcome again, and all four agree" level
equal "every payment is there" "$(balance bob 4)" 5
finish
