// Runs the verifier in verifier/ over the shared test vectors: node tests/verifier/run.mjs
//
// Each proof of tests/vectors/proofs must be found to be what index.json says, in all forms of the
// file; each signature, tree and set of the others must be judged as there.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import process from "node:process";

import { hex, unhex } from "../../verifier/bytes.js";
import { validKey, verifySignature } from "../../verifier/ed25519.js";
import { consistency, inclusion, root } from "../../verifier/merkle.js";
import { hash } from "../../verifier/sha2.js";
import { readGenesis, readTrust, verify, writeTrust } from "../../verifier/verifier.js";

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

signatures();
trees();
proofs();

for (const failure of failures) process.stdout.write(`FAIL ${failure}\n`);
process.stdout.write(`verifier: ${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
