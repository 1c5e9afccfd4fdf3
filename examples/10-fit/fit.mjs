// A population fitted to a small trial (drawn from known values), and a new patient's parameters from two samples.
// The same from the command line: viscera drug fit model.txt --data trial.csv --out fit --report fit.html
import { readFileSync } from "node:fs";
import {
  dataColumnsOf,
  estimationProblem,
  fitPopulation,
  fitSubjects,
  readDataSet,
  readModelText,
} from "@viscera/drug";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const model = readModelText(read("model.txt"), "model.txt");
const dataOf = (name, options) =>
  readDataSet(read(name), { name, covariates: dataColumnsOf(model, options) });

const fit = await fitPopulation(await estimationProblem(model, dataOf("trial.csv")));
// What the trial was drawn with.
const truth = [4, 50, 1.2, 0.09, 0.03, 0.06, 0.1, 0.15];
for (const [k, { name, value, low, high, unit }] of fit.estimates.entries()) {
  console.log(
    `${name.padEnd(16)} ${value.toPrecision(3)} ${unit} (${low.toPrecision(3)} to ${high.toPrecision(3)}), true ${truth[k]}`,
  );
}
console.log(`OFV ${fit.objective.toFixed(2)}, ${fit.iterations} iterations`);

// The population found, for one more patient.
const found = fit.estimates.map(({ value }) => value);
const settings = { tvCL: found[0], tvV: found[1], ka: found[2] };
const random = [{ ...model.random[0], covariance: Float64Array.of(found[3], found[4], found[4], found[5]) }];
const terms = [
  { kind: "additive", value: found[6], fixed: false },
  { kind: "proportional", value: found[7], fixed: false },
];
const known = { ...model, random, errors: [{ output: "Cp", compartment: "", terms }] };
const options = { settings };
const patient = await estimationProblem(known, dataOf("patient.csv", options), options);
const [own] = await fitSubjects(patient);
const [clearance] = patient.subjects[0].named(
  patient.space.values(patient.space.start).parameters,
  own.effects,
);
const [spread] = patient.subjects[0].spread(own);
console.log(
  `the patient's clearance: ${clearance.toFixed(2)} L/h (${(clearance * Math.exp(-1.96 * spread)).toFixed(2)} to ${(clearance * Math.exp(1.96 * spread)).toFixed(2)})`,
);
