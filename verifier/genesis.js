// The genesis file: from its JSON to the canonical bytes, whose hash is the chain id. It is the trust
// in everything else. Its content is what genesis_document.js reads out of those bytes; the rules that
// a network's genesis keeps beyond its form (ranges, sums) are not asked: whoever holds the chain id of
// a network holds that of a genesis that keeps them.

import { compare, concat, text8, u16, u32, u64, u8, unhex, utf8, ZERO_32 } from "./bytes.js";
import { Refused } from "./checks.js";
import { readDocument } from "./genesis_document.js";
import { JsonError, parseJson } from "./json.js";
import {
    ASSET_FLAGS, ENGINES, FAULT_MODELS, PURPOSES, ROLES, numberOf, parseAddress, parseTime,
} from "./text.js";

export class GenesisError extends Error {}

// In the order of the table in docs/reference/genesis.md; fractions are written "a/b".
const PARAMETERS = [
    "tx_bytes_max", "batch_bytes_max", "batch_txs_max", "window_ms_max", "window_grace_ms",
    "window_sweep_max", "hold_ms_max", "hold_sweep_max", "kv_value_max", "max_idle_ms",
    "tick_gap_ms_min", "skew_ms_max", "unsealed_max", "ready_blocks_max", "validators_min",
    "validators_max", "gov_routine", "gov_critical", "gov_emergency", "gov_open_max",
    "gov_term_ms_max",
];
const FRACTIONS = new Set(["gov_routine", "gov_critical", "gov_emergency"]);
const I64_MAX = (1n << 63n) - 1n;

// ---- taking JSON apart: each takes a value and where it stands ------------------------------------

function ensure(condition, where, wanted) {
    if (!condition) throw new GenesisError(`${where}: ${wanted}`);
}

function object(value, where, names, optional = []) {
    ensure(value !== null && typeof value === "object" && !Array.isArray(value), where, "not an object");
    for (const name of names) ensure(name in value, where, `the member ${name} is missing`);
    for (const name of Object.keys(value)) {
        ensure(names.includes(name) || optional.includes(name), where, `unknown member ${name}`);
    }
    return value;
}

function list(value, where, most) {
    ensure(Array.isArray(value) && value.length <= most, where, `not a list of at most ${most}`);
    return value;
}

function text(value, where) {
    ensure(typeof value === "string", where, "not a string");
    return value;
}

function name(value, where, most) {
    const size = utf8(text(value, where)).length;
    ensure(size >= 1 && size <= most && !value.includes("\0"), where, `not 1 to ${most} bytes of text`);
    return value;
}

function number(value, where, most) {
    ensure(typeof value === "number" && value >= 0 && value <= most, where, `not 0 to ${most}`);
    return value;
}

function amount(value, where) {
    ensure(/^(0|[1-9][0-9]{0,18})$/.test(text(value, where)), where, "not an amount");
    ensure(BigInt(value) <= I64_MAX, where, "above 2^63-1");
    return BigInt(value);
}

function bytes(value, where, size) {
    const found = unhex(text(value, where));
    ensure(found !== null && found.length === size, where, `not ${2 * size} lower-case hex digits`);
    return found;
}

function id(value, where, prefix) {
    const found = parseAddress(prefix, text(value, where));
    ensure(found !== null, where, `not an address ${prefix}1...`);
    return found;
}

function word(value, where, words) {
    const found = numberOf(words, text(value, where));
    ensure(found !== undefined, where, `none of ${[...words.values()].join(", ")}`);
    return found;
}

// The sum of different words.
function wordSet(value, where, words) {
    const found = list(value, where, words.size).map((each) => word(each, where, words));
    ensure(new Set(found).size === found.length, where, "a word twice");
    return found.reduce((sum, each) => sum + each, 0);
}

function fraction(value, where) {
    const match = /^([1-9][0-9]{0,9})\/([1-9][0-9]{0,9})$/.exec(text(value, where));
    const parts = match === null ? [] : match.slice(1).map(BigInt);
    ensure(match !== null && parts.every((part) => part < 1n << 32n), where, "not a fraction");
    return (parts[0] << 32n) | parts[1];
}

const hashOrZeros = (value, where) => (value === undefined ? ZERO_32 : bytes(value, where, 32));

// The encodings of a list's items, in the order of the first `keySize` bytes of each.
function sorted(value, where, most, keySize, encode) {
    const items = list(value, where, most).map((each, i) => encode(each, `${where}/${i}`));
    items.sort((a, b) => compare(a.subarray(0, keySize), b.subarray(0, keySize)));
    return items;
}

// ---- the parts of the document ---------------------------------------------------------------------

function encodeParameters(params, engineParams) {
    object(params, "/params", PARAMETERS);
    const values = PARAMETERS.map((each) => {
        const where = `/params/${each}`;
        return u64(FRACTIONS.has(each) ? fraction(params[each], where)
            : number(params[each], where, Number.MAX_SAFE_INTEGER));
    });
    object(engineParams, "/engine_params", Object.keys(engineParams ?? {}));
    const names = Object.keys(engineParams).sort((a, b) => compare(utf8(a), utf8(b)));
    const pairs = names.map((each) => concat(text8(name(each, "/engine_params", 255)),
        u64(number(engineParams[each], `/engine_params/${each}`, Number.MAX_SAFE_INTEGER))));
    return concat(u64(1), u16(values.length), values, u16(pairs.length), pairs);
}

