// pith.test.js - the package of docs/demo/npm as a program uses it.  Run by
// tests/check-web.sh, which sets PITH_PACKAGE, PITH_MODEL and PITH_NATIVE (what
// the native program makes of some prompts).

"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const { PITH_PACKAGE, PITH_MODEL, PITH_NATIVE } = process.env;
const { load } = require(path.resolve(PITH_PACKAGE));
const cases = JSON.parse(fs.readFileSync(PITH_NATIVE, "utf8"));

/** How far the losses of units are from the means of their tokens' [length, loss],
 * in nats: [mean, largest]. */
function lossErrors(units, tokens) {
  const differences = [];
  let at = 0, i = 0;
  for (const { end, loss } of units) {
    let sum = 0, n = 0;
    for (; at < end; at += tokens[i++][0], n++)
      sum += tokens[i][1];
    assert.equal(at, end);
    differences.push(Math.abs(loss - sum / n));
  }
  const sum = differences.reduce((a, b) => a + b);
  return [sum / differences.length, Math.max(...differences)];
}

// Losses in int16 are 1e-3 nats from f32's, in the native program too.
for (const [precision, mean, largest] of [["f32", 2e-5, 1e-4], ["int16", 3e-3, 0.03]])
  test(`texts and losses of the native program, ${precision}`, async () => {
    const pith = await load(PITH_MODEL, { precision });
    assert.equal(pith.precision(), precision);
    for (const { name, prompt, options, text, losses } of cases) {
      const result = pith.compress(prompt, options);
      assert.equal(result.text, text, name);
      if (losses !== undefined) {
        const errors = lossErrors(result.units, losses);
        assert.ok(errors[0] <= mean && errors[1] <= largest, `${name}: ${errors}`);
      }
    }
  });

test("units are the prompt, and kept ones the result", async () => {
  const pith = await load(fs.readFileSync(PITH_MODEL));
  assert.equal(pith.precision(), "int16");
  for (const { name, prompt, options } of cases) {
    if (options.question !== "" || options.method === "paper")
      continue;
    const { text, units } = pith.compress(prompt, options);
    const bytes = new TextEncoder().encode(prompt);
    let at = 0;
    for (const unit of units) {
      const between = new TextDecoder().decode(bytes.subarray(at, unit.start));
      assert.match(between, /^\s*$/, name);
      assert.equal(unit.text, new TextDecoder().decode(
        bytes.subarray(unit.start, unit.end)), name);
      // Where all stays, the model is not asked.
      assert.ok(unit.loss === null ? unit.text.trim() === "" || options.rate === 1
                                   : unit.loss >= 0, `${name}: ${unit.text}`);
      at = unit.end;
    }
    const kept = units.filter(unit => unit.kept).map(unit => unit.text).join("");
    const letters = string => string.replace(/\s/g, "");
    assert.equal(letters(kept), letters(text), name);
  }
});

test("rates say how much stays", async () => {
  const pith = await load(PITH_MODEL);
  const { prompt } = cases.at(-1);
  let before = -1, reports = 0;
  for (const rate of [0.1, 0.3, 0.5, 0.9, 1]) {
    const result = pith.compress(prompt, { rate, progress: () => { reports++; } });
    assert.ok(result.compressedTokens > before);
    assert.ok(result.compressedTokens <= Math.ceil(rate * result.originTokens));
    before = result.compressedTokens;
  }
  assert.ok(reports > 0);
});

test("requests take all options", async () => {
  const pith = await load(PITH_MODEL);
  const context = ["The budget is 1,240 euros and the deadline is Friday."];
  const result = pith.request({ context, rate: 0.3, keep: ["deadline"], spans: true });
  assert.match(result.compressed_prompt, /deadline/);
  assert.ok(result.spans.length > 0);
  assert.throws(() => pith.request({ context, rate: 3 }),
                /"rate": expected a number above 0 and at most 1, found 3/);
});

test("what is wrong is said, and the next call works", async () => {
  await assert.rejects(load("no-such-file.pith"), { code: "ENOENT" });
  await assert.rejects(load(null), /expected the name of a .pith file/);
  const bytes = fs.readFileSync(PITH_MODEL);
  await assert.rejects(load(bytes.subarray(0, 5000)), /truncated/);
  const broken = new Uint8Array(bytes); // a copy
  broken[broken.length - 100] ^= 1;
  await assert.rejects(load(broken), /checksum/);
  await assert.rejects(load(bytes, { precision: "f31" }), /f31/);

  const pith = await load(bytes);
  assert.throws(() => pith.compress("a text", { rate: 0 }), /rate/);
  assert.throws(() => pith.compress("a text", { method: "toString" }), /method/);
  assert.throws(() => pith.compress("a text", { protect: "verbs" }), /verbs/);
  assert.match(pith.compress("It was 12 days after the first of them had come.",
                             { rate: 0.1, protect: "numbers" }).text, /12/);
  assert.throws(() => pith.load(bytes.subarray(0, 100)), /truncated/);
  assert.throws(() => pith.compress("a text"), /no model is loaded/);
  pith.load(bytes);
  assert.equal(pith.compress("lone \ud800 surrogate", { rate: 1 }).text,
               "lone \ufffd surrogate");
  pith.unload();
  assert.throws(() => pith.compress("a text"), /no model is loaded/);
});

test("models and results do not fill the memory", async () => {
  const bytes = fs.readFileSync(PITH_MODEL);
  const pith = await load(bytes);
  for (let i = 0; i < 40; i++) { // 0.9 GB, were they not given back
    pith.load(bytes);
    assert.ok(pith.compress(`Text ${i} is short.`).units.length > 0);
  }
});
