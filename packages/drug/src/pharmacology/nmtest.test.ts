import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { testWithShared } from "@viscera/core/testing";
import { readDataSet } from "./data-set.js";
import { readModelText } from "./model-text.js";
import { simulateData } from "./simulate-data.js";

/** Negative concentrations: a lag longer than the interval, carried back below zero by the original run. */
const EXCLUDED = new Set(["409", "509", "709", "809", "1009"]);

const MODEL = readModelText(`
  parameter CL = 1.1 [L/h]
  parameter V = 20 [L]
  parameter KA = 1.5 [1/h]
  parameter lagt = 0
  parameter bioav = 1
  parameter rat2 = 10
  parameter dur2 = 2
  parameter mode = 0
  d/dt(depot) = -KA * depot
  d/dt(central) = KA * depot - CL / V * central
  F(central) = bioav
  lag(central) = lagt
  rate(central) = rat2
  duration(central) = dur2
  output cp = central / (V / 1000)
`);

async function largestError(text: string, method: "auto" | "solver", ids?: ReadonlySet<string>) {
  const covariates = MODEL.parameters.map(({ name }) => name);
  const data = readDataSet(text, { covariates });
  const subjects = data.subjects.filter(({ id }) => !EXCLUDED.has(id) && (!ids || ids.has(id)));
  const observed = new Map(
    subjects.flatMap(({ records }) => records.map((record) => [record.line, record] as const)),
  );
  const { rows, linear } = await simulateData(MODEL, { ...data, subjects }, { method });
  let worst = 0;
  const cp = text.split("\n").map((line) => Number(line.split(",")[2]));
  for (const { line, values, id, time } of rows) {
    assert.ok(observed.has(line));
    const expected = cp[line - 1]!;
    const error = Math.abs(values[0]! - expected) / Math.max(Math.abs(expected), 1e-6);
    assert.ok(error < 1e-4, `subject ${id} at ${time}: ${values[0]} instead of ${expected}`);
    worst = Math.max(worst, error);
  }
  return { worst, rows: rows.length, subjects: subjects.length, linear };
}

testWithShared(
  "every dosing record of NONMEM's test subjects within 1e-4",
  ["cases/drug/pk-data/nmtest_dev.csv"] as const,
  async ([path]) => {
    const { rows, subjects, linear } = await largestError(readFileSync(path, "utf8"), "auto");
    assert.equal(subjects, 31);
    assert.ok(rows > 4000);
    assert.equal(linear, true);
  },
);

testWithShared(
  "the solver with iterated steady states agrees with NONMEM too",
  ["cases/drug/pk-data/nmtest_dev.csv"] as const,
  async ([path]) => {
    // A lag longer than the interval (410, 415, 610) can be carried back in linear models only.
    const ids = new Set([
      "1",
      "2",
      "5",
      "11",
      "14",
      "17",
      "19",
      "20",
      "23",
      "25",
      "26",
      "125",
      "325",
      "425",
      "625",
    ]);
    const { subjects, linear } = await largestError(readFileSync(path, "utf8"), "solver", ids);
    assert.equal(subjects, ids.size);
    assert.equal(linear, false);
  },
);
