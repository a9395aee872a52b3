// The state: what objects it has, where each lies in its tree, and the tree.

import { Reader, ascending, bytes16, compare, concat, equal, isZero, u8, ZERO_32 } from "./bytes.js";
import { hash } from "./sha2.js";
import { OBJECT_KINDS } from "./text.js";

export const ACCOUNT = 0x10, ASSET = 0x20, BALANCE = 0x30, HOLD = 0x40;
export const KV = 0x50, WINDOW = 0x60, LANE = 0x70, GOVERNANCE = 0x80;

export const isObjectKind = (kind) => OBJECT_KINDS.has(kind);

// ---- keys and values -----------------------------------------------------------------------------

const GOVERNANCE_KEY_SIZES = { 1: 1, 2: 1, 3: 1, 4: 17, 5: 9, 6: 1 };

const KEY_FITS = {
    [ACCOUNT]: (key) => key.length === 16,
    [ASSET]: (key) => key.length === 16,
    [BALANCE]: (key) => key.length === 32,
    [HOLD]: (key) => key.length === 16,
    [KV]: (key) => key.length >= 17 && key.length <= 271,
    [WINDOW]: (key) => key.length === 32,
    [LANE]: (key) => key.length === 20,
    [GOVERNANCE]: (key) => key.length >= 1 && GOVERNANCE_KEY_SIZES[key[0]] === key.length,
};

export const keyFits = (kind, key) => KEY_FITS[kind](key);

const VALUE_READERS = {
    [ACCOUNT]: (r) => {
        const account = {
            version: r.u64(), flags: r.u8(), roles: r.u32(), low: r.u16(), medium: r.u16(),
            high: r.u16(), sponsor: r.id(), balances: r.u32(), metadata: r.hash(),
        };
        const count = r.u8();
        r.ensure(count <= 20);
        account.signers = r.list(count, () => ({ key: r.hash(), weight: r.u8() }));
        r.ensure(ascending(account.signers, (signer) => signer.key));
        return account;
    },
    [ASSET]: (r) => ({
        version: r.u64(), issuer: r.id(), code: r.take(12), scale: r.u8(), flags: r.u8(),
        maxSupply: r.u64(), supply: r.u64(), metadata: r.hash(),
    }),
    [BALANCE]: (r) => ({
        posted: r.i64(), heldOut: r.i64(), heldIn: r.i64(), floor: r.i64(), flags: r.u8(),
        seq: r.u64(), head: r.hash(),
    }),
    [HOLD]: (r) => ({ bytes: r.take(136) }),
    [KV]: (r) => {
        const record = { version: r.u64(), kind: r.u8(), size: r.u32(), valueHash: r.hash() };
        r.ensure(record.kind === 1 || record.kind === 2);
        return record;
    },
    [WINDOW]: (r) => ({
        txid: r.hash(), position: r.u64(), code: r.u16(), at: r.u8(), notAfterMs: r.u64(),
    }),
    [LANE]: (r) => ({ next: r.u64() }),
    [GOVERNANCE]: (r) => {
        r.ensure(r.bytes.length >= 1);
        return { bytes: r.take(r.bytes.length) };
    },
};

// The fields of a value that fits its kind; P5.2 otherwise.
export function readValue(kind, bytes) {
    const r = new Reader(bytes, "P5.2");
    const value = VALUE_READERS[kind](r);
    r.end();
    return value;
}

// ---- the tree ------------------------------------------------------------------------------------

// Where an object lies. Those of the window are sorted by time, in steps of 1,024 ms.
export function objectPath(kind, key, notAfterMs) {
    const digest = hash("witan/state/path/v1", u8(kind), key);
    if (kind !== WINDOW) return concat(u8(kind), digest.subarray(0, 31));
    const step = new Uint8Array(5);
    let rest = notAfterMs >> 10n;
    for (let i = 4; i >= 0; i--) {
        step[i] = Number(rest & 0xffn);
        rest >>= 8n;
    }
    return concat(u8(kind), step, digest.subarray(0, 26));
}

export function valueHash(kind, key, value) {
    return hash("witan/state/value/v1", u8(kind), bytes16(key), value);
}

export const leafHash = (path, itsValueHash) => hash("witan/state/leaf/v1", path, itsValueHash);
export const nodeHash = (left, right) => hash("witan/state/node/v1", left, right);

// Bit 0 is the most significant bit of the first byte.
export const bit = (bytes, d) => (bytes[d >> 3] >> (7 - (d & 7))) & 1;

// a and b agree in their first `depth` bits.
export function sharePrefix(a, b, depth) {
    for (let d = 0; d < depth; d++) {
        if (bit(a, d) !== bit(b, d)) return false;
    }
    return true;
}

// The root above a node (leaf, or zeros for an empty place) at the end of `siblings` of this path.
export function rootAbove(hashAtDepth, path, siblings) {
    let node = hashAtDepth;
    for (let d = siblings.length - 1; d >= 0; d--) {
        node = bit(path, d) === 0 ? nodeHash(node, siblings[d]) : nodeHash(siblings[d], node);
    }
    return node;
}

// The root of leaves { path, hash } that are sorted by path and agree in their first `depth` bits.
function rootOfSorted(leaves, depth) {
    if (leaves.length === 0) return ZERO_32;
    if (leaves.length === 1) return leaves[0].hash;
    const ones = leaves.findIndex((leaf) => bit(leaf.path, depth) === 1);
    const middle = ones < 0 ? leaves.length : ones;
    return nodeHash(rootOfSorted(leaves.slice(0, middle), depth + 1),
        rootOfSorted(leaves.slice(middle), depth + 1));
}

export function rootOfLeaves(leaves) {
    return rootOfSorted([...leaves].sort((a, b) => compare(a.path, b.path)), 0);
}

// The root of objects { kind, key, value }, none of them of the window.
export function rootOfObjects(objects) {
    const leaves = objects.map(({ kind, key, value }) => {
        const path = objectPath(kind, key);
        return { path, hash: leafHash(path, valueHash(kind, key, value)) };
    });
    return rootOfLeaves(leaves);
}

// ---- siblings ------------------------------------------------------------------------------------

// siblings[d] is that of level d: a hash, or zeros where it is empty.
export function readSiblings(reader) {
    const depth = reader.u16();
    reader.ensure(depth <= 256);
    const bitmap = reader.take(Math.ceil(depth / 8));
    for (let d = depth; d < 8 * bitmap.length; d++) reader.ensure(bit(bitmap, d) === 0);
    const siblings = new Array(depth).fill(ZERO_32);
    for (let d = depth - 1; d >= 0; d--) {
        if (bit(bitmap, d) === 0) continue;
        siblings[d] = reader.hash();
        reader.ensure(!isZero(siblings[d]));
    }
    return siblings;
}

// The node at the end is not what an empty place beside it would have left out.
export function endsInPlace(siblings) {
    return siblings.length === 0 || !equal(siblings[siblings.length - 1], ZERO_32);
}
