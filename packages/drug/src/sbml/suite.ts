/** One case of the SBML Test Suite: its results as the suite wants them, and whether they are right. */
import { inputError } from "@viscera/core";
import { fluxBalance } from "./flux-balance.js";
import { readSbml, type SbmlReadOptions } from "./read.js";
import { type SuiteSettings, suiteTimes } from "./settings.js";
import { simulateSbml } from "./simulate.js";

/** A table of numbers; the first column of a time course is the time. */
export interface SuiteResults {
  columns: string[];
  rows: number[][];
}

/** Computes a case. The columns are the settings' variables, in the order of `columns` where that is given. */
export async function runSuiteCase(
  sbml: string,
  settings: SuiteSettings,
  options: SbmlReadOptions & { columns?: readonly string[]; signal?: AbortSignal; seed?: number } = {},
): Promise<SuiteResults> {
  const model = readSbml(sbml, options);
  const isBalance = settings.steps === 0 && settings.duration === 0 && model.fluxBalance !== null;
  const variables = options.columns ?? settings.variables;
  if (isBalance) {
    const values = fluxBalance(model);
    return {
      columns: [...variables],
      rows: [variables.map((name) => values.get(name) ?? missing(name))],
    };
  }
  const times = suiteTimes(settings);
  const rows = await simulateSbml(model, {
    start: settings.start,
    times,
    outputs: variables.map((variable) => ({
      variable,
      quantity: settings.amount.includes(variable)
        ? "amount"
        : settings.concentration.includes(variable)
          ? "concentration"
          : "symbol",
    })),
    // Far below what the suite asks for, so that the comparison sees the model and not the solver.
    absolute: Math.min(1e-9, (settings.absolute || 1e-6) * 1e-3),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return {
    columns: ["time", ...variables],
    rows: rows.map((row, i) => [times[i]!, ...row]),
  };
}

function missing(name: string): never {
  throw inputError("sbml", `The model has no reaction or objective "${name}".`);
}

/** The suite's results.csv. */
export function readSuiteResults(text: string): SuiteResults {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const columns = (lines[0] ?? "").split(",").map((name) => name.trim().replace(/^"|"$/g, ""));
  return { columns, rows: lines.slice(1).map((line) => line.split(",").map(numberOf)) };
}

function numberOf(text: string): number {
  const plain = text.trim();
  const infinite = /^([+-]?)inf(inity)?$/i.exec(plain);
  if (infinite) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return plain === "" ? Number.NaN : Number(plain);
}

/** The results as CSV, with numbers that read back as they are. */
export function writeSuiteResults({ columns, rows }: SuiteResults): string {
  const written = (value: number) =>
    Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "INF" : "-INF";
  return `${[columns.join(","), ...rows.map((row) => row.map(written).join(","))].join("\n")}\n`;
}

/**
 * The first value that breaks the suite's rule |expected - found| <= absolute + relative |expected|, in words; null
 * when all hold.
 */
export function compareSuiteResults(
  found: SuiteResults,
  expected: SuiteResults,
  { absolute, relative }: SuiteSettings,
): string | null {
  const place = expected.columns.map((name, i) =>
    i === 0 && /^time$/i.test(name) ? 0 : found.columns.lastIndexOf(name),
  );
  const lacking = place.indexOf(-1);
  if (lacking >= 0) return `there is no column "${expected.columns[lacking]}"`;
  if (found.rows.length !== expected.rows.length) {
    return `there are ${found.rows.length} rows instead of ${expected.rows.length}`;
  }
  for (const [r, row] of expected.rows.entries()) {
    for (const [c, want] of row.entries()) {
      const got = found.rows[r]![place[c]!]!;
      const same = Object.is(want, got) || want === got || (Number.isNaN(want) && Number.isNaN(got));
      if (same || Math.abs(want - got) <= absolute + relative * Math.abs(want)) continue;
      return `${expected.columns[c]} is ${got} instead of ${want} at ${expected.columns[0]} ${row[0]}`;
    }
  }
  return null;
}
