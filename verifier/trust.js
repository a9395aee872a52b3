// What is remembered of a chain: its highest sealed block that was accepted, and the blocks that ended
// its earlier epochs. T.1: whatever contradicts that is refused.

import { equal, hex, unhex } from "./bytes.js";
import { ensure } from "./checks.js";
import { JsonError, parseJson } from "./json.js";
import { parseTime, time } from "./text.js";

export class TrustError extends Error {}

const MEMBERS = ["format", "chain_id", "height", "epoch", "hash", "history_root", "time", "boundaries"];

function wellFormed(json) {
    const isHash = (text) => typeof text === "string" && unhex(text)?.length === 32;
    const isNumber = (number) => typeof number === "number" && number >= 0;
    const isBoundary = (each, i, all) => isNumber(each?.height) && isHash(each.hash) &&
        each.height < json.height && (i === 0 || all[i - 1].height < each.height);
    return json !== null && typeof json === "object" && MEMBERS.every((name) => name in json) &&
        Object.keys(json).length === MEMBERS.length && json.format === "witan-trust/1" &&
        [json.chain_id, json.hash, json.history_root].every(isHash) &&
        isNumber(json.height) && isNumber(json.epoch) &&
        typeof json.time === "string" && parseTime(json.time) !== null &&
        Array.isArray(json.boundaries) && json.boundaries.length === json.epoch &&
        json.boundaries.every(isBoundary);
}

// What a file of this kind remembers. Throws TrustError.
export function readTrust(bytes, chainId) {
    let json;
    try {
        json = parseJson(bytes);
    } catch (error) {
        if (error instanceof JsonError) throw new TrustError(error.message);
        throw error;
    }
    if (!wellFormed(json)) throw new TrustError("not of the form witan-trust/1");
    if (json.chain_id !== hex(chainId)) throw new TrustError("it is of another chain");
    return {
        chainId, height: BigInt(json.height), epoch: BigInt(json.epoch), hash: unhex(json.hash),
        historyRoot: unhex(json.history_root), timeMs: parseTime(json.time),
        boundaries: json.boundaries.map(({ height, hash }) =>
            ({ height: BigInt(height), hash: unhex(hash) })),
    };
}

export function writeTrust(remembered) {
    return `${JSON.stringify({
        format: "witan-trust/1",
        chain_id: hex(remembered.chainId),
        height: Number(remembered.height),
        epoch: Number(remembered.epoch),
        hash: hex(remembered.hash),
        history_root: hex(remembered.historyRoot),
        time: time(remembered.timeMs),
        boundaries: remembered.boundaries.map(({ height, hash }) =>
            ({ height: Number(height), hash: hex(hash) })),
    }, null, 1)}\n`;
}

function contradicts(remembered, { height, hash, timeMs, epoch }) {
    if (height === remembered.height) {
        if (!equal(hash, remembered.hash)) return true;
    } else if (height < remembered.height) {
        if (timeMs >= remembered.timeMs || epoch > remembered.epoch) return true;
    } else if (timeMs <= remembered.timeMs || epoch < remembered.epoch) {
        return true;
    }
    const before = remembered.boundaries[Number(epoch) - 1];
    if (before !== undefined && height <= before.height) return true;
    const end = remembered.boundaries[Number(epoch)];
    if (end === undefined) return false;
    return height > end.height || (height === end.height && !equal(hash, end.hash));
}

function endContradicts(remembered, { height, hash, epoch }) {
    const end = remembered.boundaries[Number(epoch)];
    if (end !== undefined && !equal(hash, end.hash)) return true;
    return epoch === remembered.epoch && height < remembered.height;
}

// T.1. `headers` are those of all blocks of the file, `ends` those of its items of epochs.
export function checkRemembered(remembered, headers, ends) {
    ensure(!headers.some((header) => contradicts(remembered, header)), "T.1");
    ensure(!ends.some((header) => endContradicts(remembered, header)), "T.1");
}

// What is remembered afterwards: `remembered` (or null) unless one of the sealed blocks is higher.
export function remember(remembered, genesis, sealed, ends) {
    const highest = sealed.reduce((most, { header }) =>
        (most === null || header.height > most.height ? header : most), null);
    if (highest === null || highest.height <= (remembered?.height ?? 0n)) return remembered;
    const { height, epoch, hash, historyRoot, timeMs } = highest;
    return {
        chainId: genesis.chainId, height, epoch, hash, historyRoot, timeMs,
        boundaries: ends.slice(0, Number(epoch)).map((end) => ({ height: end.height, hash: end.hash })),
    };
}
