/**
 * Units by their UCUM codes. Numbers cross borders between rooms with the unit in the name (`doseMg`) or in
 * a field beside them (`unit: "mg/L"`); this file converts the latter.
 */
import { VisceraError } from "./errors.js";

/** Exponents of length, mass, time, amount, temperature, and the factor to the SI base unit. */
interface UnitDefinition {
  factor: number;
  dimension: readonly [number, number, number, number, number];
}

const NONE = [0, 0, 0, 0, 0] as const;
const BASE: Record<string, UnitDefinition> = {
  "1": { factor: 1, dimension: NONE },
  "%": { factor: 0.01, dimension: NONE },
  m: { factor: 1, dimension: [1, 0, 0, 0, 0] },
  g: { factor: 1e-3, dimension: [0, 1, 0, 0, 0] },
  s: { factor: 1, dimension: [0, 0, 1, 0, 0] },
  min: { factor: 60, dimension: [0, 0, 1, 0, 0] },
  h: { factor: 3600, dimension: [0, 0, 1, 0, 0] },
  d: { factor: 86400, dimension: [0, 0, 1, 0, 0] },
  a: { factor: 31557600, dimension: [0, 0, 1, 0, 0] },
  mol: { factor: 1, dimension: [0, 0, 0, 1, 0] },
  K: { factor: 1, dimension: [0, 0, 0, 0, 1] },
  L: { factor: 1e-3, dimension: [3, 0, 0, 0, 0] },
  Pa: { factor: 1, dimension: [-1, 1, -2, 0, 0] },
  "m[Hg]": { factor: 133322, dimension: [-1, 1, -2, 0, 0] },
  N: { factor: 1, dimension: [1, 1, -2, 0, 0] },
  J: { factor: 1, dimension: [2, 1, -2, 0, 0] },
  W: { factor: 1, dimension: [2, 1, -3, 0, 0] },
  Hz: { factor: 1, dimension: [0, 0, -1, 0, 0] },
};
const PREFIXES: Record<string, number> = { k: 1e3, d: 1e-1, c: 1e-2, m: 1e-3, u: 1e-6, n: 1e-9, p: 1e-12 };

function parseAtom(atom: string, unit: string): UnitDefinition {
  // A trailing signed number is the exponent: "mm2", "s-1". "1" alone is the dimensionless unit.
  const match = /^(.*?)(-?\d+)?$/.exec(atom)!;
  const symbol = atom === "1" ? "1" : match[1]!;
  const exponent = atom === "1" || match[2] === undefined ? 1 : Number(match[2]);
  let definition = BASE[symbol];
  if (!definition) {
    const base = BASE[symbol.slice(1)];
    const prefix = PREFIXES[symbol[0] ?? ""];
    if (base && prefix) definition = { factor: prefix * base.factor, dimension: base.dimension };
  }
  if (!definition) {
    throw new VisceraError(
      "input.unit",
      `The unit "${unit}" is not known (at "${atom}").`,
      "Use a UCUM code such as mg/L, mL/min or mm2.",
    );
  }
  return {
    factor: definition.factor ** exponent,
    dimension: definition.dimension.map((d) => d * exponent) as unknown as UnitDefinition["dimension"],
  };
}

function parseUnit(unit: string): UnitDefinition {
  let factor = 1;
  const dimension = [0, 0, 0, 0, 0];
  let sign = 1;
  for (const token of unit.split(/([./])/)) {
    if (token === ".") sign = 1;
    else if (token === "/") sign = -1;
    else if (token !== "") {
      const atom = parseAtom(token, unit);
      factor *= atom.factor ** sign;
      atom.dimension.forEach((d, i) => {
        dimension[i]! += d * sign;
      });
    }
  }
  return { factor, dimension: dimension as unknown as UnitDefinition["dimension"] };
}

/**
 * Number by which a value in `from` is multiplied to be in `to`. Throws `input.unit` when a unit is unknown
 * or the two measure different things. Only factors: no offsets (degree Celsius) and no molar masses.
 */
export function conversionFactor(from: string, to: string): number {
  const a = parseUnit(from);
  const b = parseUnit(to);
  if (a.dimension.some((d, i) => d !== b.dimension[i])) {
    throw new VisceraError(
      "input.unit",
      `"${from}" cannot be converted to "${to}": they measure different things.`,
    );
  }
  return a.factor / b.factor;
}
