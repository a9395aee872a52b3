// Runs the verifier in verifier/ over the shared test vectors: node tests/verifier/run.mjs
//
// Each proof of tests/vectors/proofs must be found to be what index.json says, in all forms of the
// file; signatures, trees, states and genesis documents must be judged as the other vectors tell.

import { readFileSync } from "node:fs";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";

import { hex, unhex } from "../../verifier/bytes.js";
import { validKey, verifySignature } from "../../verifier/ed25519.js";
import { movementBytes, movementHead } from "../../verifier/formats.js";
import { JsonError, parseJson } from "../../verifier/json.js";
import { consistency, inclusion, root } from "../../verifier/merkle.js";
import { hash } from "../../verifier/sha2.js";
import { leafHash, objectPath, readValue, rootOfLeaves, valueHash } from "../../verifier/state.js";
import {
    GenesisError, TrustError, readGenesis, readTrust, verify, writeTrust,
} from "../../verifier/verifier.js";
import { testCommand } from "./command.mjs";
import { testPage } from "./page.mjs";

const VECTORS = new URL("../vectors/", import.meta.url);
const bytesOf = (name) => new Uint8Array(readFileSync(new URL(name, VECTORS)));
const jsonOf = (name) => JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));

let passed = 0;
const failures = [];

function expect(name, found, wanted) {
    if (isDeepStrictEqual(found, wanted)) {
        passed += 1;
        return;
    }
    const show = (value) => JSON.stringify(value, (_, each) =>
        (typeof each === "bigint" ? Number(each) : each));
    failures.push(`${name}\n    found  ${show(found)}\n    wanted ${show(wanted)}`);
}

// ---- primitives ----------------------------------------------------------------------------------

function signatures() {
    for (const each of jsonOf("ed25519.json")) {
        const [key, message, signature] = [each.public_key, each.message, each.signature].map(unhex);
        expect(`ed25519, ${each.name}: signature`, verifySignature(key, message, signature), each.valid);
        expect(`ed25519, ${each.name}: key`, validKey(key), each.key_valid);
    }
}

function trees() {
    const { leaves, trees: all } = jsonOf("merkle.json");
    const leaf = leaves.map(unhex);
    for (const tree of all) {
        const count = BigInt(tree.count);
        const treeRoot = unhex(tree.root);
        expect(`merkle, root of ${count}`, hex(root(leaf.slice(0, tree.count))), tree.root);
        tree.paths.forEach((path, index) => {
            const name = `merkle, leaf ${index} of ${count}`;
            const hashes = path.map(unhex);
            const at = (i, list) => inclusion(leaf[index], i, count, list, treeRoot);
            expect(name, at(BigInt(index), hashes), true);
            expect(`${name}, next index`, at(BigInt(index) + 1n, hashes), false);
            expect(`${name}, longer path`, at(BigInt(index), [...hashes, treeRoot]), false);
            if (path.length > 0) expect(`${name}, shorter path`, at(BigInt(index), hashes.slice(1)), false);
        });
        for (const { older, older_root: olderHex, proof } of tree.consistency) {
            const name = `merkle, ${older} in ${count}`;
            const hashes = proof.map(unhex);
            const holds = (olderRoot, list) =>
                consistency(BigInt(older), count, olderRoot, treeRoot, list);
            expect(name, holds(unhex(olderHex), hashes), true);
            expect(`${name}, longer`, holds(unhex(olderHex), [...hashes, treeRoot]), false);
            expect(`${name}, another root`, holds(hash("witan/test", unhex(olderHex)), hashes), false);
        }
    }
}

// ---- proofs --------------------------------------------------------------------------------------

const genesisOf = (name) => readGenesis(bytesOf(`proofs/${name}`));

function optionsOf(each, genesis) {
    const trust = each.remembered && readTrust(bytesOf(`proofs/${each.remembered}`), genesis.chainId);
    return { allowCrash: each.allow_crash === true, remembered: trust ?? null };
}

