/** Data files as the field keeps them: one header line, values separated by commas or white space, "." for none. */
import { inputError } from "@viscera/core";

export interface DataRow {
  /** Line of the file, from 1. */
  line: number;
  /** Texts in the order of the columns; "" for a missing value. */
  cells: string[];
}

export interface DataTable {
  name: string;
  columns: string[];
  rows: DataRow[];
}

export interface TableOptions {
  /** How the file is called in messages. */
  name?: string;
  /** Lines that begin with this character are left out, beside those with #; "@" means any letter, as in NONMEM. */
  ignore?: string;
}

const MISSING = new Set([".", "", "NA", "na", "NaN"]);
const MOST_ROWS = 5_000_000;

/** Reads a table. Throws `input.data` with the line where a row has too few or too many values. */
export function readDataTable(
  text: string,
  { name = "the data", ignore = "" }: TableOptions = {},
): DataTable {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const rows: DataRow[] = [];
  let columns: string[] | null = null;
  let comma = false;
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || /^TABLE NO\./.test(line)) continue;
    if (columns === null) {
      comma = line.includes(",");
      columns = cellsOf(line, comma).map((cell) => cell.replace(/^@/, ""));
      checkColumns(columns, name);
      continue;
    }
    if (isIgnored(line, ignore)) continue;
    const cells = cellsOf(line, comma).map((cell) => (MISSING.has(cell) ? "" : cell));
    if (cells.length !== columns.length) {
      throw inputError(
        "data",
        `Line ${i + 1} of ${name} has ${cells.length} values; the header names ${columns.length} columns.`,
        'Write "." for a missing value.',
      );
    }
    rows.push({ line: i + 1, cells });
    if (rows.length > MOST_ROWS) throw inputError("data", `${name} has more than 5 million rows.`);
  }
  if (columns === null || rows.length === 0) {
    throw inputError("data", `${name} holds no data.`, "It needs a line of column names and rows below it.");
  }
  return { name, columns, rows };
}

function isIgnored(line: string, ignore: string): boolean {
  return ignore === "@" ? /^[@\p{L}]/u.test(line) : ignore !== "" && line.startsWith(ignore);
}

function cellsOf(line: string, comma: boolean): string[] {
  const cells = comma ? line.split(",") : line.split(/\s+/);
  return cells.map((cell) => {
    const text = cell.trim();
    return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).trim() : text;
  });
}

function checkColumns(columns: readonly string[], name: string): void {
  for (const [i, column] of columns.entries()) {
    if (column === "") throw inputError("data", `Column ${i + 1} of ${name} has no name.`);
    if (Number.isFinite(Number(column))) {
      throw inputError(
        "data",
        `${name} begins with numbers instead of column names.`,
        "Put a line with the names of the columns before the data: ID,TIME,AMT,DV",
      );
    }
    if (columns.indexOf(column) !== i) throw inputError("data", `${name} has two columns named "${column}".`);
  }
}

/** Index of a column whatever its case, or -1. */
export function columnOf(table: DataTable, name: string): number {
  const exact = table.columns.indexOf(name);
  return exact >= 0
    ? exact
    : table.columns.findIndex((column) => column.toUpperCase() === name.toUpperCase());
}

/** The number in a cell, `missing` where there is none. Throws `input.data` for anything else. */
export function numberIn(table: DataTable, row: DataRow, column: number, missing: number): number {
  const cell = column < 0 ? "" : row.cells[column]!;
  if (cell === "") return missing;
  const value = Number(cell);
  if (Number.isFinite(value)) return value;
  const heading = table.columns[column]!;
  const clock = heading.toUpperCase() === "TIME" && /^\d+:\d+|^\d+[-/]\d+/.test(cell);
  throw inputError(
    "data",
    `Line ${row.line} of ${table.name}: "${cell}" in the column ${heading} is no finite number.`,
    clock
      ? "Clock times and dates are not read; give the time since the first record as a number."
      : "Correct it.",
  );
}
