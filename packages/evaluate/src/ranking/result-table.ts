import { inputError, usageError } from "@viscera/core";

/** One result of a comparison; `value` null where the algorithm gave none. */
export interface ResultRow {
  algorithm: string;
  case: string;
  value: number | null;
}

/** What becomes of missing results: refused, their cases left out, or a value in their place. */
export type MissingRule = "refuse" | "remove" | number;

/** Results of one task and metric: `values[algorithm][case]`, NaN where missing. */
export interface ResultTable {
  algorithms: string[];
  cases: string[];
  values: number[][];
}

/**
 * Arranges rows in the order in which algorithms and cases first occur. Combinations without a row are missing. Throws
 * `input.results` for a combination with two rows, and without any row.
 */
export function resultTable(rows: readonly ResultRow[]): ResultTable {
  if (rows.length === 0) throw inputError("results", "The table holds no results.");
  const algorithms = [...new Set(rows.map(({ algorithm }) => algorithm))];
  const cases = [...new Set(rows.map((row) => row.case))];
  const algorithmOf = new Map(algorithms.map((name, i) => [name, i]));
  const caseOf = new Map(cases.map((name, i) => [name, i]));
  const values = algorithms.map(() => new Array<number>(cases.length).fill(Number.NaN));
  const seen = new Set<number>();
  for (const row of rows) {
    const [a, c] = [algorithmOf.get(row.algorithm)!, caseOf.get(row.case)!];
    const key = a * cases.length + c;
    if (seen.has(key))
      throw inputError(
        "results",
        `The table holds two results of ${row.algorithm} for the case ${row.case}.`,
        "Keep one of them, or tell them apart by a column task or metric.",
      );
    seen.add(key);
    values[a]![c] = row.value ?? Number.NaN;
  }
  return { algorithms, cases, values };
}

/** Number of missing results. */
export function missingIn({ values }: ResultTable): number {
  return values.flat().filter(Number.isNaN).length;
}

/**
 * The table with missing results treated by a rule; under `remove` they stay NaN and are left out of means and tests,
 * and an algorithm without any result is left out altogether. Throws `usage` where they are refused.
 */
export function withoutMissing(table: ResultTable, rule: MissingRule): ResultTable {
  if (missingIn(table) === 0) return table;
  if (rule === "refuse")
    throw usageError(
      `${missingIn(table) === 1 ? "1 result is" : `${missingIn(table)} results are`} missing, and it is not said how to treat that.`,
      "Say --missing remove, or --missing with the value that stands for them (0 for Dice, say).",
    );
  if (rule === "remove") {
    const kept = table.values.flatMap((row, a) => (row.every(Number.isNaN) ? [] : [a]));
    return {
      algorithms: kept.map((a) => table.algorithms[a]!),
      cases: table.cases,
      values: kept.map((a) => table.values[a]!),
    };
  }
  return {
    ...table,
    values: table.values.map((row) => row.map((value) => (Number.isNaN(value) ? rule : value))),
  };
}
