/** Measures of exposure, as a run's key figures and as rows of a table. */
import type { Quantity, Table } from "@viscera/core";
import type { NcaMeasures } from "../pharmacology/nca/measures.js";
import type { NcaRow } from "../pharmacology/nca/profiles.js";
import { type NcaUnitNames, ncaUnits } from "../pharmacology/nca/units.js";
import { quantile } from "../population/results.js";

/** The columns of a table in their order, with names for people. */
const COLUMNS: readonly [name: keyof NcaMeasures, title: string][] = [
  ["cmax", "Cmax"],
  ["tmax", "Tmax"],
  ["aucLast", "AUC to last"],
  ["aucInfinity", "AUC to infinity"],
  ["aucTau", "AUC in interval"],
  ["halfLife", "Half-life"],
  ["clearance", "Clearance"],
  ["volumeZ", "Volume"],
];
const KEY_FIGURES: readonly (keyof NcaMeasures)[] = ["cmax", "tmax", "aucInfinity", "aucTau", "halfLife"];

/** Rows that a table of a report holds at most. */
const MOST_ROWS = 400;

export const titled = (title: string, unit: string): string => (unit === "" ? title : `${title} (${unit})`);

/** "0.25 h", "0.25" where the unit is not known. */
export const withUnit = (value: number, unit: string): string =>
  `${Number(value.toPrecision(6))}${unit === "" ? "" : ` ${unit}`}`;

/** The profiles of one measured or simulated quantity. */
export interface Exposure {
  of: string;
  rows: readonly NcaRow[];
}

/** The first and the last of each subject. */
function endsOf(rows: readonly NcaRow[]): NcaRow[] {
  return rows.filter(
    ({ profile }, i) => rows[i - 1]?.profile.id !== profile.id || rows[i + 1]?.profile.id !== profile.id,
  );
}

/**
 * One row a profile, for quantities of one unit; columns that nobody has are left out. Beyond 400 rows each subject's
 * first and last dose, then the first 400.
 */
export function exposureTable(parts: readonly Exposure[], names: NcaUnitNames, what: string): Table {
  const units = ncaUnits(names);
  const all = parts.flatMap(({ of, rows }) => rows.map((row) => ({ of, row })));
  const few =
    all.length > MOST_ROWS ? parts.flatMap(({ of, rows }) => endsOf(rows).map((row) => ({ of, row }))) : all;
  const shown = few.slice(0, MOST_ROWS);
  const columns = COLUMNS.filter(([name]) => all.some(({ row }) => row.measures[name] !== null));
  const cut = shown.length < all.length ? `, ${shown.length} of ${all.length} profiles` : "";
  const several = parts.length > 1;
  return {
    title: `Exposure: ${what}${cut}`,
    columns: [
      ...(several ? ["Quantity"] : []),
      "Subject",
      titled("Dose at", names.time),
      titled("Dose", names.dose),
      ...columns.map(([name, title]) => titled(title, units[name])),
      "Route",
    ],
    rows: shown.map(({ of, row: { profile, measures } }) => [
      ...(several ? [of] : []),
      profile.id,
      profile.doseTime,
      profile.dose,
      ...columns.map(([name]) => measures[name]),
      profile.route,
    ]),
  };
}

/** The measures of one profile, or the medians of several with the lowest and the highest. */
export function exposureFigures(rows: readonly NcaRow[], names: NcaUnitNames): Quantity[] {
  const units = ncaUnits(names);
  const titles = new Map(COLUMNS);
  return KEY_FIGURES.flatMap((name): Quantity[] => {
    const values = rows
      .flatMap(({ measures }) => measures[name] ?? [])
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    if (values.length === 0) return [];
    const several = values.length > 1;
    return [
      {
        name,
        label: `${titles.get(name)}${several ? `, median and range of ${values.length} profiles` : rows.length > 1 ? " of one dose" : ""}`,
        value: quantile(values, 0.5),
        unit: units[name] || "1",
        low: several ? values[0]! : null,
        high: several ? values.at(-1)! : null,
      },
    ];
  });
}
