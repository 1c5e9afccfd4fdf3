import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { SOLVERS } from "@viscera/numerics";
import {
  compareSuiteResults,
  readSbml,
  readSettings,
  readSuiteResults,
  runSuiteCase,
  simulateSbml,
  withValues,
} from "./index.js";

const HEAD = '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"';
const math = (content: string) => `<math xmlns="http://www.w3.org/1998/Math/MathML">${content}</math>`;
const document = (model: string, attributes = "") =>
  `${HEAD} ${attributes}><model id="m">${model}</model></sbml>`;

/** A --k--> B in a compartment of 2 L. */
const DECAY = `
  <listOfCompartments><compartment id="C" size="2" spatialDimensions="3" constant="true"/></listOfCompartments>
  <listOfSpecies>
    <species id="A" compartment="C" initialAmount="10" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>
    <species id="B" compartment="C" initialConcentration="0" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>
  </listOfSpecies>
  <listOfParameters><parameter id="k" value="0.5" constant="true"/></listOfParameters>
  <listOfReactions>
    <reaction id="J" reversible="false">
      <listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants>
      <listOfProducts><speciesReference species="B" stoichiometry="2" constant="true"/></listOfProducts>
      <kineticLaw>${math("<apply><times/><ci>k</ci><ci>A</ci><ci>C</ci></apply>")}</kineticLaw>
    </reaction>
  </listOfReactions>`;

test("amounts and concentrations of a decay have their closed form", async () => {
  const model = readSbml(document(DECAY));
  const times = [0, 1, 4];
  const rows = await simulateSbml(model, {
    start: 0,
    times,
    outputs: [
      { variable: "A", quantity: "amount" },
      { variable: "A", quantity: "concentration" },
      { variable: "B", quantity: "symbol" },
      { variable: "J", quantity: "symbol" },
    ],
  });
  times.forEach((time, i) => {
    const left = 10 * Math.exp(-0.5 * time);
    const expected = [left, left / 2, 10 - left, 0.5 * left];
    expected.forEach((value, c) => {
      assertClose(rows[i]![c]!, value, { absolute: 1e-8, relative: 1e-6 });
    });
  });
});

test("every solver gives the decay; what is linear is exact without one being asked for", async () => {
  const model = readSbml(document(DECAY));
  const outputs = [{ variable: "A", quantity: "amount" as const }];
  const end = 10 * Math.exp(-2);
  for (const solver of SOLVERS) {
    const rows = await simulateSbml(model, { start: 0, times: [0, 4], outputs, solver });
    assertClose(rows[1]![0]!, end, { relative: 1e-5 }, solver);
  }
  // A step of a solver with so loose a tolerance would show.
  const rows = await simulateSbml(model, { start: 0, times: [0, 4], outputs, relative: 0.1, absolute: 1 });
  assertClose(rows[1]![0]!, end, { relative: 1e-13 });
});

test("other values at the start stand in for the document's, and what they cannot be is refused", async () => {
  const model = readSbml(document(DECAY));
  const outputs = [
    { variable: "A", quantity: "amount" as const },
    { variable: "A", quantity: "concentration" as const },
  ];
  // 3 per litre in 4 litres.
  const rows = await simulateSbml(withValues(model, { A: 3, C: 4, k: 1 }), {
    start: 0,
    times: [0, 1],
    outputs,
  });
  for (const [i, expected] of [12 / Math.E, 3 / Math.E].entries()) {
    assertClose(rows[1]![i]!, expected, { relative: 1e-9 });
  }
  const doubled = document(
    `<listOfParameters><parameter id="a" value="1" constant="true"/><parameter id="b" constant="false"/></listOfParameters>
     <listOfRules><assignmentRule variable="b">${math("<apply><times/><cn>2</cn><ci>a</ci></apply>")}</assignmentRule></listOfRules>`,
  );
  const refused: [Record<string, number>, RegExp][] = [
    [{ b: 1 }, /"b" is determined by a rule/],
    [{ c: 1 }, /no parameter, compartment or species "c"/],
    [{ a: Number.NaN }, /"a" is NaN/],
  ];
  for (const [values, message] of refused)
    assert.throws(() => withValues(readSbml(doubled), values), { code: "input.sbml", message });
  assert.throws(() => withValues(model, { C: -1 }), { message: /size of the compartment "C"/ });
});

test("documents that cannot be simulated are refused with what is missing", async () => {
  const cases: [string, RegExp][] = [
    ["<notsbml/>", /is no SBML document/],
    [document("").replace('level="3"', 'level="1"'), /Level 1/],
    [`${HEAD}></sbml>`, /holds no model/],
    [
      document(
        "",
        'xmlns:multi="http://www.sbml.org/sbml/level3/version1/multi/version1" multi:required="true"',
      ),
      /package .*multi/,
    ],
    [document('<listOfSpecies><species id="A"/></listOfSpecies>'), /<species> has no "compartment"/],
    [
      document('<listOfParameters><parameter id="k" value="abc" constant="true"/></listOfParameters>'),
      /"abc", which is no number/,
    ],
    [
      document(
        `<listOfRules><assignmentRule variable="x">${math("<apply><ci>f</ci><cn>1</cn></apply>")}</assignmentRule></listOfRules>`,
      ),
      /no function "f"/,
    ],
  ];
  for (const [text, message] of cases) assert.throws(() => readSbml(text), { message });
  const outputs = [{ variable: "Z", quantity: "symbol" as const }];
  await assert.rejects(simulateSbml(readSbml(document(DECAY)), { start: 0, times: [1], outputs }), {
    message: /no variable "Z"/,
    hint: /A, B, k, C/,
  });
});

