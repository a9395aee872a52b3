// The page: a genesis and proofs are dropped or chosen, and each proof gets its verdict. Nothing is
// sent anywhere; the page's content security policy allows no connection.

import { hex } from "./bytes.js";
import { GenesisError, readGenesis, verify } from "./verifier.js";

// Calls `take(file name, bytes)` for each file that is dropped on a zone or chosen in its field.
function onFiles(zone, take) {
    const read = async (files) => {
        for (const file of files) take(file.name, new Uint8Array(await file.arrayBuffer()));
    };
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => {
        event.preventDefault();
        read([...event.dataTransfer.files]);
    });
    const field = zone.querySelector("input");
    field.addEventListener("change", () => {
        read([...field.files]);
        field.value = ""; // The same file can be chosen again.
    });
}

export function startPage(document) {
    const byId = (id) => document.getElementById(id);
    const proofs = []; // { name, bytes }, the last one first
    let genesis = null;

    const showVerdict = ({ name, bytes }) => {
        const item = document.createElement("li");
        const add = (tag, text) => {
            const element = document.createElement(tag);
            element.textContent = text;
            item.append(element);
        };
        const verdict = verify(bytes, genesis, { allowCrash: byId("crash").checked });
        item.className = verdict.verified ? "verified" : "refused";
        add("strong", verdict.verified ? "Verified" : `Refused by ${verdict.check}`);
        add("p", verdict.verified ? verdict.sentence : `It must hold: ${verdict.sentence}`);
        add("small", name);
        return item;
    };

    const showAll = () => {
        byId("wait").hidden = genesis !== null || proofs.length === 0;
        byId("verdicts").replaceChildren(...(genesis === null ? [] : proofs.map(showVerdict)));
    };

    onFiles(byId("genesis"), (name, bytes) => {
        try {
            genesis = readGenesis(bytes);
            byId("chain").textContent = `network ${genesis.network}, chain id ${hex(genesis.chainId)}`;
        } catch (error) {
            if (!(error instanceof GenesisError)) throw error;
            genesis = null;
            byId("chain").textContent = `${name} is no genesis: ${error.message}`;
        }
        showAll();
    });
    onFiles(byId("proof"), (name, bytes) => {
        proofs.unshift({ name, bytes });
        showAll();
    });
    byId("crash").addEventListener("change", showAll);
}
