#!/usr/bin/env node
// Checks proofs offline and prints one sentence of what each establishes, or the check that failed.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import process from "node:process";
import { GenesisError, TrustError, readGenesis, readTrust, verify, writeTrust } from "./verifier.js";

const USAGE_TEXT = `Usage: node verify.js FILE... --genesis FILE [FLAGS]

  --genesis FILE   the genesis that you trust; one that came with the proof proves nothing
  --trust FILE     remember the highest sealed block there, and refuse what contradicts it;
                   without it nothing is remembered
  --allow-crash    accept blocks of a crash-fault engine, which hold only if no validator lied
  --json           a line for each file, as JSON

Exit code 0: verified; 7: refused, and the line says by which check; 10: the genesis, or what is
remembered, is unusable; 4: a file is not there; 2: the command line is wrong; 74: writing failed.
`;

const EXIT = { verified: 0, usage: 2, notFound: 4, refused: 7, unusable: 10, io: 74 };

class Failure extends Error {
    constructor(exitCode, message) {
        super(message);
        this.exitCode = exitCode;
    }
}

function parseArguments(words) {
    const options = { files: [], genesis: null, trust: null, allowCrash: false, json: false };
    const rest = [...words];
    while (rest.length > 0) {
        const word = rest.shift();
        if (word === "--allow-crash") options.allowCrash = true;
        else if (word === "--json") options.json = true;
        else if (word === "-h" || word === "--help") options.help = true;
        else if (word === "--genesis" || word === "--trust") options[word.slice(2)] = rest.shift() ?? null;
        else if (word.startsWith("--")) throw new Failure(EXIT.usage, `unknown flag ${word}`);
        else options.files.push(word);
    }
    if (!options.help && (options.files.length === 0 || options.genesis === null)) {
        throw new Failure(EXIT.usage, "a FILE and --genesis are needed; -h explains");
    }
    return options;
}

function read(path, exitCode) {
    try {
        return new Uint8Array(readFileSync(path));
    } catch (error) {
        throw new Failure(exitCode, `${path}: ${error.message}`);
    }
}

// `parse`, with its own errors told as those of the file.
function load(path, parse) {
    const bytes = read(path, EXIT.unusable);
    try {
        return parse(bytes);
    } catch (error) {
        if (!(error instanceof GenesisError || error instanceof TrustError)) throw error;
        throw new Failure(EXIT.unusable, `${path}: ${error.message}`);
    }
}

// Whole or not at all: another file takes its place.
function save(path, text) {
    try {
        writeFileSync(`${path}.new`, text);
        renameSync(`${path}.new`, path);
    } catch (error) {
        throw new Failure(EXIT.io, `${path}: ${error.message}`);
    }
}

function show(file, verdict, json) {
    if (json) {
        const { remembered, ...shown } = verdict; // It is in its file.
        const numbers = (key, value) => (typeof value === "bigint" ? Number(value) : value);
        return JSON.stringify({ file, ...shown }, numbers);
    }
    if (!verdict.verified) return `${file}: REFUSED by ${verdict.check}. It must hold: ${verdict.sentence}`;
    return `${file}: VERIFIED ${verdict.sentence}`;
}

function main(words) {
    const options = parseArguments(words);
    if (options.help) {
        process.stdout.write(USAGE_TEXT);
        return EXIT.verified;
    }
    const genesis = load(options.genesis, readGenesis);
    let remembered = null;
    if (options.trust !== null && existsSync(options.trust)) {
        remembered = load(options.trust, (bytes) => readTrust(bytes, genesis.chainId));
    }
    let exitCode = EXIT.verified;
    for (const file of options.files) {
        const bytes = read(file, EXIT.notFound);
        const verdict = verify(bytes, genesis, { allowCrash: options.allowCrash, remembered });
        process.stdout.write(`${show(file, verdict, options.json)}\n`);
        if (!verdict.verified) {
            exitCode = EXIT.refused;
        } else if (options.trust !== null && verdict.remembered !== remembered) {
            remembered = verdict.remembered;
            save(options.trust, writeTrust(remembered));
        }
    }
    return exitCode;
}

try {
    process.exitCode = main(process.argv.slice(2));
} catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`verify: ${error.message}\n`);
    process.exitCode = error.exitCode;
}
