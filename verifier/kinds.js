// What each kind of proof must hold beyond its form, its chain of validator sets and its seals.
// Checks P0 and P3 to P9, each in the order of docs/reference/proofs.md.

import { ZERO_32, compare, concat, equal, u32 } from "./bytes.js";
import { ensure } from "./checks.js";
import { verifySignature } from "./ed25519.js";
import {
    movementBytes, movementHead, readBody, readTransaction, sealMessage, transactionSigned,
} from "./formats.js";
import { allocationsRoot, block0Bytes, possessionsHold, readDocument } from "./genesis_document.js";
import { consistency, inclusion } from "./merkle.js";
import { hash } from "./sha2.js";
import {
    ACCOUNT, ASSET, BALANCE, KV, LANE, WINDOW, endsInPlace, keyFits, leafHash, objectPath, readValue,
    rootAbove, sharePrefix, valueHash,
} from "./state.js";

// The position of a receipt's entry.
export function entryPosition(receipt) {
    return (receipt.block.height << 24n) | (BigInt(receipt.index) << 8n);
}

// ---- P0 --------------------------------------------------------------------------------------------

function checkAnchor({ header, document }, genesis) {
    const found = readDocument(document);
    ensure(possessionsHold(found), "P0.3");
    ensure(equal(found.chainId, genesis.chainId), "P0.2");
    ensure(equal(header.bytes, block0Bytes(genesis, header.stateRoot)), "P0.4");
    ensure(equal(header.stateRoot, allocationsRoot(genesis)), "P0.5");
}

// ---- P3 --------------------------------------------------------------------------------------------

// Replaces the bytes of the transaction by its parts.
function checkReceipt(receipt, genesis) {
    const { entry, sealed, block } = receipt;
    if (receipt.bare !== null) {
        const later = sealed.header;
        ensure(inclusion(block.hash, block.height, later.height, receipt.laterPath, later.historyRoot),
            "P3.2");
    }
    if (receipt.transaction !== null) {
        const transaction = readTransaction(receipt.transaction, "P3.3");
        ensure(equal(transaction.body.chainId, genesis.chainId), "P3.3");
        ensure(equal(transaction.body.txid, entry.id), "P3.3");
        ensure(equal(transaction.signedHash, entry.signedHash), "P3.3");
        ensure(transactionSigned(transaction), "P3.3");
        receipt.transaction = transaction;
    }
    if (receipt.effects !== null) {
        ensure(equal(hash("witan/effects/v1", receipt.effectsBytes), entry.effectsHash), "P3.4");
    }
    ensure(inclusion(hash("witan/entry/v1", entry.bytes), BigInt(receipt.index), BigInt(block.entryCount),
        receipt.path, block.txRoot), "P3.5");
}

// ---- P4 --------------------------------------------------------------------------------------------

function checkConsistency(body) {
    const first = body.first.header;
    const second = body.second.header;
    ensure(consistency(first.height, second.height, first.historyRoot, second.historyRoot,
        body.consistency), "P4.2");
    ensure(inclusion(first.hash, first.height, second.height, body.inclusion, second.historyRoot), "P4.2");
    ensure(second.timeMs > first.timeMs && second.epoch >= first.epoch, "P4.3");
}

// ---- P5 --------------------------------------------------------------------------------------------

// The kinds of state of which effects tell, and the kind of those effects.
const EFFECT_OF = { [BALANCE]: 1, [ACCOUNT]: 2, [ASSET]: 3, [KV]: 5 };

// The effect of a receipt on an object of the state, or undefined: also if effects are withheld.
function effectOn(receipt, kind, key) {
    const wanted = EFFECT_OF[kind];
    return receipt.effects?.find((effect) => effect.kind === wanted && equal(effect.key, key));
}

