// Ed25519 (RFC 8032) with exactly the rule of docs/reference/proofs.md, "Signature". Libraries, and
// browsers, differ in what RFC 8032 leaves open; a signature that one verifier accepts and another
// refuses would be no proof, so the curve is done here, in the open. Only public data passes through:
// nothing needs to take constant time.
//
// The curve is -x^2 + y^2 = 1 + D x^2 y^2 over the integers modulo P. A point is [X, Y, Z, T] with
// x = X/Z, y = Y/Z, x y = T/Z.

import { concat, equal } from "./bytes.js";
import { sha512 } from "./sha2.js";

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n; // L of the page.
const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);
const NEUTRAL = [0n, 1n, 1n, 0n];
const BASE = decode(encodeY(mod(4n * power(5n, P - 2n)), 0n));

function mod(x) {
    const rest = x % P;
    return rest < 0n ? rest + P : rest;
}

function power(base, exponent) {
    let result = 1n;
    for (let bit = exponent.toString(2).length - 1; bit >= 0; bit--) {
        result = (result * result) % P;
        if ((exponent >> BigInt(bit)) & 1n) result = (result * base) % P;
    }
    return result;
}

// RFC 8032, 5.1.4. The formula holds for all pairs of points, equal ones too.
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
    const a = mod((y1 - x1) * (y2 - x2));
    const b = mod((y1 + x1) * (y2 + x2));
    const c = mod(2n * t1 * mod(D * t2));
    const d = mod(2n * z1 * z2);
    const e = b - a, f = d - c, g = d + c, h = b + a;
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function double([x, y, z]) {
    const a = mod(x * x);
    const b = mod(y * y);
    const h = a + b;
    const e = h - mod((x + y) * (x + y));
    const g = a - b;
    const f = mod(2n * z * z) + g;
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

const negate = ([x, y, z, t]) => [mod(-x), y, z, mod(-t)];
const isNeutral = ([x, y, z]) => x === 0n && y === z;

// s times p plus k times q, bit by bit from the top.
function combine(s, p, k, q) {
    const both = add(p, q);
    let sum = NEUTRAL;
    for (let bit = 252n; bit >= 0n; bit--) {
        sum = double(sum);
        const inS = (s >> bit) & 1n;
        const inK = (k >> bit) & 1n;
        if (inS && inK) sum = add(sum, both);
        else if (inS) sum = add(sum, p);
        else if (inK) sum = add(sum, q);
    }
    return sum;
}

// Points of order 1, 2, 4 or 8: eight times such a point is the neutral one.
const isSmallOrder = (point) => isNeutral(double(double(double(point))));

function toNumber(bytes) {
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return value;
}

function encodeY(y, sign) {
    const bytes = new Uint8Array(32);
    let rest = y | (sign << 255n);
    for (let i = 0; i < 32; i++) {
        bytes[i] = Number(rest & 0xffn);
        rest >>= 8n;
    }
    return bytes;
}

function encode([x, y, z]) {
    const inverse = power(z, P - 2n);
    return encodeY(mod(y * inverse), mod(x * inverse) & 1n);
}

// The point of a canonical encoding, or null (RFC 8032, 5.1.3).
function decode(bytes) {
    const number = toNumber(bytes);
    const sign = number >> 255n;
    const y = number & (2n ** 255n - 1n);
    if (y >= P) return null;
    const u = mod(y * y - 1n);
    const v = mod(D * y * y + 1n);
    const v3 = mod(v * v * v);
    let x = mod(u * v3 * power(mod(u * v3 * v3 * v), (P - 5n) / 8n));
    const square = mod(v * x * x);
    if (square === mod(-u)) x = mod(x * ROOT_OF_MINUS_1);
    else if (square !== u) return null;
    if (x === 0n && sign === 1n) return null;
    if ((x & 1n) !== sign) x = P - x;
    return [x, y, 1n, mod(x * y)];
}

// The canonical encoding of a point of the main subgroup, other than the neutral element.
export function validKey(key) {
    const point = decode(key);
    return point !== null && !isNeutral(point) && isNeutral(combine(ORDER, point, 0n, NEUTRAL));
}

export function verifySignature(key, message, signature) {
    const encodedR = signature.subarray(0, 32);
    const s = toNumber(signature.subarray(32, 64));
    if (s >= ORDER) return false;
    const a = decode(key);
    if (a === null || isSmallOrder(a)) return false;
    const k = toNumber(sha512(concat(encodedR, key, message))) % ORDER;
    const r = combine(s, BASE, k, negate(a));
    return !isSmallOrder(r) && equal(encode(r), encodedR);
}
