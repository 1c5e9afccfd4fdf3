// A thousand virtual people on a model written as text: who attains a target, and which dose nine in ten would need.
import { readFileSync } from "node:fs";
import {
  findDose,
  reached,
  readDose,
  readGoal,
  readModelText,
  readTarget,
  simulatePeople,
} from "@viscera/drug";

const SIZE = 1000;
const model = readModelText(readFileSync(new URL("model.txt", import.meta.url), "utf8"), "model.txt");
const task = {
  model,
  parameters: {},
  doses: [readDose("1000 mg every 12 h times 4 over 1 h", model)],
  doseFactor: 1,
  times: Array.from({ length: 97 }, (_, i) => i / 2),
  outputs: ["Cp"],
  window: { from: 24, until: 48 },
  thresholds: [],
  people: { ageYears: [20, 75], bodyMassIndex: [18, 35] },
  body: null,
  variations: [],
  seed: 1,
  relative: 1e-6,
  absolute: 1e-9,
};

const result = await simulatePeople(task, SIZE);
const [low, median, high] = result.distribution("auc", [5, 50, 95]).percentiles;
console.log(`${SIZE} people, ${result.layout.engine}: AUC over the second day ${median.toFixed(0)} mg.h/L`);
console.log(`  90 % of them between ${low.toFixed(0)} and ${high.toFixed(0)}`);
const attained = result.attainment(readTarget("auc>400"), null);
console.log(
  `above 400: ${(100 * attained.share).toFixed(1)} % (${(100 * attained.low).toFixed(1)} to ${(100 * attained.high).toFixed(1)})`,
);

const goal = readGoal("pta auc>400 = 90%");
const found = await findDose(goal, {
  low: 100,
  high: 10_000,
  what: "dose",
  evaluate: async (doseMg) =>
    reached(goal, await simulatePeople({ ...task, doseFactor: doseMg / 1000 }, SIZE), null),
});
console.log(`${found.value.toFixed(0)} mg every 12 h: ${(100 * found.reached).toFixed(1)} % above 400`);
