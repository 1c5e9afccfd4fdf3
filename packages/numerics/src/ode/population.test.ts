import assert from "node:assert/strict";
import { test } from "node:test";
import type { EquationSystem } from "../compile/equations.js";
import { parseFormula } from "../expression/index.js";
import { integrate } from "./integrate.js";
import { type PopulationOptions, solvePopulation } from "./population.js";
import { compileRodas5p, Rodas5p } from "./rodas5p.js";

const model: EquationSystem = {
  states: ["depot", "central"],
  parameters: ["ka", "vmax"],
  time: "t",
  equations: ["-ka*depot", "ka*depot - vmax*central/(3 + central)*(1 + 0.1*sin(t))"].map(parseFormula),
};
const parametersOf = (subject: number) => [1 + subject / 3, 5 - subject / 2];
const stops = [4, 8].map((time) => ({
  time,
  apply: (state: Float64Array, subject: number) => {
    state[0]! += 10 + subject;
  },
}));
const outputTimes = [0, 0.5, 4, 4.1, 8, 12];

async function population(subjects: number, more: Partial<PopulationOptions> = {}) {
  const rows = Array.from({ length: subjects }, () => outputTimes.map(() => Number.NaN));
  await solvePopulation(model, {
    from: 0,
    until: 12,
    subjects,
    stateOf: () => [10, 0],
    parametersOf,
    stops,
    outputTimes,
    onOutput: (subject, index, state) => {
      rows[subject]![index] = state[1]!;
    },
    relative: 1e-8,
    absolute: 1e-10,
    ...more,
  });
  return rows;
}

test("two subjects at once get what each gets alone", async () => {
  const rows = await population(5);
  const compiled = await compileRodas5p(model);
  for (const [subject, row] of rows.entries()) {
    const solver = new Rodas5p(compiled, { relative: 1e-10, absolute: 1e-12 });
    solver.reset({ time: 0, state: [10, 0], parameters: parametersOf(subject) });
    integrate(solver, {
      until: 12,
      outputTimes,
      stops: stops.map(({ time, apply }) => ({ time, apply: (state) => void apply(state, subject) })),
      onOutput: (index, _time, state) => {
        const size = Math.max(1e-3, Math.abs(state[1]!));
        assert.ok(Math.abs(row[index]! - state[1]!) < 1e-6 * size, `${subject}, ${index}: ${row[index]}`);
      },
    });
  }
});

test("a subject's course does not depend on who was solved before", async () => {
  const rows = await population(6);
  const later = await population(2, { parametersOf: (subject) => parametersOf(subject + 4), stops: [] });
  const whole = await population(6, { stops: [] });
  assert.deepEqual(later, whole.slice(4));
  assert.notDeepEqual(rows, whole);
});

test("too many steps of a pair are told", async () => {
  await assert.rejects(population(2, { largestSteps: 3 }), { code: "failed.too-many-steps" });
});
