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
/** Single-dose curves in plasma of healthy controls by a route: study, dose, hours and mg/L. */
function* curves(route) {
  for (const { name, meta, time, columns } of JSON.parse(readFileSync(path, "utf8")).ObservedData) {
    const [{ unit, values }] = columns;
    // A first dose at time 0 in mg or mg/kg.
    const dose = /^([\d.]+) mg(\/kg)?$/.exec(meta.Dose ?? "");
    const usable =
      new RegExp(`^${route}$`, "i").test(meta.Route ?? "") &&
      meta.Compartment === "Plasma" &&
      dose &&
      (unit === "mg/l" || unit === "ng/ml");
    if (!usable || meta["Times of Administration [h]"] !== 0 || /Perpetrator \(|obese|elderly/.test(name))
      continue;
    const mgPerL = values.map((value) => value * (unit === "ng/ml" ? 1e-3 : 1));
    yield { name, doseMg: Number(dose[1]) * (dose[2] ? 73 : 1), time, values: mgPerL, meta };
  }
}

const simulated = new Map();
async function plasmaAfter(route, doseMg, compound) {
  const key = JSON.stringify([route, doseMg, compound]);
  if (!simulated.has(key)) {
    const config = drugConfigSchema.parse({ compound, doses: [{ route, doseMg }] });
    const run = await drugSimulation.run(subject, config, { seed: 1 });
    simulated.set(key, run.series.find((column) => column.name === "plasma").values);
  }
  return simulated.get(key);
}

/** Ratios of simulated to observed, one a study; `print` shows each. */
async function ratiosOf(route, compound, print = false) {
  const ratios = [];
  for (const { name, doseMg, time, values, meta } of curves(route === "oral" ? "PO" : "IV")) {
    const plasma = await plasmaAfter(route, doseMg, compound);
    const logs = time.flatMap((h, i) =>
      h < 0.25 || h > 12 || !(values[i] > 0) ? [] : [Math.log(plasma[Math.round(h * 60)] / values[i])],
    );
    if (logs.length < 3) continue;
    const ratio = Math.exp(logs.reduce((a, b) => a + b) / logs.length);
    ratios.push(ratio);
    if (print) console.log(`${ratio.toFixed(2)}  ${name.slice(0, 60)} (${meta.Dose}, ${logs.length} points)`);
  }
  const overall = Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
  const within = ratios.filter((r) => r > 0.5 && r < 2).length;
  return { overall, within, count: ratios.length };
}
const inWords = ({ overall, within, count }) =>
  `geometric mean ${overall.toFixed(2)}; ${within} of ${count} studies within twofold`;

const intravenous = await ratiosOf("bolus", "osp:midazolam", true);
console.log(`simulated / observed: ${inWords(intravenous)}`);

// For comparison, without a bound: by mouth, where the rate of absorption is assumed; other partition methods; httk's row.
console.log(`by mouth: ${inWords(await ratiosOf("oral", "osp:midazolam"))}`);
for (const partitionMethod of ["poulin-theil", "rodgers-rowland", "schmitt", "httk"]) {
  const compound = { basedOn: "osp:midazolam", partitionMethod };
  console.log(`intravenous, ${partitionMethod}: ${inWords(await ratiosOf("bolus", compound))}`);
}
console.log(`intravenous, parameters of httk's row: ${inWords(await ratiosOf("bolus", "midazolam"))}`);
console.log(`by mouth, parameters of httk's row: ${inWords(await ratiosOf("oral", "midazolam"))}`);
const { overall, within, count } = intravenous;
process.exit(overall > 1 / 1.5 && overall < 1.5 && within / count > 0.8 ? 0 : 1);
