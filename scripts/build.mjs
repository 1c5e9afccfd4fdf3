// Builds everything: kernels' WebAssembly, TypeScript, the report's page script. `buildIfStale` is what the
// command and the tests call; `node scripts/build.mjs` always builds.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const STAMP = join(ROOT, "dist", "build-stamp");
const LOCK = join(ROOT, "dist", "build-lock");
/** Steps around the TypeScript build, each skipping itself when its output is newer than its sources. */
const BEFORE = ["packages/kernels/scripts/build-wasm.mjs"];
const AFTER = ["packages/report/scripts/bundle-client.mjs"];

function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (["node_modules", "dist", "generated"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    const time = entry.isDirectory() ? newestSource(path) : statSync(path).mtimeMs;
    if (time > newest) newest = time;
  }
  return newest;
}

function isStale() {
  if (!existsSync(STAMP)) return true;
  const built = Number(readFileSync(STAMP, "utf8"));
  const sources = ["packages", "apps", "scripts"].map((name) => newestSource(join(ROOT, name)));
  return Math.max(...sources, statSync(join(ROOT, "package-lock.json")).mtimeMs) > built;
}

function run(script, args = []) {
  // What the steps print goes to stderr, so that `viscera --json` keeps stdout to itself.
  execFileSync(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, stdio: ["ignore", 2, 2] });
}

/** True while another process builds; a lock older than five minutes is a crash's leftover. */
function lockedByAnother() {
  try {
    mkdirSync(LOCK);
    return false;
  } catch {
    if (Date.now() - statSync(LOCK).mtimeMs < 300_000) return true;
    rmSync(LOCK, { recursive: true, force: true });
    return lockedByAnother();
  }
}

export function build() {
  mkdirSync(dirname(LOCK), { recursive: true });
  while (lockedByAnother()) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    if (!existsSync(LOCK) && !isStale()) return;
  }
  try {
    const started = Date.now();
    for (const script of BEFORE) if (existsSync(join(ROOT, script))) run(script);
    run("node_modules/typescript/bin/tsc", ["-b", "tsconfig.json"]);
    for (const script of AFTER) if (existsSync(join(ROOT, script))) run(script);
    writeFileSync(STAMP, String(started));
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

export function buildIfStale() {
  if (!isStale()) return;
  if (process.stderr.isTTY)
    process.stderr.write("Building Viscera (once after an install or a change) ...\n");
  build();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
