import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "@viscera/core/testing";

/** What each example must print; a new example needs a line here. */
const EXPECTED: Record<string, RegExp[]> = {
  "01-synthetic-patient/make.mjs": [/liver: \d{3,4} mL/, /kidney_left: \d{2,3} mL/],
  "02-measure-labels/measure.mjs": [/analytic 57\.91 mL/, /surface {2}5[78]\.\d+ mL, watertight/],
  "03-two-doses/simulate.mjs": [/female, 52 kg: peak \d+\.\d ug\/L/, /male, 98 kg: peak/],
  "04-train-and-finetune/train.mjs": [
    /trained: Dice 0\.9\d on 2 held-out cases/,
    /cyst: \d\d % sure/,
    /fine-tuned with 2 cases: Dice spleen 0\.[89]\d, abscess 0\.[89]\d/,
  ],
  "05-data-set/simulate.mjs": [
    /subject 1 at 40 h: 2\.328 mg\/L, effect 34\.7 %/,
    /NCA: CL\/F 6\.32 L\/h of 6\.04/,
  ],
  "06-whole-body/simulate.mjs": [
    /with a liver of 900 mL: AUC 249 ug/,
    /with an inhibitor: AUC \d+ ug\.h\/L, 7\.\d times/,
  ],
  "07-population/simulate.mjs": [
    /1000 people, linear: AUC over the second day 3\d\d mg\.h\/L/,
    /above 400: 4\d\.\d % \(4\d\.\d to \d\d\.\d\)/,
    /1[67]\d\d mg every 12 h: 90\.\d % above 400/,
  ],
  "08-evaluate-and-rank/evaluate.mjs": [
    /metrics-reloaded: Dice 0\.887, surface Dice at 1 mm 0\.711, HD95 2\.50 mm/,
    /deepmind: Dice 0\.887, surface Dice at 1 mm 0\.820/,
    /1\. steady: mean rank 1\.\d, first in (9\d|100) % of the samples/,
  ],
  "09-blood-flow/flow.mjs": [
    /stenosis 0: aorta 109\/66 mmHg, leg 8\.1 mL\/s, drop in the iliac 0\.4 mmHg/,
    /stenosis 0\.15: .* leg 7\.1 mL\/s, drop in the iliac 10\.2 mmHg/,
    /patient: 118\/76 mmHg, 5\.9\d L\/min/,
  ],
  "10-fit/fit.mjs": [
    /tvCL +4\.0\d L\/h \(3\.\d\d to 4\.\d\d\), true 4/,
    /OFV -68\.8\d, \d+ iterations/,
    /the patient's clearance: 6\.3\d L\/h/,
  ],
};

const found = readdirSync(join(REPOSITORY, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) =>
    readdirSync(join(REPOSITORY, "examples", entry.name))
      .filter((name) => name.endsWith(".mjs"))
      .map((name) => `${entry.name}/${name}`),
  );

test("every example has its expectation", () => {
  assert.deepEqual([...found].sort(), Object.keys(EXPECTED).sort());
});

for (const path of found) {
  test(`example ${path}`, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(REPOSITORY, "examples", path)], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    for (const line of EXPECTED[path] ?? []) assert.match(stdout, line);
  });
}
