// svZeroDSolver's stored results (all shared cases, and those of a checkout of the original where
// SVZERODSOLVER_CASES names its tests/cases) and its calibrations. Tolerance 1e-7 + 1e-7 |value|, the
// original's own; with closed-loop coronaries 1e-3 of the unknown's largest value, for there the instant at which a
// valve opens depends on rounding.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { calibrate, calibrationCost, readNetwork, solveNetwork, writeResult } from "@viscera/flow";

const TOLERANCE = 1e-7;
const LOOSE = 1e-3;
const COST_LIMIT = 1.001;

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const shared = process.env.VISCERA_SHARED ?? resolve(import.meta.dirname, "../../../shared");
const folders = [
  { cases: join(shared, "cases/flow/0d"), results: join(shared, "cases/flow/0d") },
  ...(process.env.SVZERODSOLVER_CASES
    ? [{ cases: process.env.SVZERODSOLVER_CASES, results: join(process.env.SVZERODSOLVER_CASES, "results") }]
    : []),
];

/** Columns of a stored result, as lists; pandas writes them as objects by row. */
function storedColumns(stored) {
  const columns = Object.fromEntries(
    Object.entries(stored)
      .filter(([key]) => key !== "name_rle")
      .map(([key, value]) => [key, Array.isArray(value) ? value : Object.values(value)]),
  );
  const { name = stored.name_rle.flatMap(([one, length]) => new Array(length).fill(one)), ...rest } = columns;
  return { name, columns: rest };
}

/** Largest differences: in units of the tolerance, and relative to the largest value of name and column. */
function compare(csv, stored) {
  const [header, ...lines] = csv.trimEnd().split("\n");
  const names = header.split(",").slice(1);
  const rows = new Map();
  for (const line of lines) {
    const row = line.split(",");
    if (!rows.has(row[0])) rows.set(row[0], []);
    rows.get(row[0]).push(row);
  }
  const { name, columns } = storedColumns(stored);
  if (name.length !== lines.length)
    return { strict: Number.POSITIVE_INFINITY, loose: Number.POSITIVE_INFINITY };
  const seen = new Map();
  const size = new Map();
  for (const [i, one] of name.entries())
    for (const column of names) {
      const key = `${one}/${column}`;
      size.set(key, Math.max(size.get(key) ?? 0, Math.abs(columns[column][i] ?? 0)));
    }
  let strict = 0;
  let loose = 0;
  for (const [i, one] of name.entries()) {
    const k = seen.get(one) ?? 0;
    seen.set(one, k + 1);
    for (const [c, column] of names.entries()) {
      const expected = columns[column][i];
      const cell = rows.get(one)?.[k]?.[c + 1];
      if (expected === null && cell === "") continue;
      const difference = Math.abs(Number(cell) - expected);
      strict = Math.max(strict, difference / (TOLERANCE * (1 + Math.abs(expected))));
      loose = Math.max(loose, difference / (size.get(`${one}/${column}`) || 1));
      if (Number.isNaN(difference)) strict = Number.POSITIVE_INFINITY;
    }
  }
  return { strict, loose };
}

let failed = 0;
let compared = 0;
for (const { cases, results } of folders) {
  if (!existsSync(cases)) {
    console.log(`skipped: ${cases} is missing`);
    continue;
  }
  console.log(`${"case".padEnd(58)} difference in tolerances`);
  for (const file of readdirSync(cases).filter((name) => name.endsWith(".json"))) {
    const stored = join(results, `result_${file}`);
    if (file.startsWith("result_") || !existsSync(stored)) continue;
    const network = readNetwork(read(join(cases, file)));
    const { strict, loose } = compare(
      writeResult(await solveNetwork(network), network.parameters.output),
      read(stored),
    );
    const isLoose = file.startsWith("coupledBlock_closedLoopHeart_withCoronaries");
    const passed = isLoose ? loose <= LOOSE : strict <= 1;
    compared++;
    if (!passed) failed++;
    const shown = isLoose ? `${(loose / LOOSE).toPrecision(2)} (of the loose one)` : strict.toPrecision(2);
    console.log(`${file.padEnd(58)} ${shown}${passed ? "" : "  MISSED"}`);
  }
}

const calibrations = [
  { inputs: join(shared, "cases/flow/0d-calibrate"), optima: join(shared, "cases/flow/0d-calibrate") },
  ...(process.env.SVZERODSOLVER_CASES
    ? [
        {
          inputs: join(process.env.SVZERODSOLVER_CASES, "vmr/input"),
          optima: join(process.env.SVZERODSOLVER_CASES, "vmr/reference"),
        },
      ]
    : []),
];
for (const { inputs, optima } of calibrations) {
  if (!existsSync(inputs)) continue;
  for (const file of readdirSync(inputs).filter((name) => name.endsWith("_calibrate_from_0d.json"))) {
    const document = read(join(inputs, file));
    const optimum = read(join(optima, file.replace("calibrate", "optimal")));
    const { document: found } = await calibrate(document);
    const costOf = ({ vessels, junctions }) => calibrationCost({ ...document, vessels, junctions });
    const ratio = costOf(found) / costOf(optimum);
    compared++;
    if (!(ratio <= COST_LIMIT)) failed++;
    console.log(`${file.padEnd(58)} cost ${ratio.toFixed(12)} of the stored optimum's`);
  }
}
console.log(`${compared - failed} of ${compared} within tolerance`);
process.exit(failed === 0 ? 0 : 1);