// P5.3 and P5.4: the path leads from the object's place to the state root of the sealed block.
function checkPlace(state) {
    const { kind, key, form, siblings } = state;
    const notAfterMs = form === 2 ? state.notAfterMs : state.fields.notAfterMs;
    const path = objectPath(kind, key, notAfterMs);
    ensure(endsInPlace(siblings), "P5.3");
    let node = ZERO_32;
    if (form !== 2) {
        node = leafHash(path, valueHash(kind, key, state.value));
    } else if (state.neighbour !== null) {
        const neighbour = state.neighbour;
        ensure(!equal(neighbour.path, path), "P5.3");
        ensure(sharePrefix(neighbour.path, path, siblings.length), "P5.3");
        node = leafHash(neighbour.path, neighbour.valueHash);
    }
    ensure(equal(rootAbove(node, path, siblings), state.sealed.header.stateRoot), "P5.4");
}

// P5.5 and P5.6: what a receipt left of the object, and that nothing came between it and what follows.
function checkPast(state) {
    const { form, kind, key, last, next } = state;
    const left = effectOn(last, kind, key);
    const version = kind === BALANCE ? left?.seq : left?.new;
    ensure(left !== undefined && version !== 0n, "P5.5");
    state.left = left;
    if (form === 3) {
        const then = effectOn(next, kind, key);
        ensure(then !== undefined, "P5.6");
        ensure(kind === BALANCE ? then.seq === version + 1n : then.old === version, "P5.6");
        ensure(next.block.height > last.block.height, "P5.6");
        return;
    }
    const { fields } = state;
    if (kind === BALANCE) ensure(fields.seq === left.seq && equal(fields.head, left.head), "P5.6");
    else ensure(fields.version === version, "P5.6");
    ensure(state.sealed.header.height >= last.block.height, "P5.6");
}

// Adds `fields`, those of the value, and `left`, the last effect, where there are such.
function checkState(state, genesis) {
    if (state.last) checkReceipt(state.last, genesis);
    if (state.next) checkReceipt(state.next, genesis);
    ensure(keyFits(state.kind, state.key), "P5.2");
    if (state.value) state.fields = readValue(state.kind, state.value);
    if (state.siblings) checkPlace(state);
    if (state.last) checkPast(state);
}

// ---- P6 --------------------------------------------------------------------------------------------

function checkAbsence(absence, genesis) {
    const { state, other } = absence;
    if (state) checkState(state, genesis);
    else checkReceipt(other, genesis);

    const body = readBody(absence.body, "P6.2");
    ensure(equal(body.chainId, genesis.chainId) && equal(body.txid, absence.txid), "P6.2");
    absence.fields = body;
    if (!state) checkNumberTaken(absence, body);
    else if (body.order === 0) checkWindow(state, body);
    else checkLane(state, body);
}

function checkNumberTaken({ other }, body) {
    ensure(other.transaction !== null && body.order === 1, "P6.2");
    const taken = other.transaction.body;
    ensure(taken.order === 1 && equal(taken.source, body.source) && taken.lane === body.lane &&
        taken.seq === body.seq, "P6.2");
    ensure(!equal(taken.txid, body.txid), "P6.4");
}

function checkWindow(state, body) {
    ensure(state.kind === WINDOW && equal(state.key, concat(body.source, body.clientRef)), "P6.2");
    const notAfterMs = state.form === 2 ? state.notAfterMs : state.fields.notAfterMs;
    ensure(notAfterMs >> 10n === body.notAfterMs >> 10n, "P6.2");
    const block = state.sealed.header;
    ensure(body.notAfterMs < block.timeMs && block.windowHorizonMs <= body.notAfterMs, "P6.3");
    if (state.form === 1) ensure(!equal(state.fields.txid, body.txid), "P6.4");
}

function checkLane(state, body) {
    ensure(state.kind === LANE && equal(state.key, concat(body.source, u32(body.lane))), "P6.2");
    ensure(body.notAfterMs < state.sealed.header.timeMs, "P6.3");
    if (state.form === 1) ensure(state.fields.next <= body.seq, "P6.4");
}

// ---- P7 --------------------------------------------------------------------------------------------