// What index.json tells of a verdict; heights and epochs there are small numbers.
function facts(verdict) {
    if (!verdict.verified) return verdict.check;
    const { sentence, remembered, ...told } = verdict;
    const sealed = told.sealed.map((block) =>
        ({ ...block, height: Number(block.height), epoch: Number(block.epoch) }));
    return { ...told, sealed };
}

function proofs() {
    for (const each of jsonOf("proofs/index.json").cases) {
        const genesis = genesisOf(each.genesis);
        const options = optionsOf(each, genesis);
        const wanted = each.verdict ?? each.expect;
        for (const name of [each.file, each.twin, each.armour].filter((file) => file !== undefined)) {
            const bytes = bytesOf(`proofs/${name}`);
            expect(`${each.name} (${name})`, facts(verify(bytes, genesis, options)), wanted);
        }
    }
}

// A changed byte is refused by some check, in each place of a receipt in turn.
function changedBytes() {
    const genesis = genesisOf("genesis.json");
    const receipt = bytesOf("proofs/receipt.witan");
    for (let at = 0; at < receipt.length; at += 7) {
        const changed = receipt.slice();
        changed[at] ^= 1 << (at % 8);
        expect(`receipt, byte ${at} changed`, verify(changed, genesis).verified, false);
        expect(`receipt, ended at byte ${at}`, verify(receipt.slice(0, at), genesis).verified, false);
    }
}

// ---- text forms ----------------------------------------------------------------------------------

const bytesOfText = (text) => new TextEncoder().encode(text);
const textOf = (name) => new TextDecoder().decode(bytesOf(name));

function armour() {
    const genesis = genesisOf("genesis.json");
    const good = textOf("proofs/receipt.txt");
    const lines = good.split("\n");
    const judge = (text) => facts(verify(bytesOfText(text), genesis));
    const verified = facts(verify(bytesOf("proofs/receipt.witan"), genesis));
    expect("armour, lines end in CR LF", judge(good.replaceAll("\n", "\r\n")), verified);
    expect("armour, without the last newline", judge(good.slice(0, -1)), verified);
    const malformed = {
        "a space before": ` ${good}`,
        "a line behind": `${good}\n`,
        "another beginning": good.replace("BEGIN", "BEGAN"),
        "no end": lines.slice(0, -2).join("\n"),
        "an empty line": [lines[0], "", ...lines.slice(1)].join("\n"),
        "a short line": good.replace(lines[1], lines[1].slice(4)),
        "a long line": good.replace(`${lines[1]}\n`, lines[1]),
        "another alphabet": good.replace(lines[1], `-${lines[1].slice(1)}`),
        "padding within": good.replace(lines[1], `${lines[1].slice(0, 62)}==`),
    };
    for (const [name, text] of Object.entries(malformed)) expect(`armour, ${name}`, judge(text), "F.5 form");
    const of = (data) => `-----BEGIN WITAN PROOF-----\n${data}\n-----END WITAN PROOF-----\n`;
    expect("armour, two bytes of a proof", judge(of("V1Q=")), "F.1 magic");
    expect("armour, unused bits", judge(of("V1R=")), "F.5 form");
    expect("armour, no padding", judge(of("V1Q")), "F.5 form");
}

