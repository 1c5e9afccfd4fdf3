// Blood flow without a mesh: a network of arteries in svZeroDSolver's format (mmHg, mL, s), sound and with a stenosis,
// then the whole body's closed loop of one patient.
// Run: node examples/09-blood-flow/flow.mjs
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { patientSchema } from "@viscera/core";
import { circulationConfigSchema, flowSimulation, readNetwork, solveNetwork } from "@viscera/flow";

const model = JSON.parse(readFileSync(join(import.meta.dirname, "model.json"), "utf8"));
for (const coefficient of [0, 0.15]) {
  model.vessels[2].zero_d_element_values.stenosis_coefficient = coefficient;
  const { unknowns, times, values } = await solveNetwork(readNetwork(model));
  const course = (name) => times.map((_, i) => values[i * unknowns.length + unknowns.indexOf(name)]);
  const mean = (name) => course(name).reduce((sum, value) => sum + value, 0) / times.length;
  const pressure = course("pressure:heart:aorta");
  const drop = mean("pressure:bifurcation:iliac") - mean("pressure:iliac:leg");
  console.log(
    `stenosis ${coefficient}: aorta ${Math.max(...pressure).toFixed(0)}/${Math.min(...pressure).toFixed(0)} mmHg, leg ${mean("flow:iliac:leg").toFixed(1)} mL/s, drop in the iliac ${drop.toFixed(1)} mmHg`,
  );
}

const notNeeded = () => Promise.reject(new Error("the loop asks for no image"));
const patient = patientSchema.parse({
  sex: "female",
  heightCm: 165,
  weightKg: 60,
  heartRateBpm: 68,
  systolicMmHg: 118,
  diastolicMmHg: 76,
});
const subject = { patient, organs: [], scan: notNeeded, labels: notNeeded };
const { summary } = await flowSimulation.run(subject, circulationConfigSchema.parse({}), { seed: 1 });
const value = (name) => summary.values.find((quantity) => quantity.name === name).value;
console.log(
  `patient: ${value("systolicPressure").toFixed(0)}/${value("diastolicPressure").toFixed(0)} mmHg, ${value("cardiacOutput").toFixed(2)} L/min, ejection fraction ${value("ejectionFraction").toFixed(0)} %`,
);
console.log(`kidneys: ${value("kidneyBloodFlow").toFixed(0)} mL/min`);
