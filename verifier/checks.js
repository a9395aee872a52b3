// Every check that can fail, by number, and the way to fail one: throw new Refused("P1.2").
// The numbers, words and sentences are those of docs/reference/proofs.md, "All checks".

const CHECKS = {
    "F.1": ["magic", "The file begins with WTNPROOF."],
    "F.2": ["version", "The version is one that this program knows: 1."],
    "F.3": ["kind", "The kind is one that this program knows; 8 and 10 are reserved."],
    "F.4": ["size", "The file and every list in it are within their limits."],
    "F.5": ["form", "Every byte is where the format wants it, none is left over."],
    "F.6": ["chain", "The file is of the chain that the genesis describes."],
    "P0.1": ["document", "The genesis document decodes and keeps its own rules."],
    "P0.2": ["chain_id", "The chain id is the hash of the document."],
    "P0.3": ["possession", "Each validator has signed with its seal key."],
    "P0.4": ["block_0", "The header of block 0 is what the document gives."],
    "P0.5": ["state_root", "The state root of block 0 is that of the allocations."],
    "P1.1": ["header", "The header decodes and is of this chain."],
    "P1.2": ["hash", "The seal is over the hash of this header."],
    "P1.3": ["place", "Epoch and height of the seal are those of the header."],
    "P1.4": ["set", "The header names the validator set of its epoch."],
    "P1.5": ["fault_model", "Header and validator set have the same fault model."],
    "P1.6": ["signers", "Signers ascend and are in the set: none counts twice."],
    "P1.7": ["quorum", "The signatures are at least a quorum of the set."],
    "P1.8": ["signature", "Every signature of the seal is valid."],
    "P2.2": ["boundary", "Each item is the last block of its epoch, in order."],
    "P2.3": ["next_set", "The next set is the one that the boundary names."],
    "P2.4": ["set_form", "The next set is sorted, with distinct valid keys."],
    "P2.5": ["subject", "The sealed block lies in the epoch that the chain gives."],
    "P3.2": ["later", "The block is in the history of the later sealed block."],
    "P3.3": ["transaction", "The transaction is the entry's, and signed."],
    "P3.4": ["effects", "The effects are those that the entry names."],
    "P3.5": ["path", "The entry is in the block."],
    "P4.2": ["history", "The first history is the beginning of the second."],
    "P4.3": ["order", "Height rises from the first block to the second, and time."],
    "P5.2": ["object", "Kind, key and value are an object of the state."],
    "P5.3": ["leaf", "The leaf is the object's, or shows that it has none."],
    "P5.4": ["root", "The path leads from the leaf to the state root."],
    "P5.5": ["last", "The first receipt changed the object, and left it in being."],
    "P5.6": ["next", "What comes next follows the first receipt directly."],
    "P6.2": ["body", "The proof is about this transaction's reference or lane."],
    "P6.3": ["time", "Its time is over, and the window reaches back to it."],
    "P6.4": ["other", "What stands in its place is not this transaction."],
    "P7.1": ["closing", "The balance's last movement up to the end is proven."],
    "P7.2": ["chain", "The movements are numbered and chained to the last one."],
    "P7.3": ["range", "The movements are those of the range and the one before."],
    "P7.4": ["sums", "Each result is the result before it and the change."],
    "P9.1": ["validator", "The accused is in the set of that epoch."],
    "P9.2": ["conflict", "The two blocks contradict each other."],
    "P9.3": ["signatures", "Both signatures are the accused's."],
    "P11": ["crash", "No header is of the crash-fault model, unless allowed."],
    "T.1": ["remembered", "Nothing contradicts the sealed head that is remembered."],
};

export class Refused extends Error {
    constructor(number) {
        const [word, sentence] = CHECKS[number];
        super(sentence);
        this.name = "Refused";
        this.check = `${number} ${word}`;
    }
}

// ensure(condition, number): the condition holds, or the proof is refused with that check.
export function ensure(condition, number) {
    if (!condition) throw new Refused(number);
}
