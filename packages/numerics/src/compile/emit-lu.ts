/** The operations of a sparse LU plan as straight WebAssembly code. */
import { CodeWriter, type Index } from "../wasm/code-writer.js";
import type { ModuleWriter } from "../wasm/module-writer.js";
import type { Region } from "./layout.js";
import type { Position, SparseLuPlan } from "./sparse-lu.js";

/** Longer functions are cut: engines optimise them badly or not at all. */
export const LONGEST_BODY_BYTES = 60_000;

/** A function that is a list of independent pieces, as one WebAssembly function or several called in turn. */
export function emitPieces(
  module: ModuleWriter,
  lanes: 1 | 2,
  parameters: readonly ("i32" | "f64" | "v128")[],
  pieces: Iterable<(code: CodeWriter) => void>,
  exportAs?: string,
): Index {
  const type = { parameters, results: [] };
  const bodies: CodeWriter[] = [];
  for (const piece of pieces) {
    if (bodies.length === 0 || bodies.at(-1)!.length > LONGEST_BODY_BYTES) {
      bodies.push(new CodeWriter(lanes, parameters.length));
    }
    piece(bodies.at(-1)!);
  }
  if (bodies.length === 1) {
    const only = module.declare(type, exportAs);
    module.define(only, bodies[0]!.finish());
    return only;
  }
  const parts = bodies.map((body) => {
    const part = module.declare(type);
    module.define(part, body.finish());
    return part;
  });
  const all = new CodeWriter(lanes, parameters.length);
  for (const part of parts) {
    for (let p = 0; p < parameters.length; p++) all.get(p);
    all.call(part);
  }
  const index = module.declare(type, exportAs);
  module.define(index, all.finish());
  return index;
}

export interface LuRegions {
  jacobian: Region;
  /** Factors, with the reciprocals of the pivots in the pivots' places. */
  factors: Region;
}

/**
 * `factor(base, g)`: factors of g M - J, M being the unit matrix without the rows of algebraic equations. The
 * plan's first entries are those of J, then the diagonal's missing ones.
 */
export function emitFactor(
  module: ModuleWriter,
  lanes: 1 | 2,
  plan: SparseLuPlan,
  jacobian: readonly Position[],
  algebraic: readonly boolean[],
  regions: LuRegions,
): Index {
  const stride = 8 * lanes;
  const [base, g] = [0, 1];
  const address = (place: number) => (regions.factors.start + place) * stride;
  const load = (code: CodeWriter, place: number) => {
    code.get(base);
    code.load(address(place));
  };
  function* pieces(): Generator<(code: CodeWriter) => void> {
    for (const [place, { row, column }] of plan.entries.entries()) {
      yield (code) => {
        code.get(base);
        if (row === column && !algebraic[row]) code.get(g);
        else code.constant(0);
        if (place < jacobian.length) {
          code.get(base);
          code.load((regions.jacobian.start + place) * stride);
          code.native("sub");
        }
        code.store(address(place));
      };
    }
    for (const { pivot, rows } of plan.steps) {
      yield (code) => {
        const reciprocal = code.local();
        code.get(base);
        code.constant(1);
        load(code, pivot);
        code.native("div");
        code.tee(reciprocal);
        code.store(address(pivot));
        for (const { multiplier, updates } of rows) {
          const factor = code.local();
          code.get(base);
          load(code, multiplier);
          code.get(reciprocal);
          code.native("mul");
          code.tee(factor);
          code.store(address(multiplier));
          for (const [target, source] of updates) {
            code.get(base);
            load(code, target);
            code.get(factor);
            load(code, source);
            code.native("mul");
            code.native("sub");
            code.store(address(target));
          }
        }
      };
    }
  }
  return emitPieces(module, lanes, ["i32", lanes === 1 ? "f64" : "v128"], pieces());
}

/**
 * `solve(base, from, to)`: solves with the factors, right-hand side at byte address `from` (changed), result at
 * `to`, which must not overlap.
 */
export function emitSolve(module: ModuleWriter, lanes: 1 | 2, plan: SparseLuPlan, factors: Region): Index {
  const stride = 8 * lanes;
  const [base, from, to] = [0, 1, 2];
  const factor = (code: CodeWriter, place: number) => {
    code.get(base);
    code.load((factors.start + place) * stride);
  };
  function* pieces(): Generator<(code: CodeWriter) => void> {
    for (const [k, { rows }] of plan.steps.entries()) {
      if (rows.length === 0) continue;
      const { row: pivotRow } = plan.pivots[k]!;
      yield (code) => {
        const value = code.local();
        code.get(from);
        code.load(pivotRow * stride);
        code.set(value);
        for (const { row, multiplier } of rows) {
          code.get(from);
          code.get(from);
          code.load(row * stride);
          code.get(value);
          factor(code, multiplier);
          code.native("mul");
          code.native("sub");
          code.store(row * stride);
        }
      };
    }
    for (let k = plan.steps.length - 1; k >= 0; k--) {
      const { pivot, right } = plan.steps[k]!;
      const { row, column } = plan.pivots[k]!;
      yield (code) => {
        code.get(to);
        code.get(from);
        code.load(row * stride);
        for (const entry of right) {
          factor(code, entry.place);
          code.get(to);
          code.load(entry.column * stride);
          code.native("mul");
          code.native("sub");
        }
        factor(code, pivot);
        code.native("mul");
        code.store(column * stride);
      };
    }
  }
  return emitPieces(module, lanes, ["i32", "i32", "i32"], pieces());
}

/** The same solution written out in place: right-hand side and result in locals. */
export function inlineSolve(
  code: CodeWriter,
  base: Index,
  plan: SparseLuPlan,
  factors: Region,
  side: readonly Index[],
): Index[] {
  const factor = (place: number) => {
    code.get(base);
    code.load((factors.start + place) * 8 * code.lanes);
  };
  const current = [...side];
  for (const [k, { rows }] of plan.steps.entries()) {
    const pivot = current[plan.pivots[k]!.row]!;
    for (const { row, multiplier } of rows) {
      const local = code.local();
      code.get(current[row]!);
      code.get(pivot);
      factor(multiplier);
      code.native("mul");
      code.native("sub");
      code.set(local);
      current[row] = local;
    }
  }
  const result: Index[] = [];
  for (let k = plan.steps.length - 1; k >= 0; k--) {
    const { pivot, right } = plan.steps[k]!;
    const { row, column } = plan.pivots[k]!;
    code.get(current[row]!);
    for (const entry of right) {
      factor(entry.place);
      code.get(result[entry.column]!);
      code.native("mul");
      code.native("sub");
    }
    factor(pivot);
    code.native("mul");
    const local = code.local();
    code.set(local);
    result[column] = local;
  }
  return result;
}
