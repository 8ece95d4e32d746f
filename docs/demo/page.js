// page.js - the page: what is pasted and moved, and what of it stays.

"use strict";

const $ = id => document.getElementById(id);
const MODEL = document.body.dataset.model; // a hash of default.pith
const SIZE = Number(document.body.dataset.size);
const number = n => n.toLocaleString("en-US");
const megabytes = n => `${(n / 1e6).toFixed(1)} MB`;

// --- the worker ---------------------------------------------------------------

let worker = null, model = null; // { name, bytes }, as it was loaded
let nextId = 1;
const waiting = new Map(); // id -> { resolve, reject, progress }

function ask(message, transfer = [], progress = null) {
  const id = nextId++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, progress });
    worker.postMessage({ id, ...message }, transfer);
  });
}

function hear({ data }) {
  const asked = waiting.get(data.id);
  if (asked === undefined)
    return;
  if ("done" in data) {
    asked.progress?.(data.done, data.total);
    return;
  }
  waiting.delete(data.id);
  if ("error" in data)
    asked.reject(Object.assign(new Error(data.error), { broken: data.broken }));
  else
    asked.resolve(data.result);
}

async function moduleBytes() {
  const packed = Uint8Array.from(atob($("module").textContent),
                                 c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function startWorker() {
  const bytes = await moduleBytes(); // first: what fails must find who waits
  worker?.terminate();
  for (const { reject } of waiting.values())
    reject(Object.assign(new Error("stopped"), { stopped: true }));
  waiting.clear();
  const source = new Blob([$("worker").textContent],
                          { type: "text/javascript" });
  const url = URL.createObjectURL(source);
  worker = new Worker(url);
  worker.onmessage = hear;
  worker.onerror = event => {
    for (const { reject } of waiting.values())
      reject(new Error(event.message || "its worker does not start"));
    waiting.clear();
  };
  await ask({ kind: "start", bytes }, [bytes]);
  URL.revokeObjectURL(url);
}

async function loadIntoWorker() {
  const precision = new URLSearchParams(location.search).get("precision")
    ?? "auto";
  const loaded = await ask({ kind: "load", bytes: model.bytes, precision });
  $("model-name").textContent = `${model.name}, ${megabytes(model.bytes.byteLength)}, ` +
    `products in ${loaded.precision}`;
}

/** With a new worker, since the old one is at work or broken. */
async function restart() {
  await startWorker();
  if (model !== null)
    await loadIntoWorker();
}

// --- the model that the browser keeps -----------------------------------------

function openStore() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("pith", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("models");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** What an operation of the store gives; null where there is no store. */
async function inStore(mode, operate) {
  let store = null;
  try {
    store = await openStore();
    return await new Promise((resolve, reject) => {
      const change = store.transaction("models", mode);
      const asked = operate(change.objectStore("models"));
      change.oncomplete = () => resolve(asked.result ?? null);
      change.onabort = () => reject(change.error);
    });
  } catch {
    return null; // private windows, full disks
  } finally {
    store?.close();
  }
}

const storedModel = () => inStore("readonly", models => models.get("model"));
const keepModel = kept => inStore("readwrite", models => models.put(kept, "model"));
const forgetModel = () => inStore("readwrite", models => models.delete("model"));

async function fetchModel(onProgress) {
  const response = await fetch("default.pith");
  if (!response.ok)
    throw new Error(`default.pith: ${response.status} ${response.statusText}`);
  const bytes = new Uint8Array(SIZE), reader = response.body.getReader();
  let got = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done)
      break;
    if (got + value.length > SIZE)
      throw new Error(`default.pith: larger than ${number(SIZE)} bytes; reload the page`);
    bytes.set(value, got);
    got += value.length;
    onProgress(got / SIZE);
  }
  if (got < SIZE)
    throw new Error(`default.pith: ${number(got)} of ${number(SIZE)} bytes came; reload the page`);
  return bytes.buffer;
}

// --- setting up ----------------------------------------------------------------

function say(text, fault = false) {
  $("setup-text").textContent = text;
  $("setup-text").classList.toggle("fault", fault);
}

async function useModel(candidate) {
  const before = model;
  model = candidate;
  try {
    await loadIntoWorker();
  } catch (error) {
    model = before;
    throw error;
  }
  $("setup").hidden = true;
  update();
}

/** From the store, else from beside the page; false: it must be chosen. */
async function findModel() {
  const stored = await storedModel();
  if (stored !== null && (stored.chosen || stored.version === MODEL))
    try {
      await useModel(stored);
      return true;
    } catch {
      await forgetModel();
    }
  say(`Fetching the model, ${megabytes(SIZE)}, once …`);
  const bytes = await fetchModel(part => { $("setup-progress").value = part; });
  const fetched = { name: "default.pith", version: MODEL, bytes };
  await useModel(fetched);
  await keepModel(fetched);
  return true;
}

async function chooseModel(file) {
  if (file === undefined)
    return;
  try {
    const chosen = { name: file.name, chosen: true,
                     bytes: await file.arrayBuffer() };
    await useModel(chosen);
    await keepModel(chosen);
  } catch (error) {
    $("setup").hidden = false;
    $("setup").scrollIntoView();
    say(`${file.name} cannot be used: ${error.message}`, true);
    if (model !== null)
      await restart();
  }
}

async function setUp() {
  try {
    await startWorker();
  } catch (error) {
    $("setup-progress").hidden = true;
    say(`This browser cannot run the program: ${error.message}. It needs ` +
        "WebAssembly with vectors, as all have since 2023.", true);
    return;
  }
  try {
    await findModel();
  } catch (error) {
    const local = location.protocol === "file:";
    say(local ? "A page that is opened as a file may not read other files by itself."
              : `The model could not be fetched: ${error.message}`, !local);
    $("choose").hidden = false;
  }
  $("setup-progress").hidden = true;
}

// --- compressing ---------------------------------------------------------------

let busy = false, again = false, shown = null; // the result on the page

function settings() {
  return {
    prompt: $("prompt").value,
    options: {
      rate: Number($("rate").value) / 100,
      question: $("question").value,
      method: document.querySelector("input[name=method]:checked").value,
      protect: $("numbers").checked ? "numbers" : "",
    },
  };
}

const sameSettings = (a, b) => a.prompt === b.prompt &&
  Object.keys(a.options).every(name => a.options[name] === b.options[name]);

/** Says what is asked for, and whether what is shown answers something else:
 * an answer may be on its way, be stopped or have failed. */
function compareSettings() {
  $("rate-value").textContent = `${$("rate").value}%`;
  const stale = shown !== null && !sameSettings(shown.asked, settings());
  $("output").classList.toggle("stale", stale);
  $("map").setAttribute("aria-busy", stale);
  $("copy").disabled = shown === null || stale;
}

function showProgress(done, total) {
  $("busy-progress").value = total > 0 ? done / total : 0;
}

/** Compresses what is there now; while it does, the next call waits, and only
 * the last of those that wait is done. */
async function update() {
  const asked = settings();
  compareSettings();
  if (model === null || busy) {
    again = true;
    return;
  }
  busy = true;
  again = false;
  const slow = setTimeout(() => {
    $("busy-progress").removeAttribute("value");
    $("busy").hidden = false;
  }, 200);
  try {
    const result = asked.prompt.trim() === "" ? null
      : await ask({ kind: "compress", ...asked }, [], showProgress);
    show(result === null ? null : { asked, ...result });
  } catch (error) {
    await showFault(error);
  }
  clearTimeout(slow);
  $("busy").hidden = true;
  busy = false;
  if (again)
    update();
}

async function showFault(error) {
  if (!error.stopped) {
    $("counts").textContent = error.broken
      ? "The program ran out of memory; a shorter prompt may fit." : error.message;
    $("counts").classList.add("fault");
  }
  if (error.broken)
    await restart();
}

// --- showing -------------------------------------------------------------------

const LIMITS = [1, 2, 4, 6, 8]; // nats, of the legend

const heatOf = loss => loss === null ? 0 : LIMITS.filter(limit => loss >= limit).length;

const sameUnits = (a, b) => a !== null && a.units.length === b.units.length &&
  a.units.every((unit, i) => unit.start === b.units[i].start &&
                             unit.text === b.units[i].text);

/** A span for each unit, and the texts between them. */
function draw(result) {
  const map = $("map"), bytes = new TextEncoder().encode(result.asked.prompt);
  const decoder = new TextDecoder(), spans = [];
  let at = 0;
  for (const unit of result.units) {
    if (unit.start > at)
      spans.push(decoder.decode(bytes.subarray(at, unit.start)));
    const span = document.createElement("span");
    span.textContent = unit.text;
    spans.push(span);
    at = unit.end;
  }
  map.replaceChildren(...spans);
  here = -1;
  $("word").textContent = "";
}

const FALL = [{ top: 0, opacity: 1 }, { top: "1.2em", opacity: 0 }];
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** How each word fares; what was there and is not falls.  before: the result
 * before, in which white space may have been apart, or null. */
function mark(result, before) {
  const spans = $("map").children;
  const stood = new Set(before?.asked.prompt !== result.asked.prompt ? []
    : before.units.filter(unit => unit.kept).map(unit => unit.end));
  result.units.forEach((unit, i) => {
    const span = spans[i];
    span.className = `b${heatOf(unit.loss)}${unit.kept ? "" : " gone"}`;
    if (!unit.kept && stood.has(unit.end) && !still.matches)
      span.animate(FALL, { duration: 500, easing: "ease-in" });
    if (unit.kept)
      span.removeAttribute("role");
    else
      span.setAttribute("role", "deletion");
    span.title = unit.loss === null ? "" : `${unit.loss.toFixed(2)} nats`;
  });
}

function show(result) {
  $("counts").classList.remove("fault");
  $("note").hidden = !result?.note;
  $("note").textContent = result?.note ?? "";
  $("text").value = result?.text ?? "";
  if (result === null) {
    $("map").replaceChildren();
    $("counts").textContent = "Nothing yet.";
  } else {
    if (!sameUnits(shown, result))
      draw(result);
    mark(result, shown);
    const { originTokens: n, compressedTokens: kept, seconds } = result;
    const ratio = kept > 0 ? `, ${(n / kept).toFixed(1)}x` : "";
    $("counts").textContent = `${number(n)} → ${number(kept)} tokens${ratio}, ` +
      `at ${Math.round(100 * result.asked.options.rate)}%`;
    $("speed").textContent = `The last answer took ${seconds.toFixed(2)} s. ` +
      "Another rate for the same prompt needs no more of the model.";
  }
  shown = result;
  compareSettings();
}

// --- from word to word ---------------------------------------------------------

let here = -1;

function goTo(index) {
  const spans = $("map").children, unit = shown?.units[index];
  if (unit === undefined)
    return;
  spans[here]?.classList.remove("here");
  here = index;
  spans[here].classList.add("here");
  spans[here].scrollIntoView({ block: "nearest" });
  $("word").textContent = `“${unit.text.trim()}” ${unit.kept ? "stays" : "is left out"}` +
    (unit.loss === null ? "" : `, ${unit.loss.toFixed(2)} nats`);
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10 };

function step(event) {
  const n = shown?.units.length ?? 0;
  if (n === 0)
    return;
  if (event.key in STEPS)
    goTo(Math.min(n - 1, Math.max(0, here + STEPS[event.key])));
  else if (event.key === "Home" || event.key === "End")
    goTo(event.key === "Home" ? 0 : n - 1);
  else
    return;
  event.preventDefault();
}

// --- controls ------------------------------------------------------------------

async function copy() {
  try {
    await navigator.clipboard.writeText($("text").value);
  } catch {
    $("text").closest("details").open = true;
    $("text").select();
    document.execCommand("copy");
  }
  $("copy").textContent = "Copied";
  setTimeout(() => { $("copy").textContent = "Copy what stays"; }, 1500);
}

async function stop() {
  again = false;
  $("counts").textContent = "Stopped.";
  await restart();
}

let typing = 0;

function typed() {
  compareSettings();
  clearTimeout(typing);
  typing = setTimeout(update, 300);
}

const EXAMPLES = JSON.parse($("examples").textContent);

function useExample(event) {
  const name = event.target.dataset.example;
  if (name === undefined)
    return;
  $("prompt").value = EXAMPLES[name].prompt;
  $("question").value = EXAMPLES[name].question ?? "";
  update();
}

$("prompt").addEventListener("input", typed);
$("question").addEventListener("input", typed);
$("rate").addEventListener("input", update);
$("numbers").addEventListener("change", update);
document.querySelectorAll("input[name=method]").forEach(
  choice => choice.addEventListener("change", update));
document.querySelector(".examples").addEventListener("click", useExample);
$("input").addEventListener("submit", event => event.preventDefault());
$("heat").addEventListener("change", () => {
  $("map").classList.toggle("heat", $("heat").checked);
  $("legend").hidden = !$("heat").checked;
});
$("copy").addEventListener("click", copy);
$("stop").addEventListener("click", stop);
$("map").addEventListener("keydown", step);
$("map").addEventListener("click", event =>
  goTo([...$("map").children].indexOf(event.target)));
for (const chooser of [$("file"), $("other")])
  chooser.addEventListener("change", () => chooseModel(chooser.files[0]));
$("forget").addEventListener("click", async () => {
  await forgetModel();
  $("model-name").textContent = "Forgotten; the next visit fetches default.pith.";
});

if ("serviceWorker" in navigator && location.protocol !== "file:")
  navigator.serviceWorker.register("sw.js").catch(() => {});
compareSettings(); // of a form that the browser filled in again
setUp();
