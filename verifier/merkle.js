// Merkle trees of RFC 6962, section 2.1, over leaves of 32 bytes. Indexes and counts are BigInts.

import { concat, equal } from "./bytes.js";
import { sha256 } from "./sha2.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const EMPTY_TREE = sha256(new Uint8Array(0));
export const leafHash = (leaf) => sha256(concat(LEAF, leaf));
export const nodeHash = (left, right) => sha256(concat(NODE, left, right));

// The root of all leaves; the left half of a node is the largest power of two below its size.
export function root(leaves) {
    if (leaves.length === 0) return EMPTY_TREE;
    if (leaves.length === 1) return leafHash(leaves[0]);
    let left = 1;
    while (2 * left < leaves.length) left *= 2;
    return nodeHash(root(leaves.slice(0, left)), root(leaves.slice(left)));
}

const isOdd = (n) => (n & 1n) === 1n;

// The leaf is that of `index` in the tree of `count` leaves with this root.
export function inclusion(leaf, index, count, path, treeRoot) {
    if (index >= count) return false;
    let n = index;
    let last = count - 1n;
    let hash = leafHash(leaf);
    for (const other of path) {
        if (last === 0n) return false;
        if (isOdd(n) || n === last) {
            hash = nodeHash(other, hash);
            while (!isOdd(n) && n !== 0n) {
                n >>= 1n;
                last >>= 1n;
            }
        } else {
            hash = nodeHash(hash, other);
        }
        n >>= 1n;
        last >>= 1n;
    }
    return last === 0n && equal(hash, treeRoot);
}

// The tree of `older` leaves is the beginning of the tree of `count`.
export function consistency(older, count, olderRoot, treeRoot, proof) {
    if (older > count) return false;
    if (older === count) return proof.length === 0 && equal(olderRoot, treeRoot);
    if (older === 0n) return proof.length === 0 && equal(olderRoot, EMPTY_TREE);
    if (proof.length === 0) return false;
    const complete = (older & (older - 1n)) === 0n;
    const shared = complete ? olderRoot : proof[0];
    const rest = complete ? proof : proof.slice(1);
    let n = older - 1n;
    let last = count - 1n;
    while (isOdd(n)) {
        n >>= 1n;
        last >>= 1n;
    }
    let a = shared;
    let b = shared;
    for (const other of rest) {
        if (last === 0n) return false;
        if (isOdd(n) || n === last) {
            a = nodeHash(other, a);
            b = nodeHash(other, b);
            while (!isOdd(n) && n !== 0n) {
                n >>= 1n;
                last >>= 1n;
            }
        } else {
            b = nodeHash(b, other);
        }
        n >>= 1n;
        last >>= 1n;
    }
    return last === 0n && equal(a, olderRoot) && equal(b, treeRoot);
}
