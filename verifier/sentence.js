// One plain sentence of what a verified proof establishes.

import { Reader, equal, fromUtf8, hex } from "./bytes.js";
import { quorum } from "./formats.js";
import { entryPosition } from "./kinds.js";
import { ACCOUNT, ASSET, BALANCE, HOLD, KV, LANE, WINDOW } from "./state.js";
import {
    ENTRY_KINDS, RESULT_CODES, address, amount, plural, position, shortHash, time,
} from "./text.js";

const account = (id) => address("acc", id);

// "EUR" and its decimals, if the genesis has the asset; otherwise its address and minor units.
function assetOf(genesis, id) {
    const found = genesis.assets.find((asset) => equal(asset.id, id));
    if (found === undefined) return { name: address("ast", id), show: (minor) => `${minor} minor units` };
    const code = String.fromCharCode(...found.code.filter((byte) => byte !== 0));
    return { name: code, show: (minor) => `${amount(minor, found.scale)} ${code}` };
}

function sealedBy({ header, seal, sealers }) {
    return `sealed by ${seal.signatures.length} of ${sealers.validators.length} validators of epoch ` +
        `${header.epoch}, which descends from the genesis`;
}

// ---- receipts --------------------------------------------------------------------------------------

function whatRan({ entry, transaction }) {
    const id = hex(entry.id);
    switch (ENTRY_KINDS.get(entry.kind)) {
    case "transaction":
        return `transaction ${id}${transaction ? ` of ${account(transaction.body.source)}` : ""}`;
    case "hold_expiry": return `the expiry of a hold, entry ${id}`;
    case "enactment": return `the enactment of a proposal, entry ${id}`;
    default: return `a recovery, entry ${id}`;
    }
}

function resultOf({ code, at }) {
    const word = RESULT_CODES.get(code);
    if (code === 0) return word;
    return at >= 128 ? `${word} of assert ${at - 128}` : `${word} of operation ${at}`;
}

function receipt(body) {
    const { entry, block, sealed, bare } = body;
    const seal = bare === null ? sealedBy(sealed)
        : `it is in the history of block ${sealed.header.height}, ${sealedBy(sealed)}`;
    return `${whatRan(body)} was executed with result ${resultOf(entry)} at height ${block.height}, ` +
        `${time(block.timeMs)}, position ${position(entryPosition(body))}; ${seal}`;
}

// ---- states ----------------------------------------------------------------------------------------

const GOVERNANCE_RECORDS = {
    1: "of the parameters", 2: "of the members", 3: "of the validator set", 4: "of a validator",
    5: "of a proposal", 6: "of the next proposal's number",
};

