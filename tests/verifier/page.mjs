// The page verifier/index.html: it is made of the modules as they are, and judges what is dropped on it.
// There is no browser here: its script runs with a stand-in for the few things it asks of a document.

import { readFileSync } from "node:fs";
import { setImmediate as later } from "node:timers/promises";
import vm from "node:vm";

import { makePage } from "../../verifier/make_page.js";

class Element {
    constructor() {
        this.children = [];
        this.listeners = {};
        this.checked = false;
        this.textContent = "";
    }

    addEventListener(name, listener) { this.listeners[name] = listener; }
    append(child) { this.children.push(child); }
    replaceChildren(...children) { this.children = children; }
    querySelector() { return (this.field ??= new Element()); }
}

function makeDocument() {
    const elements = new Map();
    return {
        createElement: () => new Element(),
        getElementById: (id) => {
            if (!elements.has(id)) elements.set(id, new Element());
            return elements.get(id);
        },
    };
}

export async function testPage(expect, bytesOf) {
    const html = readFileSync(new URL("../../verifier/index.html", import.meta.url), "utf8");
    expect("page, made of these modules (node verifier/make_page.js)", html === makePage(), true);

    const document = makeDocument();
    const script = html.slice(html.indexOf("<script>") + 8, html.indexOf("</script>"));
    vm.runInNewContext(script, { document, TextDecoder, TextEncoder });
    const byId = (id) => document.getElementById(id);
    const drop = async (zone, ...names) => {
        const files = names.map((name) =>
            ({ name, arrayBuffer: async () => bytesOf(`proofs/${name}`).buffer }));
        byId(zone).listeners.drop({ preventDefault: () => {}, dataTransfer: { files } });
        for (let i = 0; i < 10; i++) await later();
    };
    const verdicts = () => byId("verdicts").children.map((item) =>
        [item.className, item.children[0].textContent]);

    await drop("proof", "receipt.witan", "refused/long.witan");
    expect("page, waits for a genesis", [byId("wait").hidden, verdicts()], [false, []]);
    await drop("genesis", "genesis.json");
    expect("page, chain id", byId("chain").textContent, "network proof-story, chain id " +
        "13a2a17ed2bcbe2e249b349c6a3688c3b066c87195142d103d45d7ea0573fa70");
    expect("page, verdicts", verdicts(), [["refused", "Refused by F.5 form"], ["verified", "Verified"]]);
    await drop("genesis", "receipt.json");
    expect("page, no genesis", [byId("chain").textContent.startsWith("receipt.json is no genesis"),
        verdicts()], [true, []]);
}
