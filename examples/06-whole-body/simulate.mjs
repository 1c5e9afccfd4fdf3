// Midazolam in a whole body: httk's numbers and those of the Open Systems Pharmacology project, a small liver, and a
// drug given beside it that inhibits its metabolism.
// Run: node examples/06-whole-body/simulate.mjs
import { readFileSync } from "node:fs";
import { patientSchema } from "@viscera/core";
import { drugConfigSchema, drugSimulation } from "@viscera/drug";

const inhibitor = JSON.parse(readFileSync(new URL("inhibitor.json", import.meta.url), "utf8"));
const patient = patientSchema.parse({
  sex: "female",
  heightCm: 165,
  weightKg: 62,
  ageYears: 58,
  creatinineMgPerDl: 0.9,
});
const liver = { name: "liver", volumeMl: 900, touchesBorder: false };

async function simulate(title, config, organs = []) {
  const { summary } = await drugSimulation.run({ patient, organs }, drugConfigSchema.parse(config), {
    seed: 1,
  });
  const value = (name) => summary.values.find((quantity) => quantity.name === name)?.value;
  const ratio =
    value("aucRatio") === undefined ? "" : `, ${value("aucRatio").toFixed(1)} times that without it`;
  console.log(`${title}: AUC ${(1000 * value("auc")).toFixed(0)} ug.h/L${ratio}`);
  return summary;
}

const doses = [{ route: "oral", doseMg: 7.5 }];
await simulate("parameters of httk's row", { compound: "midazolam", doses });
const own = await simulate("Open Systems Pharmacology's", { compound: "osp:midazolam", doses });
await simulate("  with a liver of 900 mL", { compound: "osp:midazolam", doses }, [liver]);
await simulate("  with a parallel-tube liver", { compound: "osp:midazolam", doses, liver: "parallel-tube" });
await simulate("  with an inhibitor", {
  compound: "osp:midazolam",
  coadministered: [inhibitor],
  doses: [
    { ...doses[0], startH: 24 },
    { compound: "inhibitor", route: "oral", doseMg: 200, everyH: 12, count: 4 },
  ],
  durationH: 48,
});
for (const [name, value, unit, from] of own.tables[1].rows)
  console.log(`  ${name}: ${value} ${unit} (${from})`);
