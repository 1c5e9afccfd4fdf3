// A model written as text, run over a NONMEM-style data set, and the curve analysed without a model.
import { readFileSync } from "node:fs";
import { ncaOfData, readDataSet, readModelText, simulateData } from "@viscera/drug";

const file = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const model = readModelText(file("model.txt"), "model.txt");
const data = readDataSet(file("trial.csv"), {
  name: "trial.csv",
  covariates: model.parameters.map(({ name }) => name),
});

const { rows } = await simulateData(model, data);
for (const { id, time, values } of rows) {
  console.log(`subject ${id} at ${time} h: ${values[0].toFixed(3)} mg/L, effect ${values[1].toFixed(1)} %`);
}

// The same subject as if the concentrations had been measured: clearance over bioavailability is CL / F.
const steady = rows.filter(({ id }) => id === "2");
const lines = steady.map(({ time, values }) => `2,${time},.,0,2,.,.,${values[0]}`);
const measured = ["ID,TIME,AMT,EVID,CMT,II,SS,DV", "2,0,100,1,1,12,1,.", ...lines].join("\n");
const [analysis] = ncaOfData(readDataSet(measured)).rows;
console.log(
  `NCA: CL/F ${analysis.measures.clearance.toFixed(2)} L/h of ${((4 * (90 / 70) ** 0.75) / 0.8).toFixed(2)}`,
);
