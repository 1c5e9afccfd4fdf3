// The stochastic cases of the SBML Test Suite: at least 90 % have to agree within the suite's own rule.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const shared = process.env.VISCERA_SHARED ?? resolve(import.meta.dirname, "../../../shared");
const suite = join(shared, "cases/drug/sbml-stochastic");
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
const { cases, passed, seconds, failed } = JSON.parse(run.stdout);
for (const { id, problem } of failed) console.log(`${id}: ${problem}`);
console.log(
  `${passed} of ${cases} agree (${((100 * passed) / cases).toFixed(1)} %), ${seconds.toFixed(1)} s`,
);
process.exit(passed >= 0.9 * cases ? 0 : 1);
