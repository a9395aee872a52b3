// The JSON twin of a proof: from its members to the bytes of the binary file. A twin that is not of
// the form of docs/reference/proofs.md, "JSON twin", fails F.5; what it says is judged afterwards, from
// the bytes, like any other file.

import {
    bytes8, bytes16, bytes32, concat, i64, isZero, u16, u32, u64, u8, unhex, utf8,
} from "./bytes.js";
import { ensure } from "./checks.js";
import { LIMITS } from "./formats.js";
import { JsonError, parseJson } from "./json.js";
import { WINDOW } from "./state.js";
import {
    EFFECT_KINDS, ENGINES, ENTRY_KINDS, FAULT_MODELS, HEADER_FLAGS, HOLD_STATES, OBJECT_KINDS, OBSERVED,
    PROOF_KINDS, PROPOSAL_STATES, RESULT_CODES, numberOf, parseAddress, parsePosition, parseTime,
} from "./text.js";

// ---- values ----------------------------------------------------------------------------------------

const need = (condition) => ensure(condition, "F.5");

// An object with these members and no others.
function only(object, ...names) {
    need(object !== null && typeof object === "object" && !Array.isArray(object));
    need(Object.keys(object).length === names.length && names.every((name) => name in object));
    return object;
}

// The same, where some may be absent.
function optional(object, names, others) {
    need(object !== null && typeof object === "object" && !Array.isArray(object));
    return only(object, ...names, ...others.filter((name) => name in object));
}

// What `encode` makes of the items of a list that has a limit of its own, F.4.
function each(list, most, encode) {
    need(Array.isArray(list));
    ensure(list.length <= most, "F.4");
    return list.map(encode);
}

function hexBytes(text, size = null) {
    need(typeof text === "string");
    const bytes = unhex(text);
    need(bytes !== null && (size === null || bytes.length === size));
    return bytes;
}

function atMost(limit, bytes) {
    ensure(bytes.length <= limit, "F.4");
    return bytes;
}

const hash = (text) => hexBytes(text, 32);

// Other lists; how long they may be is found when the bytes are read.
function all(list, encode) {
    need(Array.isArray(list));
    return list.map(encode);
}

const hashes = (list) => all(list, hash);

function number(value, bits) {
    need(typeof value === "number" && value >= 0 && value < 2 ** bits);
    return value;
}

const n8 = (value) => u8(number(value, 8));
const n16 = (value) => u16(number(value, 16));
const n32 = (value) => u32(number(value, 32));
const n64 = (value) => u64(number(value, 53));

function parsed(text, parse) {
    need(typeof text === "string");
    const value = parse(text);
    need(value !== null);
    return value;
}

const id = (prefix, text) => parsed(text, (each) => parseAddress(prefix, each));
const timeOf = (text) => u64(parsed(text, parseTime));
const positionOf = (text) => u64(parsed(text, parsePosition));

function decimal(text, least, end) {
    need(typeof text === "string" && /^(0|-?[1-9][0-9]{0,19})$/.test(text));
    const value = BigInt(text);
    need(value >= least && value < end);
    return value;
}

const signed = (text) => i64(decimal(text, -(1n << 63n), 1n << 63n));
const unsigned = (text) => u64(decimal(text, 0n, 1n << 63n));

function word(words, text) {
    need(typeof text === "string");
    const found = numberOf(words, text);
    need(found !== undefined);
    return found;
}

// ---- parts -----------------------------------------------------------------------------------------

const pathBytes = (list) => {
    const path = hashes(list);
    need(path.length <= LIMITS.path);
    return concat(u8(path.length), path);
};

function flagsOf(list) {
    const flags = all(list, (text) => word(HEADER_FLAGS, text));
    need(flags.every((flag, i) => i === 0 || flag > flags[i - 1]));
    return u8(flags.reduce((sum, flag) => sum | flag, 0));
}

