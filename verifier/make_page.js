// Writes verifier/index.html: page.html with all modules of the verifier in one classic script, since
// browsers load no modules from file://. Each module becomes a function of its own that returns what
// it exports. The modules keep to a few forms of import and export, which are all that is known here.
//
//     node verifier/make_page.js

import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const START = "page.js";
const IMPORT = /^import \{([^}]*)\} from "\.\/([a-z0-9_]+\.js)";\n/gm;
const EXPORT_FROM = /^export \{([^}]*)\} from "\.\/([a-z0-9_]+\.js)";\n/gm;
const EXPORT = /^export (?=(?:function|const|class) ([A-Za-z0-9_$]+))/gm;

function sourceOf(name) {
    return readFileSync(new URL(name, import.meta.url), "utf8");
}

const tidy = (names) => names.replace(/\s+/g, " ").trim().replace(/,$/, "");

// The modules in an order in which each stands behind those it imports.
function inOrder(name, found = [], within = []) {
    if (found.includes(name)) return found;
    if (within.includes(name)) throw new Error(`modules in a circle: ${[...within, name].join(", ")}`);
    const source = sourceOf(name);
    for (const pattern of [IMPORT, EXPORT_FROM]) {
        for (const match of source.matchAll(pattern)) inOrder(match[2], found, [...within, name]);
    }
    found.push(name);
    return found;
}

function asFunction(name) {
    const exported = [];
    const body = sourceOf(name)
        .replace(IMPORT, (_, names, from) => `const { ${tidy(names)} } = modules["${from}"];\n`)
        .replace(EXPORT_FROM, (_, names, from) => {
            exported.push(tidy(names));
            return `const { ${tidy(names)} } = modules["${from}"];\n`;
        })
        .replace(EXPORT, (_, each) => {
            exported.push(each);
            return "";
        });
    if (/^(import|export)\b/m.test(body)) throw new Error(`${name}: an import or export of another form`);
    return `modules["${name}"] = (() => {\n${body}\nreturn { ${exported.join(", ")} };\n})();\n`;
}

export function makePage() {
    const script = `"use strict";\nconst modules = {};\n\n${inOrder(START).map(asFunction).join("\n")}
globalThis.witanVerifier = modules["verifier.js"];
modules["${START}"].startPage(document);`;
    const html = readFileSync(new URL("page.html", import.meta.url), "utf8");
    return html.replace("SCRIPT", () => script);
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
    writeFileSync(new URL("index.html", import.meta.url), makePage());
}
