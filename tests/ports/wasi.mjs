// Runs a WebAssembly program under node's WASI, with the working folder, the
// temporary one and the environment.
// usage: node wasi.mjs PROGRAM.wasm [ARGUMENT]...
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const wasi = new WASI({
  version: "preview1",
  args: process.argv.slice(2),
  env: process.env,
  preopens: { ".": ".", "/tmp": "/tmp" },
});
const imports = wasi.getImportObject();
// Node 20 calls these directly from compiled code, with the memory as it was
// before it grew, and crashes; functions of JavaScript are called as ever.
for (const [name, run] of Object.entries(imports.wasi_snapshot_preview1))
  imports.wasi_snapshot_preview1[name] = (...args) => run(...args);
const module = await WebAssembly.compile(await readFile(process.argv[2]));
const instance = await WebAssembly.instantiate(module, imports);
process.exitCode = wasi.start(instance);