const HEADER_MEMBERS = [
    "version", "fault_model", "flags", "entry_count", "epoch", "height", "sequence", "time",
    "window_horizon", "proposer", "parent_hash", "tx_root", "state_root", "history_root",
    "validators_hash", "next_validators_hash", "members_hash", "params_hash",
];

function header(json, chainId) {
    only(json, ...HEADER_MEMBERS);
    return concat(n16(json.version), u8(word(FAULT_MODELS, json.fault_model)), flagsOf(json.flags),
        n32(json.entry_count), chainId, n64(json.epoch), n64(json.height), n64(json.sequence),
        timeOf(json.time), timeOf(json.window_horizon), id("val", json.proposer),
        ...HEADER_MEMBERS.slice(10).map((name) => hash(json[name])));
}

function seal(json) {
    only(json, "epoch", "height", "hash", "signatures");
    const signatures = each(json.signatures, LIMITS.signatures, (one) => {
        only(one, "validator", "signature");
        return concat(n16(one.validator), hexBytes(one.signature, 64));
    });
    return concat(n64(json.epoch), n64(json.height), hash(json.hash), u16(signatures.length),
        signatures);
}

const sealed = (json, chainId) => concat(header(json.header, chainId), seal(json.seal));

function setBytes(json) {
    only(json, "fault_model", "engine", "validators");
    const validators = each(json.validators, LIMITS.validators, (one) => {
        only(one, "validator", "member", "seal_key");
        return concat(id("val", one.validator), id("acc", one.member), hash(one.seal_key));
    });
    return concat(u8(word(FAULT_MODELS, json.fault_model)), u8(word(ENGINES, json.engine)),
        u16(validators.length), validators);
}

function epochsBytes(list, chainId) {
    const items = each(list, LIMITS.epochs, (item) => {
        only(item, "header", "seal", "validators");
        return concat(u8(0), sealed(item, chainId), setBytes(item.validators));
    });
    return concat(u32(items.length), items);
}

function entryBytes(json) {
    only(json, "kind", "id", "signed_hash", "code", "at", "effects_hash");
    return concat(u8(word(ENTRY_KINDS, json.kind)), hash(json.id), hash(json.signed_hash),
        u16(word(RESULT_CODES, json.code)), n8(json.at), hash(json.effects_hash));
}

// ---- effects, movements ----------------------------------------------------------------------------

const NUMBERS = ["d_posted", "d_held_out", "d_held_in", "posted", "held_out", "held_in"];
const numbers = (json) => concat(...NUMBERS.map((name) => signed(json[name])));

const EFFECTS = {
    balance: [["account", "asset", "seq", ...NUMBERS, "head"], (e) => concat(id("acc", e.account),
        id("ast", e.asset), n64(e.seq), numbers(e), hash(e.head))],
    account: [["account", "old", "new"], (e) => concat(id("acc", e.account), positionOf(e.old),
        positionOf(e.new))],
    asset: [["asset", "old", "new", "supply"], (e) => concat(id("ast", e.asset), positionOf(e.old),
        positionOf(e.new), unsigned(e.supply))],
    hold: [["hold", "state", "amount"], (e) => concat(id("hld", e.hold), u8(word(HOLD_STATES, e.state)),
        unsigned(e.amount))],
    kv: [["owner", "key", "old", "new", "value_hash"], (e) => {
        const name = atMost(255, hexBytes(e.key));
        return concat(id("acc", e.owner), bytes8(name), positionOf(e.old), positionOf(e.new),
            hash(e.value_hash));
    }],
    proposal: [["proposal", "status", "yes", "no"], (e) => concat(n64(e.proposal),
        u8(word(PROPOSAL_STATES, e.status)), n16(e.yes), n16(e.no))],
    observed: [["what", "value"], (e) => concat(u8(word(OBSERVED, e.what)), signed(e.value))],
};

function effectBytes(json) {
    need(json !== null && typeof json === "object" && typeof json.kind === "string");
    const kind = word(EFFECT_KINDS, json.kind);
    const [names, encode] = EFFECTS[json.kind];
    return concat(u8(kind), encode(only(json, "kind", ...names)));
}

