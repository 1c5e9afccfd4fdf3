// Builds what is stale, checks style, then runs every *.test.ts (from its built file) with Node's own test
// runner. `npm test -- packages/scan` runs the tests below the given paths only and leaves the style alone.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const only = process.argv.slice(2).map((path) => resolve(path));

/** Built test files of a package, found by their sources so that a deleted test's leftovers do not run. */
function testsBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : testsBelow(path);
    return entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

function node(args) {
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
}

buildIfStale();
if (only.length === 0 && node([join(ROOT, "node_modules/@biomejs/biome/bin/biome"), "check", "."]) !== 0)
  process.exit(1);
const files = ["packages", "apps"]
  .flatMap((name) => testsBelow(join(ROOT, name)))
  .filter((path) => only.length === 0 || only.some((prefix) => path.startsWith(prefix)))
  .map((path) =>
    relative(ROOT, path)
      .replace(/\/src\//, "/dist/")
      .replace(/\.ts$/, ".js"),
  )
  .sort();
if (files.length === 0) {
  console.error("No test file lies there.");
  process.exit(1);
}
process.exit(
  node([
    "--enable-source-maps",
    "--test",
    "--test-concurrency=2",
    "--test-reporter=./scripts/test-reporter.mjs",
    "--test-reporter-destination=stdout",
    ...files,
  ]),
);
