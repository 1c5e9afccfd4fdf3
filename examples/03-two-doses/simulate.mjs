// One drug in two bodies: the same dose in a small woman and a large man.
// Run: node examples/03-two-doses/simulate.mjs
import { patientSchema } from "@viscera/core";
import { drugConfigSchema, drugSimulation } from "@viscera/drug";

const notNeeded = () => Promise.reject(new Error("the model asks for no image"));
for (const facts of [
  { sex: "female", heightCm: 158, weightKg: 52, ageYears: 34 },
  { sex: "male", heightCm: 188, weightKg: 98, ageYears: 41 },
]) {
  const subject = { patient: patientSchema.parse(facts), organs: [], scan: notNeeded, labels: notNeeded };
  const config = drugConfigSchema.parse({ doses: [{ route: "oral", doseMg: 7.5 }] });
  const { summary } = await drugSimulation.run(subject, config, { seed: 1 });
  const peak = summary.values.find((value) => value.name === "cmax");
  console.log(`${facts.sex}, ${facts.weightKg} kg: peak ${(peak.value * 1000).toFixed(1)} ug/L`);
}
