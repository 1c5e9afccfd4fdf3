// All cases of the SBML Test Suite's semantic part: at least 98 % have to agree within the suite's own rule.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const shared = process.env.VISCERA_SHARED ?? resolve(import.meta.dirname, "../../../shared");
const suite = join(shared, "cases/drug/sbml-semantic");
if (!existsSync(suite)) {
  console.log(`skipped: ${suite} is missing`);
  process.exit(0);
}
const out = mkdtempSync(join(tmpdir(), "viscera-sbml-"));
const command = resolve(import.meta.dirname, "../../apps/cli/dist/main.js");
const run = spawnSync(process.execPath, [command, "drug", "sbml-suite", suite, "--out", out, "--json"], {
  encoding: "utf8",
  maxBuffer: 1e9,
});
rmSync(out, { recursive: true });
const { cases, passed, seconds, byTag, failed } = JSON.parse(run.stdout);
for (const { tag, passed: agree, cases: all } of byTag) console.log(`${tag.padEnd(34)} ${agree} of ${all}`);
for (const { id, problem } of failed) console.log(`${id}: ${problem}`);
console.log(
  `${passed} of ${cases} agree (${((100 * passed) / cases).toFixed(1)} %), ${seconds.toFixed(1)} s`,
);
process.exit(passed >= 0.98 * cases ? 0 : 1);
