/**
 * Whole bodies, on one thread: the time to make and compile a model, one person's parameters, and 24 hours after a dose by
 * mouth with a row every hour, linear (exact) and with a second drug that inhibits and inactivates (Rodas5P, 1e-8). CPU
 * time, the best of the rounds. Beside the exact course the same by the solver, with the largest difference.
 */
import { patientSchema } from "@viscera/core";
import {
  DataSimulator,
  libraryCompound,
  pbpkModel,
  pbpkParameters,
  physiologyOf,
  readDataSet,
  resolveCompound,
  withParameterValues,
} from "@viscera/drug";
import { bodyOf } from "@viscera/organ";

const ROUNDS = 5;
const PEOPLE = 40;

async function timed(action) {
  let best = Number.POSITIVE_INFINITY;
  let result;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    result = await action();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return { ms: best, result };
}

const bodies = Array.from({ length: PEOPLE }, (_, i) => {
  const patient = patientSchema.parse({ sex: "male", ageYears: 30, heightCm: 160 + i, weightKg: 60 + i });
  return { body: bodyOf(patient, []), patient };
});
const { compound: midazolam } = libraryCompound("osp:midazolam");
const { compound: inhibitor } = resolveCompound({
  basedOn: "ketoconazole",
  inhibition: [
    { kind: "competitive", protein: "CYP3A4", inhibitionUmolPerL: 0.015 },
    { kind: "mechanism-based", protein: "CYP3A4", inhibitionUmolPerL: 1, inactivationPerH: 0.5 },
  ],
});
const hours = Array.from({ length: 24 }, (_, i) => `1,${i + 1},0,0,`).join("\n");
const data = (compartments) =>
  readDataSet(
    `ID,TIME,AMT,EVID,CMT\n${compartments.map((name) => `1,0,100,1,${name}`).join("\n")}\n${hours}`,
  );

async function course(name, compounds, doses, options = {}) {
  const made = await timed(async () => {
    const model = pbpkModel(compounds);
    const people = bodies.map(({ body, patient }) =>
      pbpkParameters(model, physiologyOf(body, patient), compounds),
    );
    const simulator = await DataSimulator.create(withParameterValues(model, people[0]), doses, options);
    return { model, people, simulator };
  });
  const { model, people, simulator } = made.result;
  const parameters = await timed(() =>
    bodies.map(({ body, patient }) => pbpkParameters(model, physiologyOf(body, patient), compounds)),
  );
  const run = await timed(() => people.map((values) => simulator.simulate(doses.subjects[0], values)));
  console.log(
    `${name}: ${model.compartments.length} states, made and compiled ${made.ms.toFixed(0)} ms, parameters ${(parameters.ms / PEOPLE).toFixed(3)} ms, course ${(run.ms / PEOPLE).toFixed(2)} ms a person`,
  );
  return { rows: run.result, ms: run.ms };
}

const exact = await course("midazolam, exact", [midazolam], data(["lumen"]));
const solved = await course("midazolam, by the solver", [midazolam], data(["lumen"]), { method: "solver" });
let difference = 0;
for (const [p, rows] of exact.rows.entries()) {
  for (const [i, { values }] of rows.entries())
    difference = Math.max(difference, Math.abs(solved.rows[p][i].values[0] / values[0] - 1));
}
console.log(
  `  exact takes ${(exact.ms / solved.ms).toFixed(2)} of the solver's time; plasma differs by ${difference.toExponential(1)}`,
);
await course("with an inhibitor", [midazolam, inhibitor], data(["lumen", "Ketoconazole_lumen"]));
