// The three forms of a proof file: binary, armour, JSON twin. All carry exactly the same bytes.

import { Refused, ensure } from "./checks.js";
import { LIMITS } from "./formats.js";
import { readProof } from "./proof.js";
import { readTwin } from "./twin.js";

const BEGIN = "-----BEGIN WITAN PROOF-----";
const END = "-----END WITAN PROOF-----";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]));
const LINE = 64;

// RFC 4648, section 4, with padding and without unused bits; F.5 otherwise.
function fromBase64(text) {
    ensure(text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), "F.5");
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    const bytes = new Uint8Array((text.length / 4) * 3 - padding);
    let at = 0;
    for (let i = 0; i < text.length; i += 4) {
        let group = 0;
        for (let j = 0; j < 4; j++) group = (group << 6) | (VALUES.get(text[i + j]) ?? 0);
        for (const shift of [16, 8, 0]) {
            const byte = (group >> shift) & 0xff;
            if (at < bytes.length) bytes[at++] = byte;
            else ensure(byte === 0, "F.5");
        }
    }
    return bytes;
}

function readArmour(bytes) {
    const text = new TextDecoder("latin1").decode(bytes); // Bytes above 127 match no line.
    const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
    if (lines[lines.length - 1] === "") lines.pop();
    ensure(lines.length >= 3 && lines[0] === BEGIN && lines.pop() === END, "F.5");
    const data = lines.slice(1);
    ensure(data.every((line, i) => (i < data.length - 1 ? line.length === LINE
        : line.length >= 1 && line.length <= LINE)), "F.5");
    return fromBase64(data.join(""));
}

const WHITE_SPACE = [0x20, 0x09, 0x0a, 0x0d];

// What stands in a twin must be a file that can be read: whatever reading would find is its form.
function readTwinProof(bytes) {
    const binary = readTwin(bytes);
    try {
        return readProof(binary);
    } catch (error) {
        throw error instanceof Refused ? new Refused("F.5") : error;
    }
}

// The proof in a file of any form. The first byte that is no white space tells which it is: a dash
// begins armour, a brace a twin, and whatever else is taken for binary.
export function readFile(bytes) {
    ensure(bytes.length <= LIMITS.file, "F.4");
    const first = bytes.find((byte) => !WHITE_SPACE.includes(byte));
    if (first === 0x7b) return readTwinProof(bytes);
    return readProof(first === 0x2d ? readArmour(bytes) : bytes);
}
