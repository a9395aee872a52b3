#!/bin/sh
# tests/cluster/test_faults_sync.sh WITAN -- a slow disk, and one that fails.
#
# A preload library (tests/faults/disk.c) makes every fdatasync of the journal 200 ms longer and
# writes down what each node wrote, synced and said, in order. No proposal, vote, timeout or seal
# may be said before the record of it is durable; and the price can be seen from outside: proposal,
# vote, commit vote and decision each wait for one sync.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

need cc -shared -fPIC -O1 -o "$work/disk.so" "$tests/faults/disk.c" -ldl

# made VALIDATORS: a network that does not run yet.
made() {
    networks=$((networks + 1))
    net=$work/net$networks
    treasury=$net/keys/treasury.json
    need "$witan" testnet create --dir "$net" --validators "$1"
}

# faulty MS COMMAND...: with the library.
faulty() {
    sync_ms=$1
    shift
    env LD_PRELOAD="$work/disk.so" FAULT_SYNC_MS="$sync_ms" FAULT_LOG_DIR="$work/log" \
        FAULT_EIO_FILE="$work/eio" "$@"
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# timed COMMAND...: its duration in $took.
timed() {
    begun=$(now_ms)
    need "$@"
    took=$(($(now_ms) - begun))
}

between() { [ "$2" -ge "$1" ] && [ "$2" -le "$3" ]; }

# ---- the checker finds what it looks for ----

printf 'W 00aa11\nT 2 aa\nB\nS\n' >"$work/early"
equal "a vote before its sync is noticed" "$(awk -f "$tests/faults/order.awk" "$work/early")" \
    "1 promises, 1 early"
printf 'W 00aa11\nB\nT 2 aa\nS\n' >"$work/early"
equal "and one while it is under way" "$(awk -f "$tests/faults/order.awk" "$work/early")" \
    "1 promises, 1 early"
printf 'W 00aa11\nB\nS\nT 2 aa\nT 5 bb\n' >"$work/good"
equal "one behind it is good" "$(awk -f "$tests/faults/order.awk" "$work/good")" \
    "1 promises, 0 early"

# ---- all four disks are slow ----

mkdir "$work/log"
made 4
need faulty 200 "$witan" testnet start --dir "$net"
bank_open
for i in 1 2 3; do
    timed pay alice bob 0.01 "$i"
    check "payment $i took $took ms: four syncs of 200 ms, and no timeout" between 800 "$took" 5000
done
check "all four agree" level
need testnet stop
nodes=0
for log in "$work"/log/*; do
    found=$(awk -f "$tests/faults/order.awk" "$log")
    [ "${found%% *}" -gt 10 ] || continue
    nodes=$((nodes + 1))
    equal "a node said ${found%% *} things, each after its record was durable" \
        "${found#* promises, }" "0 early"
done
equal "that was checked on all four" "$nodes" 4

# ---- one disk is slow: the others do not wait for it ----

rm -rf "$work/log"
mkdir "$work/log"
made 4
need testnet start
bank_open
need testnet kill 4
faulty 200 "$witan" start --home "$net/4" >"$work/node4.log" 2>&1 &
slow=$!
need await 30 "$witan" rpc node_status --node "$(url 4)"
quick=0
for i in 1 2 3 1 2 3 1 2 3; do
    timed pay alice bob 0.01 "$i"
    [ "$took" -lt 700 ] && quick=$((quick + 1))
done
check "with one slow disk most payments ($quick of 9) are quick" between 4 "$quick" 9

# ---- and then it fails ----

touch "$work/eio"
need pay alice bob 0.01 1
wait "$slow"
equal "a failed fdatasync ends the process with 74" $? 74
cp "$work/node4.log" "$work/out"
says "and the log says so" "fdatasync|journal"
check "the others go on" pay alice bob 0.01 2
need testnet start
check "with a good disk it comes back and agrees" level
equal "nothing was lost or paid twice" "$(balance bob 4)" 11
finish
