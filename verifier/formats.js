// The pieces that proofs are made of: header, seal, validator set, entry, transaction, effects,
// movement. Each reader takes what docs/reference/proofs.md lays out and keeps the bytes that are
// hashed or signed beside the fields.

import { Reader, ascending, concat, equal, i64, isZero, u64 } from "./bytes.js";
import { Refused, ensure } from "./checks.js";
import { verifySignature } from "./ed25519.js";
import { hash, tagged } from "./sha2.js";
import { ENTRY_KINDS, HOLD_STATES, OBSERVED, RESULT_CODES } from "./text.js";

const MIB = 1024 * 1024;
export const LIMITS = {
    file: 256 * MIB, path: 64, signatures: 255, validators: 255, epochs: 10000, movements: 1000000,
    transaction: MIB, effects: MIB, document: 16 * MIB, key: 271, value: 8 * MIB,
};

export const HEIGHT_END = 1n << 39n;
export const TIME_END = 1n << 48n;
export const CRASH = 2;
export const FLAG_EPOCH_END = 1;
const HEADER_SIZE = 352;

// ---- header, seal, sealed block ------------------------------------------------------------------

// `check` fails if the header breaks its table or is of another chain than the file.
export function readHeader(reader, chainId, check = "P1.1") {
    const bytes = reader.take(HEADER_SIZE);
    const r = new Reader(bytes, check);
    const header = {
        bytes, version: r.u16(), faultModel: r.u8(), flags: r.u8(), entryCount: r.u32(),
        chainId: r.hash(), epoch: r.u64(), height: r.u64(), sequence: r.u64(), timeMs: r.u64(),
        windowHorizonMs: r.u64(), proposer: r.id(), parentHash: r.hash(), txRoot: r.hash(),
        stateRoot: r.hash(), historyRoot: r.hash(), validatorsHash: r.hash(),
        nextValidatorsHash: r.hash(), membersHash: r.hash(), paramsHash: r.hash(),
    };
    r.end();
    r.ensure(header.version === 1 && (header.faultModel === 1 || header.faultModel === CRASH));
    r.ensure(header.flags <= 7 && header.entryCount <= 65535);
    r.ensure(equal(header.chainId, chainId));
    r.ensure(header.height < HEIGHT_END);
    r.ensure(header.timeMs < TIME_END && header.windowHorizonMs < TIME_END);
    header.hash = hash("witan/header/v1", bytes);
    return header;
}

function readSeal(reader) {
    const seal = { epoch: reader.u64(), height: reader.u64(), hash: reader.hash() };
    const count = reader.limited(reader.u16(), LIMITS.signatures);
    seal.signatures = reader.list(count, (r) => ({ validator: r.u16(), signature: r.signature() }));
    return seal;
}

export function readSealed(reader, chainId) {
    return { header: readHeader(reader, chainId), seal: readSeal(reader) };
}

// What a validator signs of a block.
export function sealMessage(chainId, epoch, height, blockHash) {
    return tagged("witan/seal/v1", chainId, u64(epoch), u64(height), blockHash);
}

// ---- validator set -------------------------------------------------------------------------------

export function readSet(reader) {
    const start = reader.at;
    const set = { faultModel: reader.u8(), engine: reader.u8() };
    const count = reader.limited(reader.u16(), LIMITS.validators, 1);
    set.validators = reader.list(count, (r) => ({ id: r.id(), member: r.id(), sealKey: r.hash() }));
    set.bytes = reader.bytes.subarray(start, reader.at);
    set.hash = hash("witan/validators/v1", set.bytes);
    return set;
}

export function quorum(set) {
    const n = set.validators.length;
    return set.faultModel === CRASH ? Math.floor(n / 2) + 1 : Math.ceil((2 * n) / 3);
}

// ---- entry, transaction --------------------------------------------------------------------------

export function readEntry(reader) {
    const bytes = reader.take(100);
    const r = new Reader(bytes);
    const entry = {
        bytes, kind: r.u8(), id: r.hash(), signedHash: r.hash(), code: r.u16(), at: r.u8(),
        effectsHash: r.hash(),
    };
    r.ensure(ENTRY_KINDS.has(entry.kind) && RESULT_CODES.has(entry.code));
    r.ensure(entry.kind === 1 || isZero(entry.signedHash));
    return entry;
}

