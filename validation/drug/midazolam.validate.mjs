// Published plasma curves of intravenous midazolam (collected by the Open Systems Pharmacology project) against
// the default model of a 73 kg man; nothing is fitted here (the drug's clearance and logP were by their
// authors, Hohmann 2015 included). Tolerance: the field's twofold bound for every study, 1.5 for their geometric mean.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { patientSchema } from "@viscera/core";
import { drugConfigSchema, drugSimulation } from "@viscera/drug";

const shared = process.env.VISCERA_SHARED ?? resolve(import.meta.dirname ?? ".", "../../../shared");
const path = join(shared, "cases/drug/osp/midazolam.json");
if (!existsSync(path)) {
  console.log("shared data are missing: skipped");
  process.exit(0);
}
const subject = {
  patient: patientSchema.parse({ sex: "male", heightCm: 176, weightKg: 73, ageYears: 30 }),
  organs: [],
};
const ratios = [];
for (const { name, meta, time, columns } of JSON.parse(readFileSync(path, "utf8")).ObservedData) {
  const [{ unit, values }] = columns;
  // Curves of a first dose at time 0, healthy controls, in plasma; single dose in mg or mg/kg.
  const dose = /^([\d.]+) mg(\/kg)?$/.exec(meta.Dose ?? "");
  const usable =
    /^IV$/i.test(meta.Route ?? "") &&
    meta.Compartment === "Plasma" &&
    dose &&
    (unit === "mg/l" || unit === "ng/ml");
  if (!usable || meta["Times of Administration [h]"] !== 0 || /Perpetrator \(|obese|elderly/.test(name))
    continue;
  const doseMg = Number(dose[1]) * (dose[2] ? 73 : 1);
  const run = await drugSimulation.run(
    subject,
    drugConfigSchema.parse({ doses: [{ route: "bolus", doseMg }] }),
    { seed: 1 },
  );
  const plasma = run.series.find((column) => column.name === "plasma").values;
  const logs = time.flatMap((h, i) =>
    h < 0.25 || h > 12 || !(values[i] > 0)
      ? []
      : [Math.log(plasma[Math.round(h * 60)] / (values[i] * (unit === "ng/ml" ? 1e-3 : 1)))],
  );
  if (logs.length < 3) continue;
  const ratio = Math.exp(logs.reduce((a, b) => a + b) / logs.length);
  ratios.push(ratio);
  console.log(`${ratio.toFixed(2)}  ${name.slice(0, 60)} (${meta.Dose}, ${logs.length} points)`);
}
const overall = Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
const within = ratios.filter((r) => r > 0.5 && r < 2).length;
console.log(
  `simulated / observed: geometric mean ${overall.toFixed(2)}; ${within} of ${ratios.length} studies within twofold`,
);
process.exit(overall > 1 / 1.5 && overall < 1.5 && within / ratios.length > 0.8 ? 0 : 1);