function twins() {
    const genesis = genesisOf("genesis.json");
    const receipt = () => parseJson(bytesOf("proofs/receipt.json"));
    const judge = (json) => facts(verify(bytesOfText(typeof json === "string" ? json
        : JSON.stringify(json)), genesis));
    const changed = (change) => {
        const json = receipt();
        change(json);
        return judge(json);
    };
    expect("twin, other order", judge(Object.fromEntries(Object.entries(receipt()).reverse())),
        facts(verify(bytesOf("proofs/receipt.witan"), genesis)));
    const malformed = {
        "a member missing": (json) => { delete json.entry.at; },
        "a member more": (json) => { json.header.chain_id = json.chain_id; },
        "another type": (json) => { json.index = "0"; },
        "another word": (json) => { json.entry.code = "fine"; },
        "a path that is too long": (json) => { json.path = new Array(65).fill(json.entry.id); },
        "upper case": (json) => { json.entry.id = json.entry.id.toUpperCase(); },
        "an address of another kind": (json) => { json.header.proposer = json.effects[0].account; },
        "a damaged address": (json) => { json.effects[0].account = json.effects[1].account.replace("k5", "5k"); },
        "a time that never was": (json) => { json.header.time = "2026-02-29T00:00:00.000Z"; },
        "a negative zero": (json) => { json.effects[0].d_held_in = "-0"; },
        "seal and later": (json) => { json.later = { header: json.header, seal: json.seal, path: [] }; },
        "a header that breaks its table": (json) => { json.header.version = 2; },
        "effects that descend": (json) => { json.effects.reverse(); },
    };
    for (const [name, change] of Object.entries(malformed)) expect(`twin, ${name}`, changed(change), "F.5 form");
    expect("twin, too many signatures", changed((json) => {
        json.seal.signatures = new Array(256).fill(json.seal.signatures[0]);
    }), "F.4 size");
    expect("twin, a large value", changed((json) => { json.transaction = "00".repeat(1 << 22); }), "F.5 form");
    const text = textOf("proofs/receipt.json");
    expect("twin, a member twice", judge(text.replace('"index": 0', '"index": 0, "index": 0')), "F.5 form");
    expect("twin, a fraction", judge(text.replace('"index": 0', '"index": 0.0')), "F.5 form");
    expect("twin, more behind", judge(`${text}{}`), "F.5 form");
}

function json() {
    const read = (text) => {
        try {
            return JSON.parse(JSON.stringify(parseJson(bytesOfText(text))));
        } catch (error) {
            if (error instanceof JsonError) return "refused";
            throw error;
        }
    };
    const good = ["{}", "[]", " [1, -2,\t0]\r\n", '{"a": {"b": [true, false, null]}}', '"\\\\"', '"\\""',
        '["a\\\\\\"b", "\\u00e9\\ud83d\\ude00"]', "9007199254740991"];
    for (const text of good) expect(`json ${text}`, read(text), JSON.parse(text));
    const bad = ["", "{", "[1,]", "[1 2]", '{"a"}', '{"a":}', '{a: 1}', "01", "1.0", "1e3", ".5", "+1", "- 1",
        "9007199254740992", '"', '"\\"', '"\n"', '"\\x"', '"\\u0000"', '"\\ud800"', "tru", "[]]",
        '{"a": 1, "a": 2}', '{"a": 1, "\\u0061": 2}', "\ufeff{}", `${"[".repeat(33)}${"]".repeat(33)}`,
        "/* */ 1", "'a'", "NaN"];
    for (const text of bad) expect(`json ${text}`, read(text), "refused");
    let broken = "read";
    try { parseJson(Uint8Array.of(0x22, 0xff, 0x22)); } catch (error) { broken = error.constructor; }
    expect("json, not UTF-8", broken, JsonError);
}

// ---- genesis, state, memory ----------------------------------------------------------------------

function genesisDocuments() {
    const problem = (document) => {
        try {
            return hex(readGenesis(bytesOfText(JSON.stringify(document))).chainId);
        } catch (error) {
            return error.constructor;
        }
    };
    const { documents } = jsonOf("genesis.json");
    for (const each of documents) {
        expect(`genesis ${each.name}`, problem(each.document), each.chain_id);
        expect(`genesis ${each.name}, other order`, problem(each.same_document), each.chain_id);
    }
    const changed = (change) => {
        const document = structuredClone(documents[0].document);
        change(document);
        return problem(document);
    };
    const wrong = {
        "a member missing": (each) => { delete each.purpose; },
        "a member more": (each) => { each.comment = ""; },
        "an account twice": (each) => { each.accounts.push(each.accounts[0]); },
        "a role twice": (each) => { each.accounts[0].roles = ["issuer", "issuer"]; },
        "another engine": (each) => { each.engine = "hotstaff"; },
        "no validators": (each) => { each.validators = []; },
        "a parameter as text": (each) => { each.params.skew_ms_max = "2000"; },
        "a fraction as number": (each) => { each.params.gov_routine = 0.5; },
        "an amount as number": (each) => { each.balances[0].posted = 1; },
        "an amount too large": (each) => { each.balances[0].posted = "9223372036854775808"; },
    };
    for (const [name, change] of Object.entries(wrong)) expect(`genesis, ${name}`, changed(change), GenesisError);
}

