// The whole body's circulation for many patients drawn at random: mean pressure, pulse pressure and cardiac output have
// to be met within 1 %, blood flow to arrive where it should. Where SVZERODSOLVER names the original's binary, the last
// beats of one patient's loop are run there too and compared.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patientSchema, RandomStream } from "@viscera/core";
import {
  circulationConfigSchema,
  circulationDocument,
  flowSimulation,
  readNetwork,
  solveNetwork,
  writeResult,
} from "@viscera/flow";

const PATIENTS = 150;
const LIMIT = 0.01;
const notNeeded = () => Promise.reject(new Error("no image is needed"));
const config = circulationConfigSchema.parse({});
const stream = new RandomStream(1, "validation.circulation");
const between = (patient, index, low, high) => low + (high - low) * stream.uniform(patient, index);

const worst = { mean: 0, pulse: 0, output: 0 };
const range = { ejection: [100, 0], pulmonary: [100, 0] };
let failed = 0;
const started = process.cpuUsage();
for (let p = 0; p < PATIENTS; p++) {
  const diastolicMmHg = between(p, 0, 40, 110);
  const pulse = between(p, 1, 20, 90);
  const weightKg = between(p, 2, 45, 125);
  const heartRateBpm = between(p, 3, 40, 160);
  const facts = {
    sex: stream.uniform(p, 4) < 0.5 ? "male" : "female",
    heightCm: between(p, 5, 150, 195),
    weightKg,
    heartRateBpm,
    systolicMmHg: diastolicMmHg + pulse,
    diastolicMmHg,
    cardiacOutputLPerMin: (heartRateBpm * weightKg * between(p, 6, 0.5, 1.7)) / 1000,
  };
  const subject = { patient: patientSchema.parse(facts), organs: [], scan: notNeeded, labels: notNeeded };
  try {
    const { summary } = await flowSimulation.run(subject, config, { seed: 1 });
    const value = (name) => summary.values.find((quantity) => quantity.name === name).value;
    worst.mean = Math.max(worst.mean, Math.abs(value("meanPressure") / (diastolicMmHg + pulse / 3) - 1));
    worst.pulse = Math.max(worst.pulse, Math.abs(value("pulsePressure") / pulse - 1));
    worst.output = Math.max(worst.output, Math.abs(value("cardiacOutput") / facts.cardiacOutputLPerMin - 1));
    for (const [key, name] of [
      ["ejection", "ejectionFraction"],
      ["pulmonary", "pulmonaryPressure"],
    ]) {
      range[key] = [Math.min(range[key][0], value(name)), Math.max(range[key][1], value(name))];
    }
  } catch (error) {
    failed++;
    console.log(`${JSON.stringify(facts)}: ${error.message}`);
  }
}
const { user, system } = process.cpuUsage(started);
const percent = (share) => `${(100 * share).toFixed(3)} %`;
const span = ([low, high]) => `${low.toFixed(1)} to ${high.toFixed(1)}`;
console.log(
  `${PATIENTS} patients, ${failed} failed, ${((user + system) / 1000 / PATIENTS).toFixed(0)} ms each`,
);
console.log(
  `largest error: mean ${percent(worst.mean)}, pulse ${percent(worst.pulse)}, output ${percent(worst.output)}`,
);
console.log(
  `ejection fraction ${span(range.ejection)} %, mean pulmonary pressure ${span(range.pulmonary)} mmHg`,
);
let passed = failed === 0 && Math.max(...Object.values(worst)) <= LIMIT;

const solver = process.env.SVZERODSOLVER;
if (solver) {
  const patient = patientSchema.parse({ sex: "male", heightCm: 176, weightKg: 73 });
  const document = await circulationDocument(patient, [], config);
  document.simulation_parameters.number_of_cardiac_cycles = 20;
  const scratch = mkdtempSync(join(tmpdir(), "viscera-circulation-"));
  writeFileSync(join(scratch, "loop.json"), JSON.stringify(document));
  const { status } = spawnSync(solver, [join(scratch, "loop.json"), join(scratch, "loop.csv")]);
  const rowsOf = (text) =>
    text
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
  const network = readNetwork(document);
  const own = rowsOf(writeResult(await solveNetwork(network), network.parameters.output));
  const theirs = status === 0 ? rowsOf(readFileSync(join(scratch, "loop.csv"), "utf8")) : [];
  rmSync(scratch, { recursive: true });
  let largest = own.length === theirs.length ? 0 : Number.POSITIVE_INFINITY;
  for (const [i, [name, , y]] of theirs.entries()) {
    const difference =
      own[i][0] === name ? Math.abs(own[i][2] - y) / (1 + Math.abs(y)) : Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  console.log(
    `svZeroDSolver on the same loop: ${theirs.length} values, largest difference ${largest.toExponential(1)}`,
  );
  passed = passed && largest <= 1e-7;
} else console.log("SVZERODSOLVER is not set: the loop is not compared with the original.");
process.exit(passed ? 0 : 1);
