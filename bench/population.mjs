/**
 * Linear pharmacokinetics of 10,000 patients on one thread: two compartments with first-order absorption, 28 doses
 * every 12 hours, each patient with parameters of their own. Start-up and compilation are not timed. The best CPU time
 * of the rounds counts, which other work on the machine disturbs least. Beside it the same by one exact propagation
 * after the other (`ExactLinear`) and by scipy's LSODA, of fewer patients. Then populations of 10,000 whole bodies, all
 * included (people, parameters, curves, measures), by one thread and by two: CPU time of all threads, time on the clock
 * (which other work on the machine disturbs), and memory.
 */

import { spawnSync } from "node:child_process";
import { RandomStream } from "@viscera/core";
import {
  libraryCompound,
  PopulationResult,
  PopulationRunner,
  pbpkModel,
  readDose,
  resolveCompound,
} from "@viscera/drug";
import { ExactLinear, LinearPopulation, parseFormula } from "@viscera/numerics";
import { peopleBlocks } from "../apps/cli/dist/threads/block-jobs.js";
import { runBlocks } from "../apps/cli/dist/threads/run-blocks.js";

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
  const some = 200;
  let worst = 0;
  const alone = timed(() => {
    for (let i = 0; i < some; i++) {
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
      `one after the other ${((1000 * alone) / some).toFixed(0)} us a patient; largest relative difference ${worst.toExponential(1)}`,
  );
}

const LSODA = `
import json, sys, time
import numpy as np
from scipy.integrate import odeint
job = json.load(sys.stdin)
began = time.process_time()
for ka, CL, V, Q, V2 in job["patients"]:
    def f(y, t):
        return (-ka*y[0], ka*y[0] - (CL/V + Q/V)*y[1] + Q/V2*y[2], Q/V*y[1] - Q/V2*y[2])
    y = np.zeros(3)
    for d in range(job["doses"]):
        y[0] += job["dose"]
        y = odeint(f, y, np.arange(job["every"] + 1.0), rtol=1e-6, atol=1e-9)[-1]
print((time.process_time() - began) * 1e6 / len(job["patients"]))
`;
const few = patients.slice(0, 20).map((values) => [...values]);
const input = JSON.stringify({ patients: few, doses: DOSES, every: EVERY_H, dose: DOSE_MG });
const peer = spawnSync("python3", ["-c", LSODA], { input, encoding: "utf8" });
console.log(
  peer.status === 0
    ? `scipy's LSODA (odeint, rtol 1e-6), output every 1 h: ${Number(peer.stdout).toFixed(0)} us a patient`
    : "scipy: not measured, python3-scipy is missing",
);

const { compound } = libraryCompound("osp:midazolam");
const saturable = resolveCompound({
  basedOn: "osp:midazolam",
  name: "midazolam, saturable",
  metabolism: [
    {
      protein: "CYP3A4",
      maximalRate: { value: 523, unit: "pmol/min/mg" },
      michaelisUmolPerL: 2.73,
    },
  ],
}).compound;
for (const drug of [compound, saturable]) {
  const model = pbpkModel([drug]);
  const task = {
    model,
    parameters: {},
    doses: [readDose("7.5 every 24 times 7", model)],
    doseFactor: 1,
    times: Array.from({ length: 169 }, (_, hour) => hour),
    outputs: ["C_plasma"],
    window: { from: 144, until: 168 },
    thresholds: [],
    people: {},
    body: { model, compounds: [drug], filtration: "cockcroft-gault" },
    variations: [],
    seed: 1,
    relative: 1e-6,
    absolute: 1e-9,
  };
  for (const threads of [1, 2]) {
    const { layout } = await PopulationRunner.create(task);
    const result = new PopulationResult(layout, PATIENTS);
    const [before, began] = [process.cpuUsage(), performance.now()];
    const work = { population: task, size: PATIENTS };
    await runBlocks("people", work, peopleBlocks(work), (people) => result.add(people), {
      threads,
      worthSeconds: 0,
    });
    const { user, system: kernel } = process.cpuUsage(before);
    console.log(
      `${PATIENTS} whole bodies, ${drug.name}, 7 doses, ${layout.engine}, ${threads} thread(s): ` +
        `${((user + kernel) / 1e6).toFixed(1)} s of CPU, ${((performance.now() - began) / 1000).toFixed(1)} s on the clock, ` +
        `at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MB; median AUC ${result.distribution("auc", [50]).percentiles[0].toPrecision(6)}`,
    );
  }
}
