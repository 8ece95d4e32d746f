// index.js - pith for Node.js: see index.d.ts and README.md.

"use strict";

const fs = require("node:fs/promises");
const path = require("node:path");
const { pithEngine } = require("./engine.js");

let compiled = null; // once for all models

/** A model of its own module; from the name of a .pith file or its bytes. */
async function load(model, options = {}) {
  const bytes = typeof model === "string" ? await fs.readFile(model) : model;
  if (!(bytes instanceof Uint8Array))
    throw new TypeError("expected the name of a .pith file or its bytes, " +
      `found ${model === null ? "null" : typeof model}`);
  compiled ??= fs.readFile(path.join(__dirname, "pith.wasm"))
    .then(module => WebAssembly.compile(module));
  const engine = await pithEngine(await compiled);
  engine.load(bytes, options);
  return engine;
}

module.exports = { load };
