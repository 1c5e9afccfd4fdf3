/**
 * The operations of a generalised-alpha step on whole vectors, over pairs of numbers: the step's beginning, the point of
 * evaluation, the test of convergence and the correction.
 */
import type { Region } from "../compile/layout.js";
import { CodeWriter, type Index } from "../wasm/code-writer.js";
import type { ModuleWriter } from "../wasm/module-writer.js";
import type { ImplicitRegions } from "./compile-implicit.js";

/** A function over pairs of numbers; `body` gets the local with the address of pair 0 of slot 0. */
function emitPairs(
  module: ModuleWriter,
  padded: number,
  begin: (code: CodeWriter) => void,
  body: (code: CodeWriter, pointer: Index) => void,
  finish: (code: CodeWriter) => void = () => {},
): Index {
  const code = new CodeWriter(2, 1);
  begin(code);
  const pointer = code.local("i32");
  const end = code.local("i32");
  code.get(0);
  code.tee(pointer);
  code.i32(8 * padded);
  code.i32Add();
  code.set(end);
  code.loop(pointer, 16, end, () => body(code, pointer));
  finish(code);
  const index = module.declare({ parameters: ["i32"], results: [] });
  module.define(index, code.finish());
  return index;
}

const load = (code: CodeWriter, pointer: Index, region: Region) => {
  code.get(pointer);
  code.load(8 * region.start);
};

/** A local with the number of a slot in both lanes. */
function splatOf(code: CodeWriter, slot: number): Index {
  const local = code.local();
  code.constant(0);
  for (const lane of [0, 1] as const) {
    code.get(0);
    code.load(8 * (slot - lane));
    code.extract(lane);
    code.replace(lane);
  }
  code.set(local);
  return local;
}

/** The old state becomes what is now the new one; the first guess keeps y and scales dy/dt. */
export function emitStart(module: ModuleWriter, regions: ImplicitRegions, padded: number): Index {
  let guess: Index = -1;
  return emitPairs(
    module,
    padded,
    (code) => {
      guess = splatOf(code, regions.shares.start + 2);
    },
    (code, pointer) => {
      for (const [to, from] of [
        [regions.oldValues, regions.values],
        [regions.oldRates, regions.rates],
      ] as const) {
        code.get(pointer);
        load(code, pointer, from);
        code.store(8 * to.start);
      }
      code.get(pointer);
      load(code, pointer, regions.rates);
      code.get(guess);
      code.native("mul");
      code.store(8 * regions.rates.start);
    },
  );
}

/** mid = old + share (new - old), for values and rates. */
export function emitBlend(module: ModuleWriter, regions: ImplicitRegions, padded: number): Index {
  const parts = [
    [regions.midValues, regions.oldValues, regions.values],
    [regions.midRates, regions.oldRates, regions.rates],
  ] as const;
  let shares: Index[] = [];
  return emitPairs(
    module,
    padded,
    (code) => {
      shares = parts.map((_, i) => splatOf(code, regions.shares.start + i));
    },
    (code, pointer) => {
      for (const [i, [mid, old, next]] of parts.entries()) {
        code.get(pointer);
        load(code, pointer, old);
        load(code, pointer, next);
        load(code, pointer, old);
        code.native("sub");
        code.get(shares[i]!);
        code.native("mul");
        code.native("add");
        code.store(8 * mid.start);
      }
    },
  );
}

/** 1 in each lane whose residuals all lie below the tolerance, else 0. */
export function emitConverged(module: ModuleWriter, regions: ImplicitRegions, padded: number): Index {
  let all: Index = -1;
  let tolerance: Index = -1;
  return emitPairs(
    module,
    padded,
    (code) => {
      tolerance = splatOf(code, regions.tolerance.start);
      all = code.local();
      code.constant(0);
      code.constant(1);
      code.native("lt");
      code.set(all);
    },
    (code, pointer) => {
      code.get(all);
      load(code, pointer, regions.residual);
      code.native("abs");
      code.get(tolerance);
      code.native("lt");
      code.logic("and");
      code.set(all);
    },
    (code) => {
      code.get(0);
      code.get(all);
      code.conditionToValue();
      code.store(8 * regions.converged.start);
    },
  );
}

/** Unknowns whose condition holds become 0; then rates -= change, values -= correction * change. */
export function emitUpdate(
  module: ModuleWriter,
  regions: ImplicitRegions,
  padded: number,
  resets: ReadonlyMap<number, number>,
): Index {
  const reset = new CodeWriter(1, 1);
  for (const [unknown, condition] of resets) {
    const value = 8 * (regions.values.start + unknown);
    reset.get(0);
    reset.get(0);
    reset.load(value);
    reset.constant(1);
    reset.get(0);
    reset.load(8 * condition);
    reset.native("sub");
    reset.native("mul");
    reset.store(value);
  }
  const resetAll = module.declare({ parameters: ["i32"], results: [] });
  module.define(resetAll, reset.finish());
  let correction: Index = -1;
  return emitPairs(
    module,
    padded,
    (code) => {
      if (resets.size > 0) {
        code.get(0);
        code.call(resetAll);
      }
      correction = splatOf(code, regions.correction.start);
    },
    (code, pointer) => {
      code.get(pointer);
      load(code, pointer, regions.rates);
      load(code, pointer, regions.change);
      code.native("sub");
      code.store(8 * regions.rates.start);
      code.get(pointer);
      load(code, pointer, regions.values);
      load(code, pointer, regions.change);
      code.get(correction);
      code.native("mul");
      code.native("sub");
      code.store(8 * regions.values.start);
    },
  );
}
