// Reading a proof file: from bytes to its parts. Fields are read in their order, and the first that
// is wrong decides which check fails. Nothing is hashed against anything here but the path of an absent
// object; what the parts establish is asked in kinds.js.

import { Reader, equal, utf8 } from "./bytes.js";
import { Refused, ensure } from "./checks.js";
import {
    LIMITS, TIME_END, readEffects, readEntry, readHeader, readMovement, readSealed, readSet,
} from "./formats.js";
import { WINDOW, isObjectKind, objectPath, readSiblings } from "./state.js";
import { PROOF_KINDS } from "./text.js";

const MAGIC = utf8("WTNPROOF");

const readPath = (r) => r.list(r.limited(r.u8(), LIMITS.path), () => r.hash());

// A mark that says which of several forms follows: from 1 to `most`, or `number` fails.
function readForm(r, most, number = "F.5") {
    const form = r.u8();
    ensure(form >= 1 && form <= most, number);
    return form;
}

// 0 or 1.
function readMark(r) {
    const mark = r.u8();
    r.ensure(mark <= 1);
    return mark === 1;
}

function readEpochs(r, chainId) {
    return r.list(r.limited(r.u32(), LIMITS.epochs), () => {
        ensure(r.u8() === 0, "F.3");
        return { ...readSealed(r, chainId), set: readSet(r) };
    });
}

// ---- receipts and states, which stand alone and inside of others ----------------------------------

function readReceipt(r, chainId) {
    const entry = readEntry(r);
    const receipt = { entry, transaction: null, effects: null };
    if (readMark(r)) {
        r.ensure(entry.kind === 1);
        receipt.transaction = r.bytes32(LIMITS.transaction);
        r.ensure(receipt.transaction.length > 0);
    }
    if (readMark(r)) {
        receipt.effectsBytes = r.bytes32(LIMITS.effects);
        r.ensure(receipt.effectsBytes.length > 0);
        receipt.effects = readEffects(receipt.effectsBytes);
    }
    receipt.index = r.u32();
    receipt.path = readPath(r);
    if (readMark(r)) {
        receipt.bare = readHeader(r, chainId);
        receipt.sealed = readSealed(r, chainId);
        receipt.laterPath = readPath(r);
    } else {
        receipt.bare = null;
        receipt.sealed = readSealed(r, chainId);
    }
    receipt.block = receipt.bare ?? receipt.sealed.header;
    ensure(r.u16() === 0, "F.3");
    return receipt;
}

function readTime(r) {
    const notAfterMs = r.u64();
    r.ensure(notAfterMs < TIME_END && notAfterMs % 1024n === 0n);
    return notAfterMs;
}

function readAbsent(r, state) {
    if (state.kind === WINDOW) state.notAfterMs = readTime(r);
    state.path = r.hash();
    ensure(equal(state.path, objectPath(state.kind, state.key, state.notAfterMs)), "P5.2");
    state.neighbour = readMark(r) ? { path: r.hash(), valueHash: r.hash() } : null;
}

// Forms: 1 present, 2 absent, 3 between two changes, 4 since a change. Inside of other proofs only
// the first two are allowed.
function readState(r, chainId, forms) {
    const form = readForm(r, forms);
    const kind = r.u8();
    ensure(isObjectKind(kind), "P5.2");
    const state = { form, kind, key: r.bytes16(LIMITS.key) };
    if (form >= 3) state.last = readReceipt(r, chainId);
    if (form === 3) {
        state.next = readReceipt(r, chainId);
        return state;
    }
    if (form === 2) readAbsent(r, state);
    else state.value = r.bytes32(LIMITS.value);
    state.siblings = readSiblings(r);
    state.sealed = readSealed(r, chainId);
    return state;
}

// ---- the kinds -------------------------------------------------------------------------------------

function readStatement(r, chainId) {
    const account = r.id(), asset = r.id();
    const statement = { account, asset, from: r.u64(), to: r.u64(), head: r.hash() };
    const count = r.limited(r.u32(), LIMITS.movements);
    statement.movements = r.list(count, () => readMovement(r, account, asset));
    if (readForm(r, 2) === 1) statement.state = readState(r, chainId, 2);
    else statement.next = readReceipt(r, chainId);
    return statement;
}

function readAbsence(r, chainId) {
    const absence = { txid: r.hash(), body: r.bytes32(LIMITS.transaction) };
    if (readForm(r, 2) === 1) absence.state = readState(r, chainId, 2);
    else absence.other = readReceipt(r, chainId);
    return absence;
}

function readEvidence(r, chainId) {
    const type = readForm(r, 2, "F.3");
    if (type === 1) {
        return {
            type, epoch: r.u64(), height: r.u64(), validator: r.u16(),
            hashes: [r.hash(), r.hash()], signatures: [r.signature(), r.signature()],
        };
    }
    const evidence = { type, first: readSealed(r, chainId), firstEpochs: readEpochs(r, chainId) };
    evidence.other = readForm(r, 2) === 2 ? { hash: r.hash(), path: readPath(r) } : null;
    evidence.second = readSealed(r, chainId);
    return evidence;
}

const BODY_READERS = {
    anchor: (r, chainId) => ({
        header: readHeader(r, chainId, "P0.4"), document: r.bytes32(LIMITS.document),
    }),
    seal: (r, chainId) => ({ sealed: readSealed(r, chainId) }),
    epochs: () => ({}),
    receipt: readReceipt,
    consistency: (r, chainId) => ({
        first: readSealed(r, chainId), second: readSealed(r, chainId),
        consistency: readPath(r), inclusion: readPath(r),
    }),
    state: (r, chainId) => readState(r, chainId, 4),
    absence: readAbsence,
    statement: readStatement,
    evidence: readEvidence,
};

// { kind, chainId, body, epochs } of a binary proof file.
export function readProof(bytes) {
    ensure(bytes.length <= LIMITS.file, "F.4");
    ensure(equal(bytes.subarray(0, MAGIC.length), MAGIC), "F.1");
    const r = new Reader(bytes);
    r.take(MAGIC.length);
    ensure(r.u16() === 1, "F.2");
    const kind = PROOF_KINDS.get(r.u16());
    if (kind === undefined) throw new Refused("F.3");
    const chainId = r.hash();
    const body = BODY_READERS[kind](r, chainId);
    const epochs = kind === "anchor" ? [] : readEpochs(r, chainId);
    r.end();
    return { kind, chainId, body, epochs };
}
