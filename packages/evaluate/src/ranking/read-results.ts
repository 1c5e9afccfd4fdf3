import { inputError, usageError } from "@viscera/core";
import type { ResultRow } from "./result-table.js";

/** A result of one task (a structure, say) by one metric. */
export interface TaskResult extends ResultRow {
  /** Empty where the table has no such column. */
  task: string;
  metric: string;
  /** Whose definition the metric follows, where the table says it. */
  convention: string;
}

/** What a column may be called; units in brackets do not count. */
const COLUMNS = {
  algorithm: ["algorithm", "alg_name", "algo", "method", "model", "team", "submission"],
  case: ["case", "case_id", "image", "subject", "id"],
  value: ["value", "score", "result"],
  metric: ["metric", "measure"],
  task: ["task", "structure", "region"],
  convention: ["convention"],
} as const;

/** Columns that are no metric of a wide table. */
const NO_METRIC = ["", "label", "tolerance", "row"];

const bare = (heading: string) =>
  heading
    .replace(/\[[^\]]*\]\s*$/, "")
    .trim()
    .toLowerCase();

/**
 * Results from a table with a header line. Long: columns algorithm, case, value, and metric and task where there are
 * several. Wide (as cases.csv of `viscera evaluate`): one column a metric. `algorithm` is for a table without such a column.
 * Empty, NA and NaN are missing results. Throws `input.results` naming line and column.
 */
export function readResults(text: string, where: string, algorithm: string | null): TaskResult[] {
  const lines = parseCsv(text.replace(/^\uFEFF/, ""));
  const header = (lines[0] ?? []).map(bare);
  const find = (kind: keyof typeof COLUMNS) =>
    header.findIndex((name) => (COLUMNS[kind] as readonly string[]).includes(name));
  const at = {
    algorithm: find("algorithm"),
    case: find("case"),
    value: find("value"),
    metric: find("metric"),
    task: find("task"),
    convention: find("convention"),
  };
  if (at.case < 0)
    throw inputError(
      "results",
      `${where} has no column of cases.`,
      "Give a table with the columns algorithm, case, value, or cases.csv of `viscera evaluate`.",
    );
  if (at.algorithm < 0 && algorithm === null)
    throw inputError(
      "results",
      `${where} has no column of algorithms.`,
      "Add a column algorithm, or name the table's algorithm: name=table.csv.",
    );
  const own = Object.values(at);
  const metrics =
    at.value >= 0
      ? [at.value]
      : header.flatMap((name, column) => (own.includes(column) || NO_METRIC.includes(name) ? [] : [column]));
  if (metrics.length === 0)
    throw inputError(
      "results",
      `${where} has no column of results.`,
      "Add a column value, or one for each metric.",
    );
  return lines.slice(1).flatMap((cells, n) => {
    if (cells.length !== header.length)
      throw inputError(
        "results",
        `Line ${n + 2} of ${where} has ${cells.length} cells, but the header has ${header.length}.`,
        "Check its commas and quotation marks.",
      );
    return metrics.map((column) => ({
      algorithm: at.algorithm >= 0 ? cells[at.algorithm]! : algorithm!,
      case: cells[at.case]!,
      task: at.task >= 0 ? cells[at.task]! : "",
      convention: at.convention >= 0 ? cells[at.convention]! : "",
      metric: at.metric >= 0 ? cells[at.metric]! : header[column]!,
      value: numberIn(cells[column]!, `line ${n + 2}, column ${column + 1} of ${where}`),
    }));
  });
}

function numberIn(text: string, where: string): number | null {
  const trimmed = text.trim();
  if (/^(|na|nan|null|none|-)$/i.test(trimmed)) return null;
  if (/^\+?inf(inity)?$/i.test(trimmed)) return Number.POSITIVE_INFINITY;
  const value = Number(trimmed);
  if (Number.isNaN(value))
    throw inputError(
      "results",
      `"${trimmed}" in ${where} is not a number.`,
      "Leave the cell empty where there is none.",
    );
  return value;
}

/** Cells of a comma- or semicolon-separated table; quoted cells may hold anything. Empty lines are passed over. */
function parseCsv(text: string): string[][] {
  const separator = /^[^\n"]*;/.test(text) && !/^[^\n;]*,/.test(text) ? ";" : ",";
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    cell = "";
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r") cell += character;
  }
  if (quoted) throw usageError("A quotation mark in the table is not closed.");
  endRow();
  return rows;
}
