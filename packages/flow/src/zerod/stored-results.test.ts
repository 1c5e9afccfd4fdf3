/** Every stored result of svZeroDSolver among the shared cases, to its own tolerance. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sharedPath } from "@viscera/core/testing";
import { readNetwork } from "./read-network.js";
import { writeResult } from "./result-table.js";
import { solveNetwork } from "./solve.js";
import { type StoredResult, worstDifference } from "./testing.js";

const folder = sharedPath("cases/flow/0d");
const names = folder
  ? readdirSync(folder).filter((name) => name.endsWith(".json") && !name.startsWith("result_"))
  : [];

test("stored results are there", { skip: folder === null && "shared data missing: cases/flow/0d" }, () => {
  assert.ok(names.length >= 26);
});

for (const name of names) {
  test(name, async () => {
    const read = (file: string) => JSON.parse(readFileSync(join(folder!, file), "utf8"));
    const network = readNetwork(read(name));
    const csv = writeResult(await solveNetwork(network), network.parameters.output);
    const stored = read(`result_${name}`) as StoredResult;
    const { worst, where } = worstDifference(csv, stored, { absolute: 1e-7, relative: 1e-7 });
    assert.ok(worst <= 1, `${worst} tolerances off: ${where}`);
  });
}
