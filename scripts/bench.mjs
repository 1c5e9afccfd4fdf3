// Runs the benchmarks: bench/*.mjs, each printing ratios against a peer on the same work in the same run.
// `npm run bench -- surface-extraction` runs one.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const only = process.argv.slice(2);

buildIfStale();
for (const file of readdirSync(join(ROOT, "bench")).filter((name) => name.endsWith(".mjs"))) {
  if (only.length > 0 && !only.includes(file.replace(/\.mjs$/, ""))) continue;
  console.log(`\n== ${file}`);
  spawnSync(process.execPath, [join(ROOT, "bench", file)], { stdio: "inherit", cwd: ROOT });
}
