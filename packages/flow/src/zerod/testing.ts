/** For tests and validations: small networks, and svZeroDSolver's stored results. */
import { readNetwork } from "./read-network.js";
import { solveNetwork, type ZeroDResult } from "./solve.js";

/** One vessel between an inflow and an end; parts replaced by those given. */
export function oneVessel(parts: {
  inflow?: { t: number[]; Q: number[] };
  vessel?: Record<string, number>;
  end: { bc_type: string; bc_values: Record<string, unknown> };
  simulation?: Record<string, unknown>;
  initial?: Record<string, number>;
}): Record<string, unknown> {
  return {
    simulation_parameters: {
      number_of_cardiac_cycles: 1,
      number_of_time_pts_per_cardiac_cycle: 101,
      output_all_cycles: true,
      steady_initial: false,
      ...parts.simulation,
    },
    boundary_conditions: [
      { bc_name: "IN", bc_type: "FLOW", bc_values: parts.inflow ?? { t: [0, 1], Q: [1, 1] } },
      { bc_name: "OUT", ...parts.end },
    ],
    vessels: [
      {
        vessel_id: 0,
        vessel_name: "v",
        zero_d_element_type: "BloodVessel",
        zero_d_element_values: { R_poiseuille: 1, ...parts.vessel },
        boundary_conditions: { inlet: "IN", outlet: "OUT" },
      },
    ],
    ...(parts.initial ? { initial_condition: parts.initial } : {}),
  };
}

export async function solveDocument(document: unknown): Promise<ZeroDResult> {
  return solveNetwork(readNetwork(document));
}

/** The course of an unknown. */
export function courseOf({ unknowns, times, values }: ZeroDResult, name: string): Float64Array {
  const place = unknowns.indexOf(name);
  if (place < 0) throw new Error(`no unknown ${name}`);
  return times.map((_, i) => values[i * unknowns.length + place]!);
}

/** A stored result: columns as lists, names run-length encoded. */
export interface StoredResult {
  name_rle: [string, number][];
  [column: string]: unknown;
}

/**
 * Largest difference of a CSV from a stored result, in units of the tolerance, comparing the k-th rows of each name;
 * infinite where columns, names or rows are missing.
 */
export function worstDifference(
  csv: string,
  stored: StoredResult,
  { absolute, relative }: { absolute: number; relative: number },
): { worst: number; where: string } {
  const [header = "", ...lines] = csv.trimEnd().split("\n");
  const columns = header.split(",").slice(1);
  const rows = new Map<string, string[][]>();
  for (const line of lines) {
    const [name = "", ...cells] = line.split(",");
    const list = rows.get(name) ?? [];
    list.push(cells);
    rows.set(name, list);
  }
  const wanted = Object.keys(stored).filter((key) => key !== "name_rle");
  const missing = [...wanted].filter((key) => !columns.includes(key));
  const count = stored.name_rle.reduce((sum, [, length]) => sum + length, 0);
  if (missing.length > 0 || columns.length !== wanted.length || count !== lines.length) {
    return { worst: Number.POSITIVE_INFINITY, where: `columns ${columns}, ${lines.length} rows of ${count}` };
  }
  let worst = 0;
  let where = "";
  let at = 0;
  for (const [name, length] of stored.name_rle) {
    for (let k = 0; k < length; k++, at++) {
      for (const [c, column] of columns.entries()) {
        const expected = (stored[column] as (number | null)[])[at]!;
        const cell = rows.get(name)?.[k]?.[c];
        const difference =
          expected === null
            ? cell === ""
              ? 0
              : Number.POSITIVE_INFINITY
            : Math.abs(Number(cell) - expected) / (absolute + relative * Math.abs(expected));
        if (!(difference <= worst)) {
          worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
          where = `${column} of ${name}, row ${k + 1}: ${cell} instead of ${expected}`;
        }
      }
    }
  }
  return { worst, where };
}
