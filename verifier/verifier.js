// The verifier: a proof file and a genesis in, what is established or the check that failed out.
// Everything else in this folder serves this file. No network, no clock, nothing of the platform.

import { equal, hex } from "./bytes.js";
import { Refused, ensure } from "./checks.js";
import { walkEpochs } from "./chain.js";
import { CRASH, quorum } from "./formats.js";
import { readFile } from "./file.js";
import { KIND_CHECKS } from "./kinds.js";
import { establishes } from "./sentence.js";
import { FAULT_MODELS, time } from "./text.js";
import { checkRemembered, remember } from "./trust.js";

export { GenesisError, readGenesis } from "./genesis.js";
export { TrustError, readTrust, writeTrust } from "./trust.js";

// The receipts of a proof, in the order of the file.
function receiptsOf(kind, body) {
    switch (kind) {
    case "receipt": return [body];
    case "state": return [body.last, body.next].filter((receipt) => receipt !== undefined);
    case "absence": return body.other ? [body.other] : [];
    case "statement": return body.next ? [body.next] : [];
    default: return [];
    }
}

// The sealed blocks that a proof is about, in the order of the file.
function subjectsOf(kind, body) {
    if (kind === "seal") return [body.sealed];
    if (kind === "consistency" || (kind === "evidence" && body.type === 2)) return [body.first, body.second];
    const state = kind === "state" ? body : body.state;
    const subjects = receiptsOf(kind, body).map((receipt) => receipt.sealed);
    if (state?.sealed) subjects.push(state.sealed);
    return subjects;
}

// P2 and P1. Returns the set of the last epoch.
function walk(proof, genesis, subjects) {
    const { kind, body, epochs } = proof;
    if (kind !== "evidence") return walkEpochs(genesis, epochs, subjects);
    if (body.type === 1) return walkEpochs(genesis, epochs, [], body.epoch);
    walkEpochs(genesis, body.firstEpochs, [body.first]);
    return walkEpochs(genesis, epochs, [body.second]);
}

function describeSealed({ header, seal, sealers }) {
    return {
        height: header.height, epoch: header.epoch, hash: hex(header.hash), time: time(header.timeMs),
        fault_model: FAULT_MODELS.get(header.faultModel), signatures: seal.signatures.length,
        validators: sealers.validators.length, quorum: quorum(sealers),
    };
}

function verifyProof(proof, genesis, { allowCrash = false, remembered = null }) {
    const { kind, body, epochs } = proof;
    ensure(equal(proof.chainId, genesis.chainId), "F.6");
    const subjects = subjectsOf(kind, body);
    const set = kind === "anchor" ? null : walk(proof, genesis, subjects);
    KIND_CHECKS[kind](body, genesis, set);

    const items = [...(body.firstEpochs ?? []), ...epochs];
    const bare = receiptsOf(kind, body).map((receipt) => receipt.bare).filter((header) => header !== null);
    const headers = [...[...subjects, ...items].map((sealed) => sealed.header), ...bare];
    const block0 = kind === "anchor" ? [body.header] : [];
    const crash = [...headers, ...block0].some((header) => header.faultModel === CRASH);
    ensure(allowCrash || !crash, "P11");
    const ends = epochs.map((item) => item.header);
    const asked = kind !== "evidence";
    if (asked && remembered !== null) checkRemembered(remembered, headers, ends);

    const sealed = kind === "epochs" ? epochs.slice(-1) : subjects;
    return {
        verified: true,
        kind,
        chain_id: hex(genesis.chainId),
        fault_model: crash ? "crash" : "byzantine",
        epochs: epochs.length,
        sealed: sealed.map(describeSealed),
        sentence: establishes(proof, genesis) + (crash ? "; valid only if no validator lied" : ""),
        remembered: asked ? remember(remembered, genesis, sealed, ends) : remembered,
    };
}

// verify(bytes of a proof in any of its three forms, genesis, { allowCrash, remembered }): either
// { verified: true, kind, chain_id, fault_model, epochs, sealed, sentence, remembered } or
// { verified: false, check, sentence }, the sentence being what must hold and does not. Heights and
// epochs are BigInts.
export function verify(bytes, genesis, options = {}) {
    try {
        return verifyProof(readFile(bytes), genesis, options);
    } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { verified: false, check: error.check, sentence: error.message };
    }
}
