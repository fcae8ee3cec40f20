// Counts tokens with js-tiktoken, the reference of src/tokens/.
//     node tools/token_goldens.mjs            writes src/tokens/testdata/counts.json from texts.json and this file's own
//     node tools/token_goldens.mjs - < TEXTS  for tests: a JSON array of strings in, an array of [cl100k, o200k] out
// Run from the repository's root. js-tiktoken is taken from tests/node/node_modules. Its patterns are used as they are but for
// \s and \S, which mean Unicode's White_Space to OpenAI's own tokenizer (Rust) and something else to JavaScript (U+FEFF, U+0085).
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../tests/node/package.json", import.meta.url));
const { Tiktoken } = require("js-tiktoken/lite");

// \s inside a class or outside of it: \p{White_Space} is good for both.
const load = (name) => {
  const ranks = require(`js-tiktoken/ranks/${name}`);
  const data = ranks.default ?? ranks;
  return new Tiktoken({ ...data, pat_str: data.pat_str.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}") });
};
const encodings = ["cl100k_base", "o200k_base"].map(load);
const count = (text) => encodings.map((encoding) => encoding.encode(text, [], []).length);

// Texts that no file should hold as they are: every kind of character beside every other, long runs, odd white space.
function* generated() {
  const seeds = ["a", "A", "é", "ʰ", "中", "\u0301", "7", "٣", " ", "\t", "\n", "\r\n", "\u00a0", "\u0085", "\u2028", "\ufeff", "'", "'s", "'LL", "/", ".", "—", "😀", "\u200d", "\u0000", "ǅ", "_"];
  for (const x of seeds) for (const y of seeds) yield x + y + x;
  let state = 12345;
  const random = (n) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % n;
  for (let i = 0; i < 1500; ++i) yield Array.from({ length: 3 + random(14) }, () => seeds[random(seeds.length)]).join("");
  for (const n of [2, 3, 4, 7, 15, 16, 17, 63, 64, 65, 100, 127, 129, 300, 1000])
    for (const c of ["a", "A", " ", "\n", "=", "-", "1", "ab", "中", "😀", "\u0301", "é"]) yield c.repeat(n);
}

if (process.argv[2] === "-") {
  console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(count)));
} else {
  const own = JSON.parse(readFileSync("src/tokens/testdata/texts.json", "utf8"));
  const rows = [...own, ...generated()].map((text) => JSON.stringify([text, ...count(text)]));
  writeFileSync("src/tokens/testdata/counts.json", `[\n${rows.join(",\n")}\n]\n`);
}
