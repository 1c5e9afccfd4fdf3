import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sharedPath, testWithShared } from "@viscera/core/testing";
import {
  compareStochasticResults,
  isStochastic,
  Moments,
  readSbml,
  readSettings,
  readSuiteResults,
  replicateRunner,
  simulateReplicates,
  simulateSbml,
  suiteReplicates,
  suiteStatistics,
} from "./index.js";

const SUITE = "cases/drug/sbml-stochastic";

function caseOf(id: string) {
  const read = (name: string) => readFileSync(join(sharedPath(SUITE)!, id, `${id}-${name}`), "utf8");
  return {
    model: readSbml(read("sbml-l3v2.xml")),
    settings: readSettings(read("settings.txt")),
    expected: readSuiteResults(read("results.csv")),
  };
}

// Immigration and death; an event by the number of particles; limits of a normal and a Poisson distribution.
for (const id of ["00020", "00032", "00065", "00099"]) {
  testWithShared(`case ${id} of the stochastic suite agrees`, [SUITE], async () => {
    const { model, settings, expected } = caseOf(id);
    assert.ok(isStochastic(settings));
    const moments = await simulateReplicates(model, { ...suiteReplicates(settings, 1000), seed: 3 });
    const found = suiteStatistics(settings, moments);
    assert.equal(found.columns[0], "time");
    assert.equal(compareStochasticResults(found, expected, settings, moments), null);
    // Means that are off by a fifth are noticed.
    for (const row of found.rows) row[1]! *= 1.2;
    assert.notEqual(compareStochasticResults(found, expected, settings, moments), null);
  });
}

testWithShared("parts of the replicates give the same as the whole", [SUITE], async () => {
  const { model, settings } = caseOf("00099");
  const options = suiteReplicates(settings, 40);
  const whole = await simulateReplicates(model, options);
  const run = await replicateRunner(model, options);
  const merged = new Moments(whole.means.length);
  for (const [first, end] of [
    [0, 15],
    [15, 40],
  ] as const) {
    merged.merge(run(first, end));
  }
  assert.equal(merged.count, 40);
  for (const [i, mean] of whole.means.entries()) {
    assert.ok(Math.abs(merged.means[i]! - mean) < 1e-12);
    assert.ok(Math.abs(merged.deviation(i) - whole.deviation(i)) < 1e-12);
  }
});

const MATH = `xmlns="http://www.w3.org/1998/Math/MathML"`;
const draw = (name: string, ...values: number[]) =>
  `<math ${MATH}><apply><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/distrib/${name}"/>${values.map((value) => `<cn>${value}</cn>`).join("")}</apply></math>`;
const document = (content: string) =>
  `<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="m">
  <listOfParameters><parameter id="x" constant="false" value="1"/></listOfParameters>${content}</model></sbml>`;
const initially = (math: string) =>
  document(
    `<listOfInitialAssignments><initialAssignment symbol="x">${math}</initialAssignment></listOfInitialAssignments>`,
  );

test("a value drawn in an initial assignment stays; another seed draws another", async () => {
  const model = readSbml(initially(draw("uniform", 2, 3)));
  const outputs = [{ variable: "x", quantity: "symbol" as const }];
  const course = async (seed: number) => simulateSbml(model, { start: 0, times: [0, 1], outputs, seed });
  const [first, other] = [await course(1), await course(2)];
  assert.ok(first[0]![0]! >= 2 && first[0]![0]! <= 3);
  assert.equal(first[0]![0], first[1]![0]);
  assert.notEqual(first[0]![0], other[0]![0]);
});

test("wrong numbers of arguments and draws in rules are refused", async () => {
  assert.throws(() => readSbml(initially(draw("normal", 1))), { code: "input.sbml-math" });
  const rule = document(
    `<listOfRules><assignmentRule variable="x">${draw("normal", 0, 1)}</assignmentRule></listOfRules>`,
  );
  const outputs = [{ variable: "x", quantity: "symbol" as const }];
  await assert.rejects(simulateSbml(readSbml(rule), { start: 0, times: [0, 1], outputs }), {
    code: "input.sbml",
  });
});
