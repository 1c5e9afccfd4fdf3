/**
 * Linear pharmacokinetics of 10,000 patients on one thread: two compartments with first-order absorption, 28 doses
 * every 12 hours, each patient with parameters of their own. Start-up and compilation are not timed. The best CPU time
 * of the rounds counts, which other work on the machine disturbs least. Beside it the same by one exact propagation
 * after the other (`ExactLinear`), of fewer patients, with the largest difference between both.
 */

import { RandomStream } from "@viscera/core";
import { ExactLinear, LinearPopulation, parseFormula } from "@viscera/numerics";

const PATIENTS = 10_000;
const ROUNDS = 9;
const [DOSES, EVERY_H, DOSE_MG] = [28, 12, 100];

const system = {
  states: ["depot", "central", "peripheral"],
  parameters: ["ka", "CL", "V", "Q", "V2"],
  time: "t",
  equations: [
    "-ka*depot",
    "ka*depot - (CL/V + Q/V)*central + Q/V2*peripheral",
    "Q/V*central - Q/V2*peripheral",
  ].map(parseFormula),
  outputs: [parseFormula("central/V")],
};
const random = new RandomStream(1, "bench.population");
const typical = [1, 5, 50, 10, 100];
const patients = Array.from({ length: PATIENTS }, (_, i) =>
  Float64Array.from(typical, (value, k) => value * Math.exp(0.3 * random.normal(k, i))),
);

/** Milliseconds of CPU time of the best round. */
function timed(action) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    action();
    const { user, system: kernel } = process.cpuUsage(before);
    if (round > 0) best = Math.min(best, (user + kernel) / 1000);
  }
  return best;
}

for (const everyH of [1, 24]) {
  const steps = [];
  for (let time = 0; time < DOSES * EVERY_H; time++) {
    if (time % EVERY_H === 0) steps.push({ kind: "add", state: 0, input: 0 });
    steps.push({ kind: "go", span: 1 });
    if ((time + 1) % everyH === 0) steps.push({ kind: "output" });
  }
  // Steps without anything between them are one.
  const merged = steps.reduce((list, step) => {
    const last = list.at(-1);
    if (last?.kind === "go" && step.kind === "go") last.span += step.span;
    else list.push({ ...step });
    return list;
  }, []);
  const population = await LinearPopulation.create(system, merged);
  const length = population.outputsLength;
  const found = new Float64Array(PATIENTS * length);
  const subject = (i) => ({ parameters: patients[i], state: [0, 0, 0], inputs: [DOSE_MG] });
  const ms = timed(() => {
    for (let i = 0; i < PATIENTS; i += 2) {
      population.run(
        [subject(i), subject(i + 1)],
        [found.subarray(i * length, (i + 1) * length), found.subarray((i + 1) * length, (i + 2) * length)],
      );
    }
  });
  const exact = await ExactLinear.create(system);
  const few = 200;
  let worst = 0;
  const alone = timed(() => {
    for (let i = 0; i < few; i++) {
      exact.reset({ time: 0, state: [0, 0, 0], parameters: patients[i] });
      let at = i * length;
      for (const step of merged) {
        if (step.kind === "go") exact.step(exact.time + step.span);
        else if (step.kind === "add") {
          const state = exact.state();
          state[0] += DOSE_MG;
          exact.reset({ state });
        } else {
          const value = exact.state()[1] / patients[i][2];
          worst = Math.max(worst, Math.abs(found[at++] / value - 1));
        }
      }
    }
  });
  console.log(
    `${PATIENTS} patients, ${DOSES} doses, output every ${everyH} h: ${ms.toFixed(1)} ms (${((1000 * ms) / PATIENTS).toFixed(2)} us a patient); ` +
      `one after the other ${((1000 * alone) / few).toFixed(0)} us a patient; largest relative difference ${worst.toExponential(1)}`,
  );
}
