import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertClose, REPOSITORY } from "@viscera/core/testing";
import { readDataSet } from "../pharmacology/data-set.js";
import { libraryModelText } from "../pharmacology/library/index.js";
import { readModelText } from "../pharmacology/model-text.js";
import { withRandomEffects, withResidualError } from "./add-variability.js";
import { fitPopulation } from "./fit-population.js";
import { fittedModelText } from "./fitted-model-text.js";
import { PopulationProblem } from "./population-problem.js";
import { dataColumnsOf, estimationProblem } from "./problem.js";
import { drawnData } from "./testing.js";

async function objectiveAtStart(text: string, dataText: string) {
  const model = readModelText(text);
  const data = readDataSet(dataText, { covariates: dataColumnsOf(model) });
  const { space, subjects } = await estimationProblem(model, data);
  return new PopulationProblem(space, subjects).value(space.start);
}

test("the text of a fitted model begins where the fit ended", async () => {
  const folder = join(REPOSITORY, "examples/10-fit");
  const text = readFileSync(join(folder, "model.txt"), "utf8");
  const dataText = readFileSync(join(folder, "trial.csv"), "utf8");
  const model = readModelText(text);
  const data = readDataSet(dataText, { covariates: dataColumnsOf(model) });
  const fit = await fitPopulation(await estimationProblem(model, data), { uncertainty: false });
  const fitted = fittedModelText({ text, model, fit, settings: {} });
  assertClose(await objectiveAtStart(fitted, dataText), fit.objective, { absolute: 1e-4 });
  assert.match(fitted, /parameter tvCL = 4\.\d+ \[L\/h\] > 0 # clearance at 70 kg/);
});

test("effects and errors from outside become lines of the text", async () => {
  const text = libraryModelText("pk1");
  const model = withResidualError(withRandomEffects(readModelText(text), { CL: 0.1 }), null, [
    { kind: "proportional", value: 0.2, fixed: false },
  ]);
  const design = [
    "ID,TIME,AMT,EVID,DV",
    ...[1, 2, 3, 4, 5].flatMap((id) => [`${id},0,100,1,.`, `${id},2,.,0,1`, `${id},9,.,0,1`]),
  ].join("\n");
  const own = `${text.replace("parameter CL = 5", "parameter tvCL = 5")}random e ~ 0.1\nCL = tvCL * exp(e)\nerror Cp = proportional 0.1`;
  const dataText = await drawnData(own, design, 2);
  const fit = await fitPopulation(
    await estimationProblem(model, readDataSet(dataText), { fix: ["V"], settings: { V: 49 } }),
    { uncertainty: false },
  );
  const fitted = fittedModelText({ text, model, fit, settings: { V: 49 } });
  assert.match(fitted, /parameter tvCL = .*\n[\s\S]*parameter V = 49 \[L\] > 0/);
  assert.match(
    fitted,
    /random eta_CL ~ [\d.e-]+\nCL = tvCL \* exp\(eta_CL\)\nerror Cp = proportional 0\.\d+\n$/,
  );
  assertClose(await objectiveAtStart(fitted, dataText), fit.objective, { absolute: 1e-4 });
});