function movementBytes(json, account, asset) {
    only(json, "entry_id", "position", "seq", ...NUMBERS);
    return concat(hash(json.entry_id), positionOf(json.position), account, asset, n64(json.seq),
        numbers(json));
}

// ---- receipts and states ---------------------------------------------------------------------------

function place(json, chainId) {
    if ("seal" in json) return concat(u8(0), sealed(json, chainId));
    const later = only(json.later, "header", "seal", "path");
    return concat(u8(1), header(json.header, chainId), sealed(later, chainId), pathBytes(later.path));
}

// `others` are the members beside a receipt's own, which stand in the same object.
function receiptBytes(json, chainId, ...others) {
    const where = json !== null && typeof json === "object" && "seal" in json ? "seal" : "later";
    optional(json, ["entry", "index", "path", "header", where, ...others], ["transaction", "effects"]);
    const parts = [entryBytes(json.entry)];
    if ("transaction" in json) parts.push(u8(1), bytes32(hexBytes(json.transaction)));
    else parts.push(u8(0));
    if ("effects" in json) {
        const effects = all(json.effects, effectBytes);
        need(effects.length <= 65535);
        parts.push(u8(1), bytes32(atMost(LIMITS.effects, concat(u16(effects.length), effects))));
    } else {
        parts.push(u8(0));
    }
    parts.push(n32(json.index), pathBytes(json.path), place(json, chainId), u16(0));
    return concat(...parts);
}

function siblingsBytes(json) {
    const depth = number(json.depth, 16);
    const levels = hashes(json.siblings);
    need(levels.length === depth);
    const bitmap = new Uint8Array(Math.ceil(depth / 8));
    levels.forEach((level, i) => {
        const d = depth - 1 - i;
        if (!isZero(level)) bitmap[d >> 3] |= 0x80 >> (d & 7);
    });
    return concat(u16(depth), bitmap, levels.filter((level) => !isZero(level)));
}

function neighbourBytes(json) {
    if (!("neighbour" in json)) return u8(0);
    const { path, value_hash: valueHash } = only(json.neighbour, "path", "value_hash");
    return concat(u8(1), hash(path), hash(valueHash));
}

const PLACE = ["depth", "siblings", "header", "seal"];
const placeBytes = (json, chainId) => concat(siblingsBytes(json), sealed(json, chainId));

function stateBytes(json, chainId, ...others) {
    need(json !== null && typeof json === "object" && typeof json.object === "string");
    const kind = word(OBJECT_KINDS, json.object);
    const key = hexBytes(json.key);
    need(key.length <= 65535);
    const object = concat(u8(kind), bytes16(key));
    const common = ["object", "key", ...others];
    if ("absent" in json) {
        const ofWindow = kind === WINDOW ? ["not_after"] : [];
        optional(json, [...common, "absent", "path", ...ofWindow, ...PLACE], ["neighbour"]);
        need(json.absent === true);
        return concat(u8(2), object, kind === WINDOW ? timeOf(json.not_after) : new Uint8Array(0),
            hash(json.path), neighbourBytes(json), placeBytes(json, chainId));
    }
    if ("next" in json) {
        only(json, ...common, "last", "next");
        return concat(u8(3), object, receiptBytes(json.last, chainId), receiptBytes(json.next, chainId));
    }
    const past = "last" in json;
    only(json, ...common, ...(past ? ["last"] : []), "value", ...PLACE);
    const value = bytes32(hexBytes(json.value));
    return past
        ? concat(u8(4), object, receiptBytes(json.last, chainId), value, placeBytes(json, chainId))
        : concat(u8(1), object, value, placeBytes(json, chainId));
}

// ---- the kinds -------------------------------------------------------------------------------------

const ENVELOPE = ["format", "kind", "chain_id", "epochs"];

const sealedMembers = (json, chainId) => sealed(only(json, "header", "seal"), chainId);