function states() {
    const { records, sets } = jsonOf("state_tree.json");
    for (const each of records) {
        const [key, value] = [unhex(each.key), unhex(each.value)];
        const path = objectPath(each.kind, key, BigInt(each.not_after_ms ?? 0));
        expect(`state, path of ${each.name}`, hex(path), each.path);
        expect(`state, value of ${each.name}`, hex(valueHash(each.kind, key, value)), each.value_hash);
        expect(`state, leaf of ${each.name}`, hex(leafHash(path, unhex(each.value_hash))), each.leaf);
        expect(`state, ${each.name} is read`, typeof readValue(each.kind, value), "object");
    }
    for (const each of sets) {
        const leaves = each.leaves.map(([path, leaf]) => ({ path: unhex(path), hash: unhex(leaf) }));
        expect(`state, set ${each.name}`, hex(rootOfLeaves(leaves)), each.root);
    }
    const text = textOf("movement.json").replace(/: (-?[0-9]{16,})/g, ': "$1"'); // Beyond a Number.
    for (const each of JSON.parse(text).movements) {
        const [entryId, account, asset] = [each.entry_id, each.account, each.asset].map(unhex);
        const bytes = movementBytes(entryId, each.position, account, asset, each.seq, {
            dPosted: each.d_posted, dHeldOut: each.d_held_out, dHeldIn: each.d_held_in,
            posted: each.posted, heldOut: each.held_out, heldIn: each.held_in,
        });
        expect(`movement ${each.seq}`, hex(bytes), each.bytes);
        expect(`movement ${each.seq}, head`, hex(movementHead(unhex(each.previous), bytes)), each.head);
    }
}

// What is remembered after a proof, and that it is written as it is read.
function memory() {
    const genesis = genesisOf("genesis.json");
    const trust = bytesOf("proofs/trust.json");
    const { remembered } = verify(bytesOf("proofs/receipt-later.witan"), genesis);
    expect("remembered, written", JSON.parse(writeTrust(remembered)), JSON.parse(textOf("proofs/trust.json")));
    expect("remembered, read", readTrust(trust, genesis.chainId), remembered);
    const lower = verify(bytesOf("proofs/seal-epoch-2.witan"), genesis, { remembered });
    expect("remembered, a lower block", lower.remembered, remembered);
    const json = jsonOf("proofs/trust.json");
    const wrong = {
        "another chain": { chain_id: json.hash }, "an end missing": { boundaries: json.boundaries.slice(1) },
        "ends descend": { boundaries: [...json.boundaries].reverse() }, "another form": { format: "witan-trust/2" },
        "an end above": { height: 6 }, "a member more": { more: 1 }, "no time": { time: "" },
    };
    for (const [name, change] of Object.entries(wrong)) {
        let found = "read";
        try {
            readTrust(bytesOfText(JSON.stringify({ ...json, ...change })), genesis.chainId);
        } catch (error) {
            found = error.constructor;
        }
        expect(`remembered, ${name}`, found, TrustError);
    }
}

signatures();
trees();
states();
json();
genesisDocuments();
proofs();
changedBytes();
armour();
twins();
memory();
testCommand(expect, VECTORS);
await testPage(expect, bytesOf);

for (const failure of failures) process.stdout.write(`FAIL ${failure}\n`);
process.stdout.write(`verifier: ${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
