// Strict JSON, for the genesis file and the twins of proofs: JSON.parse takes the last of two members
// of one name and rounds large numbers, and two readers of one file must not see two contents.
// Refused are repeated members, numbers that are no integers below 2^53, nesting beyond 32 levels, and
// strings with a NUL or half of a surrogate pair.

import { fromUtf8 } from "./bytes.js";

const WHITE_SPACE = " \t\n\r";
const MARK = /[{}[\],:]|true|false|null/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
const DEPTH_MAX = 32;

export class JsonError extends Error {}

function fail(what) {
    throw new JsonError(what);
}

class Tokens {
    constructor(text) {
        this.text = text;
        this.at = 0;
        this.next();
    }

    // Moves on to the next token: this.mark (punctuation, a word or "end"), or this.value.
    next() {
        while (this.at < this.text.length && WHITE_SPACE.includes(this.text[this.at])) this.at++;
        this.mark = this.at === this.text.length ? "end" : this.match(MARK);
        this.value = undefined;
        if (this.mark !== null) return;
        this.value = this.text[this.at] === '"' ? this.string() : this.number();
    }

    // What the pattern matches here, and past it; or null.
    match(pattern) {
        pattern.lastIndex = this.at;
        const match = pattern.exec(this.text);
        if (match === null) return null;
        this.at = pattern.lastIndex;
        return match[0];
    }

    number() {
        const text = this.match(NUMBER) ?? fail(`no JSON of this form at character ${this.at}`);
        const value = Number(text);
        if (!Number.isSafeInteger(value)) fail(`${text} is out of range`);
        return value === 0 ? 0 : value; // -0 is 0.
    }

    // A quote behind an odd number of backslashes is part of the string.
    string() {
        const start = this.at;
        let end = start;
        let escaped = true;
        while (escaped) {
            end = this.text.indexOf('"', end + 1);
            if (end < 0) fail(`a string without end at character ${start}`);
            let before = end - 1;
            while (this.text[before] === "\\") before--;
            escaped = (end - before) % 2 === 0;
        }
        this.at = end + 1;
        let value = "\0";
        try {
            value = JSON.parse(this.text.slice(start, end + 1));
        } catch { /* No JSON string: refused like a NUL. */ }
        if (/[\0\p{Cs}]/u.test(value)) fail(`no string of text at character ${start}`);
        return value;
    }

    expect(mark) {
        if (this.mark !== mark) fail(`${mark} expected before character ${this.at}`);
        this.next();
    }
}

function parseList(tokens, depth) {
    const list = [];
    tokens.expect("[");
    while (tokens.mark !== "]") {
        if (list.length > 0) tokens.expect(",");
        list.push(parseValue(tokens, depth));
    }
    tokens.next();
    return list;
}

function parseObject(tokens, depth) {
    const object = Object.create(null); // No inherited names: "__proto__" is a member like others.
    let count = 0;
    tokens.expect("{");
    while (tokens.mark !== "}") {
        if (count++ > 0) tokens.expect(",");
        const name = tokens.value;
        if (typeof name !== "string") fail(`a name expected before character ${tokens.at}`);
        if (name in object) fail(`two members "${name}"`);
        tokens.next();
        tokens.expect(":");
        object[name] = parseValue(tokens, depth);
    }
    tokens.next();
    return object;
}

function parseValue(tokens, depth) {
    if (depth >= DEPTH_MAX) fail("nested too deep");
    if (tokens.mark === "{") return parseObject(tokens, depth + 1);
    if (tokens.mark === "[") return parseList(tokens, depth + 1);
    let value = tokens.value;
    if (tokens.mark === "true") value = true;
    else if (tokens.mark === "false") value = false;
    else if (tokens.mark === "null") value = null;
    else if (value === undefined) fail(`a value expected before character ${tokens.at}`);
    tokens.next();
    return value;
}

// The value of a JSON text in UTF-8; throws JsonError.
export function parseJson(bytes) {
    let text;
    try {
        text = fromUtf8(bytes);
    } catch {
        fail("not UTF-8");
    }
    const tokens = new Tokens(text);
    const value = parseValue(tokens, 0);
    if (tokens.mark !== "end") fail(`more than one value, at character ${tokens.at}`);
    return value;
}
