import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { libraryModelText, readDataSet, readModelText } from "../pharmacology/index.js";
import { withDefaultVariability } from "./index.js";

const model = readModelText(libraryModelText("pk1-oral"), "pk1-oral");
const data = readDataSet("ID,TIME,AMT,EVID,DV\n1,0,100,1,.\n1,1,.,0,0\n1,2,.,0,3\n1,3,.,0,5\n1,4,.,0,8\n", {
  name: "data.csv",
});

test("a model that says nothing gets effects on what is positive and estimated, and both errors", () => {
  const { model: complete, added } = withDefaultVariability(model, data, { effects: true, kept: ["V"] });
  assert.deepEqual(
    complete.random?.map(({ names, covariance }) => [names[0], covariance[0]]),
    [
      ["eta_ka", 0.1],
      ["eta_CL", 0.1],
    ],
  );
  const [error] = complete.errors!;
  assert.deepEqual(
    error!.terms.map(({ kind }) => kind),
    ["proportional", "additive"],
  );
  // A tenth of the median of 3, 5 and 8.
  assertClose(error!.terms[1]!.value, 0.5, { relative: 1e-12 });
  assert.equal(added.length, 2);
});

test("what the model says is left as it is", () => {
  const text = `${libraryModelText("pk1-oral")}\nerror Cp = additive 0.3\n`;
  const said = withDefaultVariability(readModelText(text), data, { effects: false });
  assert.deepEqual(said.added, []);
  assert.deepEqual(said.model.random ?? [], []);
  assert.deepEqual(
    said.model.errors?.map(({ terms }) => terms),
    [[{ kind: "additive", value: 0.3, fixed: false }]],
  );
});