// P7.1: what closes the statement. Returns the head that its movements must lead to, and the movement
// after them that the next receipt made, if it is one that closes.
function checkClosing(statement, genesis, count) {
    const { account, asset, state, next, to } = statement;
    const key = concat(account, asset);
    if (state) {
        checkState(state, genesis);
        ensure(state.kind === BALANCE && equal(state.key, key), "P7.1");
        ensure(state.sealed.header.height >= to, "P7.1");
        ensure((state.form === 2 ? 0n : state.fields.seq) === count, "P7.1");
        return { head: state.form === 2 ? ZERO_32 : state.fields.head, more: [] };
    }
    checkReceipt(next, genesis);
    const effect = effectOn(next, BALANCE, key);
    ensure(effect !== undefined && next.block.height > to && effect.seq === count + 1n, "P7.1");
    const bytes = movementBytes(next.entry.id, entryPosition(next), account, asset, effect.seq, effect);
    return { head: effect.head, more: [{ bytes }] };
}

function checkSums(movements) {
    let before = { posted: 0n, heldOut: 0n, heldIn: 0n };
    movements.forEach((movement, i) => {
        if (i > 0 || movement.seq === 1n) {
            ensure(movement.posted === before.posted + movement.dPosted &&
                movement.heldOut === before.heldOut + movement.dHeldOut &&
                movement.heldIn === before.heldIn + movement.dHeldIn, "P7.4");
        }
        before = movement;
    });
}

function checkStatement(statement, genesis) {
    const { movements, from, to } = statement;
    const count = movements.length === 0 ? 0n : movements[movements.length - 1].seq;
    const { head, more } = checkClosing(statement, genesis, count);

    const first = movements[0];
    const isOpening = (movement) => movement.position >> 24n <= from;
    if (first) ensure(first.seq === 1n || isOpening(first), "P7.2");
    if (!first || first.seq === 1n) ensure(equal(statement.head, ZERO_32), "P7.2");
    ensure(movements.every(({ seq }, i) => seq >= 1n && (i === 0 || seq === movements[i - 1].seq + 1n)),
        "P7.2");
    const end = [...movements, ...more].reduce((chain, { bytes }) => movementHead(chain, bytes),
        statement.head);
    ensure(equal(end, head), "P7.2");

    ensure(from <= to, "P7.3");
    ensure(movements.every((movement, i) => i === 0 || !isOpening(movement)), "P7.3");
    ensure(movements.every(({ position }, i) => position >> 24n <= to &&
        position > (i === 0 ? 0n : movements[i - 1].position)), "P7.3");
    checkSums(movements);
}

// ---- P9 --------------------------------------------------------------------------------------------

// `set` is that of the epoch of the evidence.
function checkEvidence(evidence, genesis, set) {
    if (evidence.type === 1) {
        const { epoch, height, hashes, signatures } = evidence;
        ensure(evidence.validator < set.validators.length, "P9.1");
        ensure(compare(hashes[0], hashes[1]) < 0, "P9.2");
        evidence.accused = set.validators[evidence.validator];
        ensure(hashes.every((each, i) => verifySignature(evidence.accused.sealKey,
            sealMessage(genesis.chainId, epoch, height, each), signatures[i])), "P9.3");
        return;
    }
    const first = evidence.first.header;
    const second = evidence.second.header;
    if (evidence.other === null) {
        ensure(first.height === second.height && compare(first.hash, second.hash) < 0, "P9.2");
    } else {
        ensure(!equal(evidence.other.hash, first.hash), "P9.2");
        ensure(inclusion(evidence.other.hash, first.height, second.height, evidence.other.path,
            second.historyRoot), "P9.2");
    }
}

export const KIND_CHECKS = {
    anchor: checkAnchor,
    seal: () => {},
    epochs: () => {},
    receipt: checkReceipt,
    consistency: checkConsistency,
    state: checkState,
    absence: checkAbsence,
    statement: checkStatement,
    evidence: checkEvidence,
};
