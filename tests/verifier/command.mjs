// The command verifier/verify.js: what it prints and its exit codes.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../verifier/verify.js", import.meta.url));

export function testCommand(expect, vectors) {
    const folder = fileURLToPath(new URL("proofs/", vectors));
    const run = (...words) => {
        const { status, stdout } = spawnSync(process.execPath, [COMMAND, ...words],
            { cwd: folder, encoding: "utf8" });
        return [status, stdout];
    };
    const exitCode = (...words) => run(...words)[0];
    const genesis = ["--genesis", "genesis.json"];

    expect("command, verified", run("seal-epoch-0.witan", ...genesis), [0,
        "seal-epoch-0.witan: VERIFIED block " +
        "2e1eba41b6384c7df92ec94cfffb2a5c47a06597826df131b371358cc521ae19 at height 2, " +
        "2026-01-01T00:00:02.000Z, was sealed by 3 of 4 validators of epoch 0, which descends from the " +
        "genesis\n"]);
    expect("command, refused", run("refused/long.witan", ...genesis), [7,
        "refused/long.witan: REFUSED by F.5 form. It must hold: Every byte is where the format wants it, " +
        "none is left over.\n"]);
    expect("command, one of two refused", exitCode("receipt.txt", "refused/long.witan", ...genesis), 7);
    expect("command, no file", exitCode("missing.witan", ...genesis), 4);
    expect("command, no genesis", exitCode("receipt.witan", "--genesis", "missing.json"), 10);
    expect("command, another genesis", exitCode("receipt.witan", "--genesis", "receipt.json"), 10);
    expect("command, no arguments", exitCode(), 2);
    expect("command, unknown flag", exitCode("receipt.witan", ...genesis, "--believe"), 2);
    const crash = ["crash-allowed.witan", "--genesis", "genesis-crash.json"];
    expect("command, crash", exitCode(...crash), 7);
    const [status, line] = run(...crash, "--allow-crash", "--json");
    expect("command, crash allowed", [status, JSON.parse(line).fault_model], [0, "crash"]);

    const home = mkdtempSync(join(tmpdir(), "verifier-"));
    try {
        const trust = ["--trust", join(home, "trust.json"), ...genesis];
        expect("command, remembers", exitCode("seal-epoch-2.witan", ...trust), 0);
        expect("command, what agrees", exitCode("state-balance.witan", "receipt.witan", ...trust), 0);
        const [code, told] = run("lines-sealed-again.witan", ...trust);
        expect("command, what contradicts", [code, told.includes("T.1 remembered")], [7, true]);
        expect("command, memory unusable", exitCode("receipt.witan", "--trust", "genesis.json", ...genesis), 10);
    } finally {
        rmSync(home, { recursive: true });
    }
}
