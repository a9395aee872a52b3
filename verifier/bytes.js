// Bytes: comparison, hexadecimal, and both directions of the encoding (little-endian, fixed width).
// Numbers of up to 32 bits are Numbers, those of 64 bits BigInts.

import { Refused } from "./checks.js";

export const ZERO_16 = new Uint8Array(16);
export const ZERO_32 = new Uint8Array(32);

// All parts one after the other; a part is bytes, or a list of such.
export function concat(...parts) {
    const all = parts.flat();
    const whole = new Uint8Array(all.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of all) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

// As unsigned numbers from the first byte on: below 0, 0 or above 0.
export function compare(a, b) {
    const size = Math.min(a.length, b.length);
    for (let i = 0; i < size; i++) {
        if (a[i] !== b[i]) return a[i] - b[i];
    }
    return a.length - b.length;
}

export const equal = (a, b) => compare(a, b) === 0;
export const isZero = (bytes) => bytes.every((byte) => byte === 0);

// Each item is above the one before; of an item, what `key` takes from it.
export function ascending(items, key = (item) => item) {
    return items.every((item, i) => i === 0 || compare(key(items[i - 1]), key(item)) < 0);
}

export function hex(bytes) {
    let text = "";
    for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
    return text;
}

// The bytes of lower-case hexadecimal text, or null.
export function unhex(text) {
    if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return null;
    const bytes = new Uint8Array(text.length / 2);
    for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
    return bytes;
}

export const utf8 = (text) => new TextEncoder().encode(text);

// The text of valid UTF-8; throws a TypeError otherwise. A byte order mark is text like any other.
export function fromUtf8(bytes) {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

// ---- writing -----------------------------------------------------------------------------------

function littleEndian(value, size) {
    const bytes = new Uint8Array(size);
    let rest = BigInt.asUintN(8 * size, BigInt(value));
    for (let i = 0; i < size; i++) {
        bytes[i] = Number(rest & 0xffn);
        rest >>= 8n;
    }
    return bytes;
}

export const u8 = (value) => littleEndian(value, 1);
export const u16 = (value) => littleEndian(value, 2);
export const u32 = (value) => littleEndian(value, 4);
export const u64 = (value) => littleEndian(value, 8);
export const i64 = u64; // Two's complement: asUintN does it.
export const bytes8 = (bytes) => concat(u8(bytes.length), bytes);
export const bytes16 = (bytes) => concat(u16(bytes.length), bytes);
export const bytes32 = (bytes) => concat(u32(bytes.length), bytes);
export const text8 = (text) => bytes8(utf8(text));

// ---- reading -----------------------------------------------------------------------------------

// Reads from the front. What is wrong is thrown as Refused: F.5, unless the reader was made with
// another check for its form; a length over its limit is F.4.
export class Reader {
    constructor(bytes, form = "F.5") {
        this.bytes = bytes;
        this.at = 0;
        this.form = form;
    }

    ensure(condition) {
        if (!condition) throw new Refused(this.form);
    }

    take(size) {
        this.ensure(size <= this.bytes.length - this.at);
        this.at += size;
        return this.bytes.subarray(this.at - size, this.at);
    }

    // Nothing is left over.
    end() {
        this.ensure(this.at === this.bytes.length);
    }

    number(size) {
        let value = 0;
        const bytes = this.take(size);
        for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[i];
        return value;
    }

    u8() { return this.number(1); }
    u16() { return this.number(2); }
    u32() { return this.number(4); }
    u64() { return BigInt(this.u32()) | (BigInt(this.u32()) << 32n); }
    i64() { return BigInt.asIntN(64, this.u64()); }
    id() { return this.take(16); }
    hash() { return this.take(32); }
    signature() { return this.take(64); }

    limited(count, limit, least = 0) {
        if (count > limit || count < least) throw new Refused("F.4");
        return count;
    }

    bytes8() { return this.take(this.u8()); }
    bytes16(limit) { return this.take(this.limited(this.u16(), limit)); }
    bytes32(limit) { return this.take(this.limited(this.u32(), limit)); }

    text8() {
        const bytes = this.bytes8();
        let text = "\0";
        try { text = fromUtf8(bytes); } catch { /* Not UTF-8: refused like a NUL. */ }
        this.ensure(!text.includes("\0"));
        return text;
    }

    // `count` times what `read` reads.
    list(count, read) {
        const items = [];
        for (let i = 0; i < count; i++) items.push(read(this));
        return items;
    }
}