test("assignment rules in a circle and functions that call themselves are refused", async () => {
  const rule = (variable: string, of: string) =>
    `<assignmentRule variable="${variable}">${math(`<ci>${of}</ci>`)}</assignmentRule>`;
  const parameters = ["x", "y"].map((id) => `<parameter id="${id}" constant="false"/>`).join("");
  const circle = document(
    `<listOfParameters>${parameters}</listOfParameters><listOfRules>${rule("x", "y")}${rule("y", "x")}</listOfRules>`,
  );
  const outputs = [{ variable: "x", quantity: "symbol" as const }];
  await assert.rejects(simulateSbml(readSbml(circle), { start: 0, times: [1], outputs }), {
    message: /"x".*"y"|"y".*"x"/,
  });
  const lambda = math("<lambda><bvar><ci>a</ci></bvar><apply><ci>f</ci><ci>a</ci></apply></lambda>");
  const recursive = document(
    `<listOfFunctionDefinitions><functionDefinition id="f">${lambda}</functionDefinition></listOfFunctionDefinitions>
     <listOfRules><assignmentRule variable="x">${math("<apply><ci>f</ci><cn>1</cn></apply>")}</assignmentRule></listOfRules>`,
  );
  assert.throws(() => readSbml(recursive), { message: /"f" calls itself/ });
});

test("a submodel that contains itself is refused, and so is one of a document that cannot be had", () => {
  const comp = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"';
  const use = (model: string) =>
    `<comp:listOfSubmodels><comp:submodel comp:id="s" comp:modelRef="${model}"/></comp:listOfSubmodels>`;
  const nested = `${HEAD} ${comp}><comp:listOfModelDefinitions><comp:modelDefinition id="d">${use("d")}</comp:modelDefinition></comp:listOfModelDefinitions><model id="m">${use("d")}</model></sbml>`;
  assert.throws(() => readSbml(nested), { message: /nested more than 20 deep/ });
  const external = `${HEAD} ${comp}><comp:listOfExternalModelDefinitions><comp:externalModelDefinition comp:id="d" comp:source="other.xml"/></comp:listOfExternalModelDefinitions><model id="m">${use("d")}</model></sbml>`;
  assert.throws(() => readSbml(external), { message: /another document \(other\.xml\)/ });
});

test("a model whose state grows beyond all bounds is stopped with time and variable", async () => {
  const growth = document(
    `<listOfParameters><parameter id="x" value="1" constant="false"/></listOfParameters>
     <listOfRules><rateRule variable="x">${math("<apply><times/><ci>x</ci><ci>x</ci></apply>")}</rateRule></listOfRules>`,
  );
  const outputs = [{ variable: "x", quantity: "symbol" as const }];
  await assert.rejects(simulateSbml(readSbml(growth), { start: 0, times: [2], outputs }), {
    code: "failed.step-size",
    message: /"x"/,
  });
});

test("comparison follows the suite's rule and says where it breaks", () => {
  const settings = readSettings(
    "start: 0\nduration: 1\nsteps: 1\nvariables: A\nabsolute: 0.1\nrelative: 0.01\n",
  );
  const table = (value: number) => ({
    columns: ["time", "A"],
    rows: [
      [0, 1],
      [1, value],
    ],
  });
  assert.equal(compareSuiteResults(table(10.19), table(10), settings), null);
  assert.match(
    compareSuiteResults(table(10.21), table(10), settings)!,
    /A is 10\.21 instead of 10 at time 1/,
  );
  assert.equal(compareSuiteResults(table(Number.NaN), table(Number.NaN), settings), null);
  assert.match(compareSuiteResults({ columns: ["time"], rows: [] }, table(1), settings)!, /no column "A"/);
});

testWithShared(
  "every twelfth case of the SBML Test Suite agrees",
  ["cases/drug/sbml-semantic"],
  async ([suite]) => {
    const ids = readdirSync(suite).filter((name) => /^\d{5}$/.test(name));
    const failed: string[] = [];
    for (const id of ids.filter((_, i) => i % 12 === 0)) {
      const folder = join(suite, id);
      const name = readdirSync(folder)
        .filter((file) => file.startsWith(`${id}-sbml-l`))
        .sort()
        .at(-1)!;
      const settings = readSettings(readFileSync(join(folder, `${id}-settings.txt`), "utf8"));
      const expected = readSuiteResults(readFileSync(join(folder, `${id}-results.csv`), "utf8"));
      const columns = expected.columns.slice(/^time$/i.test(expected.columns[0]!) ? 1 : 0);
      try {
        const found = await runSuiteCase(readFileSync(join(folder, name), "utf8"), settings, {
          name,
          columns,
          loadDocument: (source) => {
            const path = join(folder, basename(source));
            assert.ok(existsSync(path));
            return readFileSync(path, "utf8");
          },
        });
        const problem = compareSuiteResults(found, expected, settings);
        if (problem) failed.push(`${id}: ${problem}`);
      } catch (error) {
        failed.push(`${id}: ${(error as Error).message}`);
      }
    }
    assert.deepEqual(failed, []);
  },
);
