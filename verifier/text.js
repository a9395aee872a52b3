// How things are written for people and in JSON: addresses, times, positions, amounts, words.

import { hex } from "./bytes.js";

// ---- addresses: bech32m (BIP 350) of 16 bytes ----------------------------------------------------

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BECH32M = 0x2bc830a3;

function checksum(values) {
    let sum = 1;
    for (const value of values) {
        const top = sum >>> 25;
        sum = ((sum & 0x1ffffff) << 5) ^ value;
        GENERATORS.forEach((generator, i) => { if ((top >>> i) & 1) sum ^= generator; });
    }
    return sum;
}

function prefixValues(prefix) {
    const codes = [...prefix].map((character) => character.charCodeAt(0));
    return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

// The same bits in groups of another size; bits missing in the last group are zeros.
function regroup(values, from, to) {
    const groups = [];
    let bits = 0;
    let held = 0;
    for (const value of values) {
        held = (held << from) | value;
        bits += from;
        while (bits >= to) {
            bits -= to;
            groups.push((held >> bits) & ((1 << to) - 1));
            held &= (1 << bits) - 1;
        }
    }
    if (to === 5 && bits > 0) groups.push((held << (to - bits)) & 31);
    return groups;
}

// address("acc", id): "acc1..."
export function address(prefix, id) {
    const data = regroup(id, 8, 5);
    const sum = checksum([...prefixValues(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ BECH32M;
    const tail = [25, 20, 15, 10, 5, 0].map((shift) => (sum >>> shift) & 31);
    return `${prefix}1${[...data, ...tail].map((value) => ALPHABET[value]).join("")}`;
}

// The 16 bytes of an address with this prefix, or null.
export function parseAddress(prefix, text) {
    if (text.length !== 36 || !text.startsWith(`${prefix}1`)) return null;
    const values = [...text.slice(4)].map((character) => ALPHABET.indexOf(character));
    if (values.includes(-1)) return null;
    if (checksum([...prefixValues(prefix), ...values]) !== BECH32M) return null;
    const id = Uint8Array.from(regroup(values.slice(0, 26), 5, 8));
    return address(prefix, id) === text ? id : null; // The last two bits of the data are zero.
}

// ---- times, positions, amounts -------------------------------------------------------------------

// RFC 3339 with milliseconds, of a BigInt of milliseconds since 1970; up to the year 9999.
export function time(ms) {
    const limit = 253402300800000n; // 10000-01-01
    return ms < limit ? new Date(Number(ms)).toISOString() : `${ms} ms after 1970`;
}

// The milliseconds of such a time, or null.
export function parseTime(text) {
    if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/.test(text)) return null;
    const ms = Date.parse(text);
    if (Number.isNaN(ms) || ms < 0 || new Date(ms).toISOString() !== text) return null;
    return BigInt(ms);
}

// height.index.step of a position: height x 2^24 + index x 2^8 + step
export function position(number) {
    return `${number >> 24n}.${(number >> 8n) & 0xffffn}.${number & 0xffn}`;
}

// The number of a position in that form, below 2^63; or null.
export function parsePosition(text) {
    const parts = /^(0|[1-9][0-9]{0,13})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,2})$/.exec(text);
    if (parts === null) return null;
    const [height, index, step] = parts.slice(1).map(BigInt);
    if (height >= 1n << 39n || index > 0xffffn || step > 0xffn) return null;
    return (height << 24n) | (index << 8n) | step;
}

// Minor units with the decimals of the asset: amount(12345n, 2) is "123.45".
export function amount(minor, scale) {
    const sign = minor < 0n ? "-" : "";
    const digits = String(minor < 0n ? -minor : minor).padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale);
    return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-scale)}`;
}

export const shortHash = (bytes) => `${hex(bytes.subarray(0, 4))}...`;
export const plural = (count, word) => `${count} ${word}${BigInt(count) === 1n ? "" : "s"}`;

// ---- words ---------------------------------------------------------------------------------------

export const PROOF_KINDS = new Map([
    [0, "anchor"], [1, "seal"], [2, "epochs"], [3, "receipt"], [4, "consistency"],
    [5, "state"], [6, "absence"], [7, "statement"], [9, "evidence"],
]);
export const FAULT_MODELS = new Map([[1, "byzantine"], [2, "crash"]]);
export const ENGINES = new Map([
    [1, "hotstuff"], [2, "raft"], [3, "pbft"], [4, "tendermint"], [5, "paxos"], [6, "zab"],
]);
export const PURPOSES = new Map([[1, "production"], [2, "test"]]);
export const HEADER_FLAGS = new Map([[1, "epoch_end"], [2, "tick"], [4, "recovery"]]);
export const ROLES = new Map([[1, "registrar"], [2, "issuer"], [4, "freezer"]]);
export const ASSET_FLAGS = new Map([[1, "fixed_supply"], [2, "needs_authorisation"], [4, "clawback"]]);
export const ENTRY_KINDS = new Map([
    [1, "transaction"], [2, "hold_expiry"], [3, "enactment"], [4, "recovery"],
]);
export const OBJECT_KINDS = new Map([
    [0x10, "account"], [0x20, "asset"], [0x30, "balance"], [0x40, "hold"],
    [0x50, "kv"], [0x60, "window"], [0x70, "lane"], [0x80, "governance"],
]);
export const EFFECT_KINDS = new Map([
    [1, "balance"], [2, "account"], [3, "asset"], [4, "hold"], [5, "kv"], [6, "proposal"],
    [7, "observed"],
]);
export const HOLD_STATES = new Map([[1, "made"], [2, "posted"], [3, "voided"], [4, "expired"]]);
export const PROPOSAL_STATES = new Map([
    [1, "open"], [2, "passed"], [3, "rejected"], [4, "enacted"], [5, "failed"], [6, "withdrawn"],
]);
export const OBSERVED = new Map([
    [1, "available"], [2, "posted"], [3, "seq"], [4, "version"], [5, "height"],
    [6, "params_version"], [7, "supply_left"],
]);

// docs/reference/result-codes.md
export const RESULT_CODES = new Map([
    [0, "ok"], [10, "assert_failed"], [20, "account_unknown"], [21, "account_exists"],
    [22, "account_frozen"], [23, "account_protected"], [24, "account_not_empty"],
    [25, "role_missing"], [26, "key_unknown"], [27, "key_exists"], [30, "asset_unknown"],
    [31, "asset_exists"], [32, "not_issuer"], [33, "supply_limit"], [34, "flag_fixed"],
    [35, "not_authorised"], [40, "insufficient_funds"], [50, "hold_unknown"],
    [51, "hold_expired"], [52, "not_arbiter"], [53, "hold_amount"], [54, "term_out_of_range"],
    [55, "bad_preimage"], [56, "hold_exists"], [60, "version_mismatch"], [61, "value_too_large"],
    [62, "grant_limit"], [70, "not_member"], [71, "proposal_unknown"], [72, "proposal_closed"],
    [73, "proposal_limit"], [74, "params_changed"], [75, "action_invalid"], [76, "not_ready"],
    [77, "validator_unknown"], [80, "approval_exists"], [81, "approval_unknown"],
    [82, "not_signer"], [83, "evidence_invalid"], [84, "evidence_known"],
]);

// The number of a word in one of these maps, or undefined.
export function numberOf(words, word) {
    for (const [number, each] of words) {
        if (each === word) return number;
    }
    return undefined;
}
