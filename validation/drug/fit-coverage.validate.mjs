// Do 95 % intervals hold the truth? Data sets of 30 subjects, drawn from the model of examples/10-fit, fitted each; per
// parameter the share of intervals that hold it and the mean of the estimates. 38 of 40 expected, 33 tolerated (variances are
// known to be optimistic in small trials); an additive error that vanishes has no interval.
import { readFileSync } from "node:fs";
import {
  dataColumnsOf,
  estimationProblem,
  fitPopulation,
  readDataSet,
  readModelText,
  simulateObservations,
} from "@viscera/drug";

const SETS = Number(process.argv[2] ?? 40);
const model = readModelText(
  readFileSync(new URL("../../examples/10-fit/model.txt", import.meta.url), "utf8"),
);
const lines = ["ID,TIME,AMT,EVID,DV,WT"];
for (let id = 1; id <= 30; id++) {
  const weight = 50 + ((id * 37) % 45);
  lines.push(`${id},0,250,1,.,${weight}`);
  for (const time of [0.5, 1.5, 3, 6, 12, 24]) lines.push(`${id},${time},.,0,1,${weight}`);
}
const dataOf = (text) => readDataSet(text, { covariates: dataColumnsOf(model) });
const design = await estimationProblem(model, dataOf(lines.join("\n")));
const truth = design.space.naturalValues(design.space.start);
const drawn = await simulateObservations(design, design.space.values(design.space.start), {
  replicates: SETS,
  seed: 1,
});
const inside = new Array(truth.length).fill(0);
const sums = new Array(truth.length).fill(0);
let names = [];
const unknown = new Array(truth.length).fill(0);
for (let set = 0; set < SETS; set++) {
  const rows = lines.map((line) => line.split(","));
  for (const [s, { data }] of design.subjects.entries()) {
    for (const [j, line] of data.layout.lines.entries()) {
      rows[line - 1][4] = drawn[s][set * data.layout.lines.length + j];
    }
  }
  const text = rows.map((row) => row.join(",")).join("\n");
  const fit = await fitPopulation(await estimationProblem(model, dataOf(text)));
  names = fit.estimates.map(({ name }) => name);
  for (const [k, { value, low, high }] of fit.estimates.entries()) {
    sums[k] += value / SETS;
    if (low === null) unknown[k]++;
    else if (low <= truth[k] && truth[k] <= high) inside[k]++;
  }
}
let good = true;
for (const [k, name] of names.entries()) {
  const known = SETS - unknown[k];
  if (inside[k] < 0.82 * known) good = false;
  console.log(
    `${name.padEnd(17)} true ${truth[k].toPrecision(3)}, mean ${sums[k].toPrecision(3)}, in ${inside[k]} of ${known} intervals`,
  );
}
process.exit(good ? 0 : 1);
