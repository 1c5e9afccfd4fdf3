import { inputError } from "@viscera/core";
import { hexColour, type RawLabel } from "../image/image.js";

/** Words that head a column, in lower case without anything but letters and digits. */
const COLUMNS = {
  id: "id|labelid|index|idx|value|labelvalue|voxelvalue|key|no|nr|number|code|intensity|int|num",
  name: "name|labelname|structure|structurename|region|regionname|organ|organname|roi|roiname|anatomy|description|segment|segmentname|class|classname",
  either: "label|labels",
  color: "color|colour|hex|hexcolor|hexcolour|rgb|dicomrgbcolor",
  red: "r|red|colorr",
  green: "g|green|colorg",
  blue: "b|blue|colorb",
  snomed: "snomed|snomedct|snomedid|snomedcode|sct|sctid|segmentedpropertytypecodesequencecodevalue",
} as const;
type Column = keyof typeof COLUMNS;

interface Row {
  cells: string[];
  line: number;
}

/** Labels of a text table; comments (#, //) and empty lines are left out. */
export function namesFromTable(text: string, fileName: string): RawLabel[] {
  const rows = splitRows(text);
  if (rows.length === 0) return [];
  const colourTable = rows.map((row) => colourTableRow(row.cells));
  if (colourTable.every((label) => label !== null)) return colourTable;
  const header = columnsOf(rows[0]!.cells);
  if (header) return rows.slice(1).map((row) => labelOf(row, header, fileName));
  if (!/^\d+$/.test(rows[0]!.cells[0]!) && !/^\d+$/.test(rows[0]!.cells[1] ?? "")) {
    throw inputError(
      "label-names",
      `${fileName} has no column of label ids: its first line is "${rows[0]!.cells.join(" ").slice(0, 80)}".`,
      'Give a table with the columns "id" and "name", one label a line.',
    );
  }
  const idFirst = /^\d+$/.test(rows[0]!.cells[0]!);
  const columns = new Map<Column, number>([
    ["id", idFirst ? 0 : 1],
    ["name", idFirst ? 1 : 0],
  ]);
  return rows.map((row) => labelOf(row, columns, fileName));
}

/** Cells by the separator that the text uses: tab, else semicolon, else comma, else white space. */
function splitRows(text: string): Row[] {
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((content, i) => ({ content, line: i + 1 }))
    .filter(({ content }) => content.trim() !== "" && !/^\s*(#|\/\/)/.test(content));
  const separator = ["\t", ";", ","].find((s) => lines.every(({ content }) => content.includes(s)));
  return lines.map(({ content, line }) => ({ cells: cellsOf(content, separator), line }));
}

/** Cells of a line; a cell in double quotes may hold the separator, and "" for a quote. */
function cellsOf(line: string, separator: string | undefined): string[] {
  const cells: string[] = [];
  const pattern =
    separator === undefined
      ? /"((?:[^"]|"")*)"|([^\s"]+)/g
      : new RegExp(
          `(?:^|${separator})(?:\\s*"((?:[^"]|"")*)"\\s*(?=${separator}|$)|([^${separator}]*))`,
          "g",
        );
  for (const match of line.trim().matchAll(pattern)) {
    cells.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? "").trim());
  }
  return cells;
}

/** ITK-SNAP's `id R G B A visible mesh "name"`, or `id name R G B A` of Slicer and FreeSurfer; else null. */
function colourTableRow(cells: string[]): RawLabel | null {
  const whole = (from: number, to: number) => cells.slice(from, to).every((c) => /^\d+(\.\d+)?$/.test(c));
  if (!/^\d{1,9}$/.test(cells[0] ?? "")) return null;
  const id = Number(cells[0]);
  let at: number;
  let name: string;
  if (cells.length === 8 && whole(1, 7)) {
    at = 1;
    name = cells[7]!;
  } else if (cells.length >= 6 && whole(cells.length - 4, cells.length) && !whole(1, 2)) {
    at = cells.length - 4;
    name = cells.slice(1, at).join(" ");
  } else if (cells.length === 5 && whole(2, 5) && !whole(1, 2)) {
    at = 2;
    name = cells[1]!;
  } else return null;
  const [red, green, blue] = cells.slice(at, at + 3).map(Number);
  const color = hexColour(red!, green!, blue!);
  return { id, name, ...(color ? { color } : {}) };
}

/** Which column holds what, by the header line; null when the line is none or names no id. */
function columnsOf(cells: string[]): Map<Column, number> | null {
  const found = new Map<Column, number>();
  for (const [i, cell] of cells.entries()) {
    const word = cell.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
    for (const column of Object.keys(COLUMNS) as Column[]) {
      if (!found.has(column) && COLUMNS[column].split("|").includes(word)) found.set(column, i);
    }
  }
  const either = found.get("either");
  if (either !== undefined) {
    if (!found.has("id")) found.set("id", either);
    else if (!found.has("name")) found.set("name", either);
  }
  return found.has("id") && found.has("name") ? found : null;
}

function labelOf({ cells, line }: Row, columns: ReadonlyMap<Column, number>, fileName: string): RawLabel {
  const cell = (column: Column) => cells[columns.get(column) ?? -1] ?? "";
  if (!/^\d{1,9}(\.0*)?$/.test(cell("id"))) {
    throw inputError(
      "label-names",
      `${fileName} has "${cell("id").slice(0, 40)}" in line ${line} where the label's id should stand.`,
      "An id is the voxel value of the label, a whole number.",
    );
  }
  const label: RawLabel = { id: Number(cell("id")) };
  if (cell("name")) label.name = cell("name");
  const channels = columns.has("red")
    ? [cell("red"), cell("green"), cell("blue")]
    : cell("color")
        .split(/[\s,;()]+/)
        .filter(Boolean);
  const hex = /^#?([0-9a-f]{6})$/i.exec(cell("color"))?.[1];
  const color = hex
    ? `#${hex.toLowerCase()}`
    : channels.length === 3
      ? hexColour(...(channels.map((c) => (c === "" ? Number.NaN : Number(c))) as [number, number, number]))
      : null;
  if (color) label.color = color;
  if (/^\d{6,18}$/.test(cell("snomed"))) label.snomed = cell("snomed");
  return label;
}