function encodeMember(value, where) {
    object(value, where, ["account", "name"]);
    return concat(id(value.account, `${where}/account`, "acc"), text8(name(value.name, `${where}/name`, 64)));
}

// { inSet, rest }: what the validator is in the set, and what follows the set.
function encodeValidator(value, where) {
    object(value, where, ["id", "member", "endpoint", "seal_key", "node_key", "possession"]);
    const inSet = concat(id(value.id, `${where}/id`, "val"), id(value.member, `${where}/member`, "acc"),
        bytes(value.seal_key, `${where}/seal_key`, 32));
    const rest = concat(bytes(value.node_key, `${where}/node_key`, 32),
        text8(name(value.endpoint, `${where}/endpoint`, 255)),
        bytes(value.possession, `${where}/possession`, 64));
    return { inSet, rest };
}

function encodeSigner(value, where) {
    object(value, where, ["key", "weight"]);
    return concat(bytes(value.key, `${where}/key`, 32), u8(number(value.weight, `${where}/weight`, 255)));
}

function encodeAccount(value, where) {
    object(value, where, ["id", "roles", "low", "medium", "high", "signers"], ["metadata"]);
    const signers = sorted(value.signers, `${where}/signers`, 20, 32, encodeSigner);
    const weights = ["low", "medium", "high"];
    return concat(id(value.id, `${where}/id`, "acc"), u32(wordSet(value.roles, `${where}/roles`, ROLES)),
        weights.map((each) => u16(number(value[each], `${where}/${each}`, 65535))),
        hashOrZeros(value.metadata, `${where}/metadata`), u8(signers.length), signers);
}

function encodeCode(value, where) {
    ensure(/^[A-Z0-9]{1,12}$/.test(text(value, where)), where, "not 1 to 12 of A-Z and 0-9");
    const code = new Uint8Array(12);
    code.set(utf8(value));
    return code;
}

function encodeAsset(value, where) {
    object(value, where, ["id", "issuer", "code", "scale", "flags", "max_supply", "supply"], ["metadata"]);
    return concat(id(value.id, `${where}/id`, "ast"), id(value.issuer, `${where}/issuer`, "acc"),
        encodeCode(value.code, `${where}/code`), u8(number(value.scale, `${where}/scale`, 12)),
        u8(wordSet(value.flags, `${where}/flags`, ASSET_FLAGS)),
        u64(amount(value.max_supply, `${where}/max_supply`)),
        u64(amount(value.supply, `${where}/supply`)),
        hashOrZeros(value.metadata, `${where}/metadata`));
}

function encodeBalance(value, where) {
    object(value, where, ["account", "asset", "posted"]);
    return concat(id(value.account, `${where}/account`, "acc"), id(value.asset, `${where}/asset`, "ast"),
        u64(amount(value.posted, `${where}/posted`)));
}

const COUNT_MAX = 1 << 20; // More than a file of 16 MiB has room for.

function encodeDocument(json) {
    object(json, "/", [
        "format", "network", "time", "purpose", "fault_model", "engine", "engine_params", "params",
        "members", "validators", "accounts", "assets", "balances",
    ]);
    ensure(json.format === "witan-genesis/1", "/format", "not witan-genesis/1");
    const timeMs = parseTime(text(json.time, "/time"));
    ensure(timeMs !== null, "/time", "not a time such as 2026-12-01T09:00:00.000Z");
    const validators = list(json.validators, "/validators", 255)
        .map((each, i) => encodeValidator(each, `/validators/${i}`))
        .sort((a, b) => compare(a.inSet.subarray(0, 16), b.inSet.subarray(0, 16)));
    const members = sorted(json.members, "/members", 1024, 16, encodeMember);
    const accounts = sorted(json.accounts, "/accounts", COUNT_MAX, 16, encodeAccount);
    const assets = sorted(json.assets, "/assets", COUNT_MAX, 16, encodeAsset);
    const balances = sorted(json.balances, "/balances", COUNT_MAX, 32, encodeBalance);
    return concat(
        u16(1), text8(name(json.network, "/network", 32)), u64(timeMs),
        u8(word(json.purpose, "/purpose", PURPOSES)),
        encodeParameters(json.params, json.engine_params),
        u8(word(json.fault_model, "/fault_model", FAULT_MODELS)),
        u8(word(json.engine, "/engine", ENGINES)),
        u16(validators.length), validators.map((each) => each.inSet),
        validators.map((each) => each.rest),
        u16(members.length), members, u32(accounts.length), accounts,
        u32(assets.length), assets, u32(balances.length), balances);
}

// The genesis of a file's bytes: what readDocument gives. Throws GenesisError.
export function readGenesis(fileBytes) {
    try {
        return readDocument(encodeDocument(parseJson(fileBytes)));
    } catch (error) {
        if (error instanceof JsonError) throw new GenesisError(error.message);
        if (error instanceof Refused) throw new GenesisError("a list is empty, unsorted or has an item twice");
        throw error;
    }
}
