// The chain of validator sets from the genesis, and the seals under them: checks P1 and P2.

import { ascending, compare, equal } from "./bytes.js";
import { ensure } from "./checks.js";
import { validKey, verifySignature } from "./ed25519.js";
import { FLAG_EPOCH_END, quorum, sealMessage } from "./formats.js";
import { ENGINES, FAULT_MODELS } from "./text.js";

// P1: a quorum of the set sealed this block. `sealers` remembers the set, for those who tell of it.
function checkSealed(sealed, set, chainId) {
    const { header, seal } = sealed;
    ensure(equal(seal.hash, header.hash), "P1.2");
    ensure(seal.epoch === header.epoch && seal.height === header.height, "P1.3");
    ensure(equal(set.hash, header.validatorsHash), "P1.4");
    ensure(header.faultModel === set.faultModel, "P1.5");
    ensure(seal.signatures.every(({ validator }, i) => validator < set.validators.length &&
        (i === 0 || validator > seal.signatures[i - 1].validator)), "P1.6");
    ensure(seal.signatures.length >= quorum(set), "P1.7");
    const message = sealMessage(chainId, header.epoch, header.height, header.hash);
    ensure(seal.signatures.every(({ validator, signature }) =>
        verifySignature(set.validators[validator].sealKey, message, signature)), "P1.8");
    sealed.sealers = set;
}

// P2.4: a set that may follow another.
function setIsWellFormed(set, purpose) {
    const { validators, faultModel, engine } = set;
    if (!FAULT_MODELS.has(faultModel) || !ENGINES.has(engine)) return false;
    if (!ascending(validators, (validator) => validator.id)) return false;
    const keys = validators.map((validator) => validator.sealKey).sort(compare);
    if (!ascending(keys)) return false;
    if (FAULT_MODELS.get(faultModel) === "byzantine" && validators.length < 4 && purpose !== "test") {
        return false;
    }
    return keys.every(validKey);
}

// P2, the walk. `subjects` are the sealed blocks of the proof in the order of the file; `target` is the
// epoch that it must end in, where no subject says so. Returns the set of the last epoch.
export function walkEpochs(genesis, epochs, subjects, target = null) {
    const wanted = subjects.length === 0 ? target
        : subjects.reduce((most, { header }) => (header.epoch > most ? header.epoch : most), 0n);
    if (wanted !== null) ensure(wanted === BigInt(epochs.length), "P2.5");

    let set = genesis.set;
    let last = { height: 0n, timeMs: genesis.timeMs };
    const follows = (header) => header.height > last.height && header.timeMs > last.timeMs;
    for (let e = 0; e <= epochs.length; e++) {
        const present = subjects.filter(({ header }) => header.epoch === BigInt(e));
        for (const subject of present) {
            ensure(follows(subject.header), "P2.5");
            checkSealed(subject, set, genesis.chainId);
        }
        if (e === epochs.length) break;

        const item = epochs[e];
        const end = item.header;
        checkSealed(item, set, genesis.chainId);
        ensure((end.flags & FLAG_EPOCH_END) !== 0 && end.epoch === BigInt(e) && follows(end), "P2.2");
        for (const { header } of present) {
            ensure(header.height < end.height ||
                (header.height === end.height && equal(header.hash, end.hash)), "P2.5");
        }
        ensure(equal(item.set.hash, end.nextValidatorsHash), "P2.3");
        ensure(setIsWellFormed(item.set, genesis.purpose), "P2.4");
        set = item.set;
        last = end;
    }
    return set;
}
