// worker.js - computes away from the page, so that it stays awake; answers
// messages { id, kind, ... } one after the other.

"use strict";

let engine = null, queue = Promise.resolve();

const ANSWERS = {
  async start({ bytes }) {
    engine = await pithEngine(await WebAssembly.compile(bytes));
  },
  load({ bytes, precision }) {
    engine.load(new Uint8Array(bytes), { precision });
    return { precision: engine.precision() };
  },
  compress({ id, prompt, options }) {
    const start = performance.now();
    const progress = (done, total) => postMessage({ id, done, total });
    const result = engine.compress(prompt, { ...options, progress });
    return { ...result, seconds: (performance.now() - start) / 1000 };
  },
};

async function answer(message) {
  try {
    const result = await ANSWERS[message.kind](message);
    postMessage({ id: message.id, result });
  } catch (error) {
    // After a trap the memory of the module may be anything.
    postMessage({ id: message.id, error: error.message,
                  broken: error instanceof WebAssembly.RuntimeError });
  }
}

onmessage = ({ data }) => { queue = queue.then(() => answer(data)); };
