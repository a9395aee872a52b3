// SHA-256 and SHA-512 (FIPS 180-4), and the tagged hash of Witan: H(tag, x) = SHA-256(tag | 0 | x).
//
// The constants are computed as the standard defines them (section 4.2 and 5.3): the first 64 bits
// of the fractional parts of cube and square roots of primes. SHA-256 uses the upper 32 of them.

import { concat, utf8 } from "./bytes.js";

const MASK = (1n << 64n) - 1n;

// The largest root with root ** degree <= value, by Newton's method from above.
function integerRoot(value, degree) {
    const n = BigInt(degree);
    let root = 1n << BigInt(Math.ceil(value.toString(2).length / degree));
    for (;;) {
        const next = ((n - 1n) * root + value / root ** (n - 1n)) / n;
        if (next >= root) return root;
        root = next;
    }
}

function primes(count) {
    const found = [];
    for (let n = 2; found.length < count; n++) {
        if (found.every((prime) => n % prime !== 0)) found.push(n);
    }
    return found.map(BigInt);
}

const PRIMES = primes(80);
const K_512 = PRIMES.map((prime) => integerRoot(prime << 192n, 3) & MASK);
const START_512 = PRIMES.slice(0, 8).map((prime) => integerRoot(prime << 128n, 2) & MASK);
const K_256 = Int32Array.from(K_512.slice(0, 64), (word) => Number(BigInt.asIntN(32, word >> 32n)));
const START_256 = Int32Array.from(START_512, (word) => Number(BigInt.asIntN(32, word >> 32n)));

// The message, a bit 1, zeros, and its length in bits; whole blocks.
function pad(message, block, lengthSize) {
    const blocks = Math.ceil((message.length + 1 + lengthSize) / block);
    const padded = new Uint8Array(blocks * block);
    padded.set(message);
    padded[message.length] = 0x80;
    new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
    return new DataView(padded.buffer);
}

export function sha256(message) {
    const view = pad(message, 64, 8);
    const state = Int32Array.from(START_256);
    const w = new Int32Array(64);
    const rotate = (x, n) => (x >>> n) | (x << (32 - n));
    for (let block = 0; block < view.byteLength; block += 64) {
        for (let t = 0; t < 16; t++) w[t] = view.getInt32(block + 4 * t);
        for (let t = 16; t < 64; t++) {
            const s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >>> 3);
            const s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >>> 10);
            w[t] = (s1 + w[t - 7] + s0 + w[t - 16]) | 0;
        }
        let [a, b, c, d, e, f, g, h] = state;
        for (let t = 0; t < 64; t++) {
            const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
            const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K_256[t] + w[t]) | 0;
            const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
            const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
            h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
        }
        [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] += word; });
    }
    const digest = new Uint8Array(32);
    const out = new DataView(digest.buffer);
    state.forEach((word, i) => out.setInt32(4 * i, word));
    return digest;
}

export function sha512(message) {
    const view = pad(message, 128, 16);
    const state = [...START_512];
    const rotate = (x, n) => (x >> n) | ((x << (64n - n)) & MASK);
    for (let block = 0; block < view.byteLength; block += 128) {
        const w = [];
        for (let t = 0; t < 16; t++) w.push(view.getBigUint64(block + 8 * t));
        for (let t = 16; t < 80; t++) {
            const s0 = rotate(w[t - 15], 1n) ^ rotate(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
            const s1 = rotate(w[t - 2], 19n) ^ rotate(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
            w.push((s1 + w[t - 7] + s0 + w[t - 16]) & MASK);
        }
        let [a, b, c, d, e, f, g, h] = state;
        for (let t = 0; t < 80; t++) {
            const s1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n);
            const t1 = h + s1 + ((e & f) ^ (~e & MASK & g)) + K_512[t] + w[t];
            const s0 = rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n);
            const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g; g = f; f = e; e = (d + t1) & MASK; d = c; c = b; b = a; a = (t1 + t2) & MASK;
        }
        [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] = (state[i] + word) & MASK; });
    }
    const digest = new Uint8Array(64);
    const out = new DataView(digest.buffer);
    state.forEach((word, i) => out.setBigUint64(8 * i, word));
    return digest;
}

const TAG_END = new Uint8Array(1);

// What is hashed or signed under a tag: tag | 0 | parts.
export function tagged(tag, ...parts) {
    return concat(utf8(tag), TAG_END, ...parts);
}

// H(tag, x) of the page, x being the parts one after the other.
export function hash(tag, ...parts) {
    return sha256(tagged(tag, ...parts));
}
