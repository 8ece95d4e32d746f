// engine.js - the WebAssembly module of engine.c for JavaScript: of the page's
// worker and of the package for Node.js.

"use strict";

/** The functions of a module; compiled is a WebAssembly.Module. */
async function pithEngine(compiled) {
  const METHODS = { paper: 0, spans: 2 };
  const encoder = new TextEncoder(), decoder = new TextDecoder();
  let onProgress = null, c = null;

  // --- what the module asks of a system -------------------------------------

  const view = () => new DataView(c.memory.buffer);
  const system = {
    clock_time_get(id, precision, at) {
      const now = id === 0 ? Date.now() : performance.now();
      view().setBigUint64(at, BigInt(Math.round(now * 1e6)), true);
      return 0;
    },
  };
  const imports = {
    pith: { progress: (done, total) => onProgress?.(done, total) },
    wasi_snapshot_preview1: {},
  };
  const EBADF = 8; // there are neither files nor anything else
  for (const { module, name } of WebAssembly.Module.imports(compiled))
    if (module === "wasi_snapshot_preview1")
      imports[module][name] = system[name] ?? (() => EBADF);

  // --- memory ----------------------------------------------------------------

  function put(bytes) {
    const at = c.take(bytes.length);
    if (at === 0)
      throw new Error(`no memory for ${bytes.length} bytes`);
    new Uint8Array(c.memory.buffer).set(bytes, at);
    return at;
  }

  const bytesAt = (at, size) => new Uint8Array(c.memory.buffer, at, size);

  function stringAt(at) {
    const size = at === 0 ? 0 : new Uint8Array(c.memory.buffer).indexOf(0, at) - at;
    return decoder.decode(bytesAt(at, size));
  }

  /** Calls a function with texts as address and size, and gives them back. */
  function call(run, ...texts) {
    const blocks = [];
    try {
      const words = [];
      for (const text of texts) {
        const bytes = encoder.encode(text);
        blocks.push(put(bytes));
        words.push(blocks.at(-1), bytes.length);
      }
      if (run(...words) !== 0)
        throw new Error(stringAt(c.message()));
    } finally {
      blocks.forEach(c.give);
    }
  }

  // --- what callers see ------------------------------------------------------

  /** Without the line ends at its end, as the program reads a file. */
  const chomp = text => text.replace(/[\r\n]+$/, "");

  function load(bytes, { precision = "auto" } = {}) {
    const model = put(bytes);
    const name = put(encoder.encode(precision + "\0"));
    const status = c.load(model, bytes.length, name);
    c.give(name);
    if (status !== 0)
      throw new Error(stringAt(c.message()));
  }

  function readUnits(text, at, n) {
    const v = view(), units = [];
    for (let i = 0; i < n; i++, at += 20) {
      const start = v.getUint32(at, true), end = v.getUint32(at + 4, true);
      const loss = v.getFloat32(at + 8, true);
      units.push({ text: decoder.decode(text.subarray(start, end)), start, end,
        loss: Number.isNaN(loss) ? null : loss,
        kept: v.getUint32(at + 12, true) !== 0,
        space: v.getUint32(at + 16, true) !== 0 });
    }
    return units;
  }

  function compress(prompt, { rate = 0.5, question = "", method = "spans",
                              protect = "", progress = null } = {}) {
    if (!Object.hasOwn(METHODS, method))
      throw new Error(`no method "${method}"; expected spans or paper`);
    onProgress = progress;
    const text = chomp(String(prompt));
    call((...words) => c.compress(...words, rate, METHODS[method]), text,
         chomp(String(question)), String(protect));
    const v = view(), at = c.result();
    const word = i => v.getUint32(at + 4 * i, true);
    return {
      text: decoder.decode(bytesAt(word(0), word(1))),
      originTokens: word(2), compressedTokens: word(3),
      note: word(4) === 0 ? null : stringAt(word(4)),
      units: readUnits(encoder.encode(text), word(5), word(6)),
    };
  }

  function request(question) {
    call(c.request, JSON.stringify(question));
    const { result, error } = JSON.parse(stringAt(c.reply()));
    if (error !== null)
      throw new Error(error);
    return result;
  }

  c = (await WebAssembly.instantiate(compiled, imports)).exports;
  c._initialize?.();
  return { load, compress, request, unload: () => c.unload(),
           precision: () => stringAt(c.precision()) };
}

if (typeof module === "object")
  module.exports = { pithEngine };