function nameOfRecord(bytes) {
    try {
        const text = fromUtf8(bytes);
        if (!/[\u0000-\u001f\u007f"]/.test(text)) return `"${text}"`;
    } catch { /* Shown as hexadecimal. */ }
    return hex(bytes);
}

function governanceName(key) {
    if (key[0] === 4) return `the record of validator ${address("val", key.subarray(1))}`;
    if (key[0] === 5) return `the record of proposal ${new Reader(key.subarray(1)).u64()}`;
    return `the record ${GOVERNANCE_RECORDS[key[0]]}`;
}

function objectName({ kind, key, notAfterMs, form }, genesis) {
    const id = key.subarray(0, 16);
    const rest = key.subarray(16);
    switch (kind) {
    case ACCOUNT: return `account ${account(key)}`;
    case ASSET: return `asset ${address("ast", key)}`;
    case BALANCE: return `the balance of ${account(id)} in ${assetOf(genesis, rest).name}`;
    case HOLD: return `hold ${address("hld", key)}`;
    case KV: return `record ${nameOfRecord(rest)} of ${account(id)}`;
    case LANE: return `lane ${new Reader(rest).u32()} of ${account(id)}`;
    case WINDOW: {
        const when = form === 2 ? `, with a not_after of ${time(notAfterMs)} or up to 1023 ms later,` : "";
        return `reference ${hex(rest)} of ${account(id)}${when}`;
    }
    default: return governanceName(key);
    }
}

function balanceWas({ posted, heldOut }, { key }, genesis) {
    const asset = assetOf(genesis, key.subarray(16));
    const reserved = heldOut === 0n ? "" : `, ${asset.show(heldOut)} of it reserved,`;
    return `the posted balance of ${account(key.subarray(0, 16))} in ${asset.name} was ` +
        `${asset.show(posted)}${reserved}`;
}

// What the value itself says, forms 1 and 4.
function valueWas(state, genesis) {
    const { kind, fields, value } = state;
    const name = objectName(state, genesis);
    switch (kind) {
    case BALANCE: return balanceWas(fields, state, genesis);
    case ACCOUNT:
        return `${name} was at version ${position(fields.version)} with ` +
            `${plural(fields.signers.length, "signer")} and ${plural(fields.balances, "balance")}`;
    case ASSET:
        return `${name} was at version ${position(fields.version)}, its supply ` +
            `${assetOf(genesis, state.key).show(fields.supply)},`;
    case KV:
        return `${name} was at version ${position(fields.version)}, ${plural(fields.size, "byte")} with ` +
            `value hash ${hex(fields.valueHash)},`;
    case WINDOW:
        return `${name} was used by transaction ${hex(fields.txid)} at position ` +
            `${position(fields.position)}, with result ${RESULT_CODES.get(fields.code) ?? fields.code}`;
    case LANE: return `the next number of ${name} was ${fields.next}`;
    default: return `${name} was ${plural(value.length, "byte")}`;
    }
}

// What the last change left, form 3.
function changeLeft(state, genesis) {
    const { kind, left } = state;
    if (kind === BALANCE) return balanceWas(left, state, genesis);
    const version = `${objectName(state, genesis)} was at version ${position(left.new)}`;
    return kind === KV ? `${version} with value hash ${hex(left.valueHash)}` : version;
}

function wasAbsent(state, genesis) {
    const name = objectName(state, genesis);
    if (state.kind === WINDOW) return `${name.slice(0, name.indexOf(","))} was not used` +
        name.slice(name.indexOf(","));
    if (state.kind === LANE) return `${name} was not used`;
    return `${name} did not exist`;
}

function state(body, genesis) {
    const { form, last, next, sealed } = body;
    const from = last?.block.height;
    if (form === 1) return `${valueWas(body, genesis)} after block ${sealed.header.height}`;
    if (form === 2) return `${wasAbsent(body, genesis)} after block ${sealed.header.height}`;
    const to = form === 3 ? next.block.height - 1n : sealed.header.height;
    const what = form === 3 ? changeLeft(body, genesis) : valueWas(body, genesis);
    return `${what} after blocks ${from} to ${to}`;
}

// ---- the others ------------------------------------------------------------------------------------

function epochs({ epochs: items }) {
    if (items.length === 0) return "epoch 0 has the validators of the genesis";
    const { header } = items[items.length - 1];
    return `the validator sets of epochs 0 to ${items.length} descend from the genesis; epoch ` +
        `${header.epoch} ended with block ${header.height}`;
}

function absence({ txid, state: place, other }) {
    if (other) {
        return `transaction ${hex(txid)} was never executed and never will be: its number in the lane ` +
            `was used by ${hex(other.entry.id)}`;
    }
    return `transaction ${hex(txid)} was in no block up to ${place.sealed.header.height} and can be in ` +
        "none after: never executed";
}

function statement({ account: id, asset: assetId, from, to, movements }, genesis) {
    const asset = assetOf(genesis, assetId);
    const opening = movements.length > 0 && movements[0].position >> 24n <= from ? movements[0] : null;
    const first = movements[0];
    const before = opening?.posted ?? (first ? first.posted - first.dPosted : 0n);
    const after = movements.length > 0 ? movements[movements.length - 1].posted : 0n;
    const count = movements.length - (opening === null ? 0 : 1);
    const lines = count === 1 ? "this 1 line is all movements" : `these ${count} lines are all movements`;
    return `${lines} of ${account(id)} in ${asset.name} above block ${from} and up to block ${to}, from ` +
        `${asset.show(before)} to ${asset.show(after)}`;
}

function evidence(body) {
    if (body.type === 1) {
        const { id, member } = body.accused;
        return `validator ${address("val", id)} of ${account(member)} signed two blocks at height ` +
            `${body.height} in epoch ${body.epoch}`;
    }
    const { first, second } = body;
    const blocks = [first, second].map(({ header }) => `${shortHash(header.hash)} at height ${header.height}`);
    const both = `two sealed blocks contradict each other: ${blocks.join(" and ")}`;
    if (first.header.epoch !== second.header.epoch || !equal(first.sealers.hash, second.sealers.hash)) {
        return both;
    }
    const signers = ({ seal }) => seal.signatures.map(({ validator }) => validator);
    const twice = signers(first).filter((validator) => signers(second).includes(validator));
    return `${both}; validators ${twice.join(", ")} of epoch ${first.header.epoch} signed both`;
}

const SENTENCES = {
    anchor: ({ header }, genesis) =>
        `block 0 of network ${genesis.network} is ${hex(header.hash)}: ` +
        `${plural(genesis.set.validators.length, "validator")}, quorum ${quorum(genesis.set)}`,
    seal: ({ sealed }) => `block ${hex(sealed.header.hash)} at height ${sealed.header.height}, ` +
        `${time(sealed.header.timeMs)}, was ${sealedBy(sealed)}`,
    receipt,
    consistency: ({ first, second }) => `the history up to block ${second.header.height} extends that up ` +
        `to block ${first.header.height}: nothing of it was changed`,
    state, absence, statement, evidence,
};

// What a proof that passed all checks establishes.
export function establishes(proof, genesis) {
    if (proof.kind === "epochs") return epochs(proof);
    return SENTENCES[proof.kind](proof.body, genesis);
}
