#!/bin/sh
# tests/cluster/test_peer_port.sh WITAN -- strangers on the port for other validators.
# shellcheck disable=SC2317 # functions are called by check and await
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

network 4
bank_open
port=$(peer_port 1)

refusals() { testnet logs 1 | grep -c 'event=peer_refused'; }
refused() { [ "$(refusals)" -gt "$1" ]; }
still_pays() { check "payments go on after that" pay alice bob 0.01 1; }

# ---- no certificate ----
before=$(refusals)
openssl s_client -connect "127.0.0.1:$port" -tls1_3 </dev/null >"$work/tls" 2>&1
equal "a client without a certificate gets no answer" \
    "$(grep -c '^WITAN' "$work/tls")" 0
check "it is refused, with a line in the log" await 10 refused "$before"
still_pays

# ---- a certificate of nobody ----
openssl req -x509 -newkey ed25519 -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -nodes \
    -subj /CN=stranger >/dev/null 2>&1
before=$(refusals)
openssl s_client -connect "127.0.0.1:$port" -tls1_3 -cert "$work/cert.pem" -key "$work/key.pem" \
    </dev/null >"$work/tls" 2>&1
check "a client with a foreign certificate is refused" await 10 refused "$before"
still_pays

# ---- an older TLS ----
check "TLS 1.2 is not spoken" sh -c \
    "! openssl s_client -connect 127.0.0.1:$port -tls1_2 </dev/null"

# ---- garbage instead of TLS, and a connection that says nothing ----
before=$(refusals)
python3 - "$port" <<'PYTHON'
import os, socket, sys
for size in (1, 5, 16384, 262144):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    try:
        s.sendall(os.urandom(size))
        s.shutdown(socket.SHUT_WR)
        while s.recv(4096):
            pass
    except OSError:
        pass
    s.close()
PYTHON
check "garbage is refused" await 10 refused "$before"
still_pays

# ---- frames of a member that lost its mind: its key, but not its program ----
# A client with node 4's own key gets through the handshake; what it sends then is no hello.
need testnet kill 4
# PKCS #8 of an Ed25519 seed: a fixed head and the 32 bytes.
python3 - "$net/4/config/node_key.json" "$work/node4.der" <<'PYTHON'
import json, sys
seed = bytes.fromhex(json.load(open(sys.argv[1]))["secret"]["plain"])
open(sys.argv[2], "wb").write(bytes.fromhex("302e020100300506032b657004220420") + seed)
PYTHON
openssl pkey -inform DER -in "$work/node4.der" -out "$work/node4.pem" 2>"$work/err"
openssl req -x509 -key "$work/node4.pem" -out "$work/node4.cert" -days 2 -subj /CN=node4 \
    >/dev/null 2>&1
disconnects() { testnet logs 1 | grep -Ec 'event=(peer_refused|peer_down)'; }
gone() { [ "$(disconnects)" -gt "$1" ]; }
send() {
    before=$(disconnects)
    openssl s_client -connect "127.0.0.1:$port" -tls1_3 -quiet -cert "$work/node4.cert" \
        -key "$work/node4.pem" <"$1" >/dev/null 2>&1
    check "$2" await 15 gone "$before"
}
printf '\377\377\377\377\001' >"$work/oversized"
send "$work/oversized" "a frame of 4 GiB ends the connection"
head -c 1000000 /dev/urandom >"$work/noise"
send "$work/noise" "a megabyte of noise ends it"
printf '\000\001\000\000\003' >"$work/early"
head -c 256 /dev/zero >>"$work/early"
send "$work/early" "an engine message before the hello ends it"
still_pays
need testnet restart 4
check "the real node 4 is welcome: all four have the same head" level
finish