// The head of a transaction's body, with its id; `check` fails if it breaks the rules of the page.
export function readBody(bytes, check) {
    ensure(bytes.length >= 147 && bytes.length <= MIB, check);
    const r = new Reader(bytes, check);
    const body = {
        version: r.u16(), chainId: r.hash(), source: r.id(), clientRef: r.id(),
        notBeforeMs: r.u64(), notAfterMs: r.u64(), order: r.u8(), lane: r.u32(), seq: r.u64(),
        memoHash: r.hash(),
    };
    r.ensure(body.version === 1);
    r.ensure(body.notBeforeMs < TIME_END && body.notAfterMs < TIME_END);
    if (body.order === 0) r.ensure(body.lane === 0 && body.seq === 0n);
    else r.ensure(body.order === 1 && body.seq >= 1n);
    body.txid = hash("witan/transaction/v1", bytes);
    return body;
}

export function readTransaction(bytes, check) {
    const r = new Reader(bytes, check);
    const size = r.u32();
    const body = readBody(r.take(size), check);
    const count = r.u8();
    r.ensure(count >= 1 && count <= 32);
    const signatures = r.list(count, (each) => ({ key: each.hash(), signature: each.signature() }));
    r.end();
    r.ensure(ascending(signatures, (each) => each.key));
    return { body, signatures, signedHash: hash("witan/signed-transaction/v1", bytes) };
}

export function transactionSigned(transaction) {
    const { chainId, txid } = transaction.body;
    const message = tagged("witan/transaction-signature/v1", chainId, txid);
    return transaction.signatures.every(({ key, signature }) =>
        verifySignature(key, message, signature));
}

// ---- effects -------------------------------------------------------------------------------------

function readNumbers(r) {
    return {
        dPosted: r.i64(), dHeldOut: r.i64(), dHeldIn: r.i64(),
        posted: r.i64(), heldOut: r.i64(), heldIn: r.i64(),
    };
}

// Each returns the effect's fields; `key` is the state key of the object, where there is one.
const EFFECT_READERS = {
    1: (r) => {
        const account = r.id(), asset = r.id(), seq = r.u64();
        const numbers = readNumbers(r);
        return { key: concat(account, asset), account, asset, seq, ...numbers, head: r.hash() };
    },
    2: (r) => ({ key: r.id(), old: r.u64(), new: r.u64() }),
    3: (r) => ({ key: r.id(), old: r.u64(), new: r.u64(), supply: r.u64() }),
    4: (r) => ({ hold: r.id(), state: r.u8(), amount: r.u64() }),
    5: (r) => {
        const owner = r.id(), name = r.bytes8();
        return {
            key: concat(owner, name), owner, name, old: r.u64(), new: r.u64(), valueHash: r.hash(),
        };
    },
    6: (r) => ({ proposal: r.u64(), status: r.u8(), yes: r.u16(), no: r.u16() }),
    7: (r) => ({ what: r.u8(), value: r.i64() }),
};

export function readEffects(bytes) {
    const r = new Reader(bytes);
    const effects = r.list(r.u16(), () => {
        const start = r.at;
        const kind = r.u8();
        r.ensure(kind in EFFECT_READERS);
        const effect = { kind, ...EFFECT_READERS[kind](r) };
        if (kind === 4) r.ensure(HOLD_STATES.has(effect.state));
        if (kind === 7) r.ensure(OBSERVED.has(effect.what));
        effect.bytes = bytes.subarray(start, r.at);
        return effect;
    });
    r.end();
    r.ensure(ascending(effects, (effect) => effect.bytes));
    return effects;
}

// ---- movement ------------------------------------------------------------------------------------

const MOVEMENT_SIZE = 128;

// A movement of a statement: of this account and asset, or P7.2.
export function readMovement(reader, account, asset) {
    const bytes = reader.take(MOVEMENT_SIZE);
    const r = new Reader(bytes);
    const entryId = r.hash(), position = r.u64();
    r.ensure(position < 1n << 63n);
    if (!equal(r.id(), account) || !equal(r.id(), asset)) throw new Refused("P7.2");
    return { bytes, entryId, position, seq: r.u64(), ...readNumbers(r) };
}

export function movementBytes(entryId, position, account, asset, seq, numbers) {
    const { dPosted, dHeldOut, dHeldIn, posted, heldOut, heldIn } = numbers;
    return concat(entryId, u64(position), account, asset, u64(seq),
        i64(dPosted), i64(dHeldOut), i64(dHeldIn), i64(posted), i64(heldOut), i64(heldIn));
}

export const movementHead = (previous, bytes) => hash("witan/movement/v1", previous, bytes);