function absenceBytes(json, chainId) {
    const inState = "state" in json;
    only(json, ...ENVELOPE, "tx_id", "body", inState ? "state" : "other");
    const what = inState ? concat(u8(1), stateBytes(json.state, chainId))
        : concat(u8(2), receiptBytes(json.other, chainId));
    return concat(hash(json.tx_id), bytes32(hexBytes(json.body)), what);
}

function statementBytes(json, chainId) {
    only(json, ...ENVELOPE, "account", "asset", "from_height", "to_height", "head", "movements", "closing");
    const account = id("acc", json.account);
    const asset = id("ast", json.asset);
    const movements = each(json.movements, LIMITS.movements, (one) => movementBytes(one, account, asset));
    need(json.closing !== null && typeof json.closing === "object");
    const byState = "state" in json.closing;
    only(json.closing, byState ? "state" : "next");
    const closing = byState ? concat(u8(1), stateBytes(json.closing.state, chainId))
        : concat(u8(2), receiptBytes(json.closing.next, chainId));
    return concat(account, asset, n64(json.from_height), n64(json.to_height), hash(json.head),
        u32(movements.length), movements, closing);
}

function evidenceBytes(json, chainId) {
    if (json.type === "equivocation") {
        only(json, ...ENVELOPE, "type", "epoch", "height", "validator", "hashes", "signatures");
        const pair = each(json.hashes, 2, hash);
        const signatures = each(json.signatures, 2, (text) => hexBytes(text, 64));
        need(pair.length === 2 && signatures.length === 2);
        return concat(u8(1), n64(json.epoch), n64(json.height), n16(json.validator), ...pair,
            ...signatures);
    }
    need(json.type === "fork");
    optional(json, [...ENVELOPE, "type", "first", "second"], ["other"]);
    const first = only(json.first, "header", "seal", "epochs");
    let fork = u8(1);
    if ("other" in json) {
        const other = only(json.other, "hash", "path");
        fork = concat(u8(2), hash(other.hash), pathBytes(other.path));
    }
    return concat(u8(2), sealed(first, chainId), epochsBytes(first.epochs, chainId), fork,
        sealedMembers(json.second, chainId));
}

const BODIES = {
    anchor: (json, chainId) => {
        only(json, "format", "kind", "chain_id", "header", "document");
        return concat(header(json.header, chainId), bytes32(atMost(LIMITS.document, hexBytes(json.document))));
    },
    seal: (json, chainId) => sealed(only(json, ...ENVELOPE, "header", "seal"), chainId),
    epochs: (json) => {
        only(json, ...ENVELOPE);
        return new Uint8Array(0);
    },
    receipt: (json, chainId) => receiptBytes(json, chainId, ...ENVELOPE),
    consistency: (json, chainId) => {
        only(json, ...ENVELOPE, "first", "second", "consistency", "inclusion");
        return concat(sealedMembers(json.first, chainId), sealedMembers(json.second, chainId),
            pathBytes(json.consistency), pathBytes(json.inclusion));
    },
    state: (json, chainId) => stateBytes(json, chainId, ...ENVELOPE),
    absence: absenceBytes,
    statement: statementBytes,
    evidence: evidenceBytes,
};

function parse(bytes) {
    try {
        return parseJson(bytes);
    } catch (error) {
        if (!(error instanceof JsonError)) throw error;
        return need(false);
    }
}

// The bytes of the binary file of which this is the twin.
export function readTwin(bytes) {
    const json = parse(bytes);
    need(json !== null && typeof json === "object" && json.format === "witan-proof/1");
    const kind = word(PROOF_KINDS, json.kind);
    const chainId = hash(json.chain_id);
    const body = BODIES[json.kind](json, chainId);
    const epochs = json.kind === "anchor" ? new Uint8Array(0) : epochsBytes(json.epochs, chainId);
    return concat(utf8("WTNPROOF"), u16(1), u16(kind), chainId, body, epochs);
}
