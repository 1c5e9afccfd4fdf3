/** A step of Rodas5P for few states: all stages in locals, equations and solutions written out in place. */
import type { StepperContext } from "../compile/compile-system.js";
import type { Region } from "../compile/layout.js";
import type { CodeWriter, Index } from "../wasm/code-writer.js";
import type { Rodas5pRegions } from "./rodas5p-step.js";
import { A, C, GAMMA, STAGE_TIMES, STAGES, TIME_WEIGHTS } from "./rodas5p-tableau.js";

/** Systems with more states, or more entries in their factors, are stepped by functions over vectors. */
const MOST_STATES = 12;
const MOST_ENTRIES = 80;
const BASE = 0;

export function isSmall({ size, jacobian }: StepperContext): boolean {
  return size <= MOST_STATES && jacobian.length <= MOST_ENTRIES;
}

/** Writes the body of `step(base, h)`: stages, end and error as the vector form leaves them. */
export function emitSmallStep(context: StepperContext, own: Rodas5pRegions, code: CodeWriter): void {
  const { regions, functions, size, lanes, algebraic, dependsOnTime, inline } = context;
  const stride = 8 * lanes;
  const load = ({ start }: Region, i = 0) => {
    code.get(BASE);
    code.load((start + i) * stride);
  };
  const kept = (push: () => void): Index => {
    push();
    const local = code.local();
    code.set(local);
    return local;
  };
  const store = ({ start }: Region, i: number, push: () => void) => {
    code.get(BASE);
    push();
    code.store((start + i) * stride);
  };
  const each = (push: (i: number) => void): Index[] =>
    Array.from({ length: size }, (_, i) => kept(() => push(i)));
  /** Adds what follows to what is on the stack, if anything is. */
  const add = (first: boolean) => {
    if (!first) code.native("add");
  };
  const h = kept(() => {
    code.get(1);
    code.splat();
  });
  const perH = kept(() => {
    code.constant(1);
    code.get(h);
    code.native("div");
  });
  code.get(BASE);
  code.get(perH);
  code.constant(1 / GAMMA);
  code.native("mul");
  code.call(functions.factor);
  const start = each((i) => load(own.start, i));
  const stages: Index[][] = [];
  const weighted = (weights: readonly number[], i: number, empty: boolean) => {
    let first = empty;
    for (const [j, weight] of weights.entries()) {
      if (weight === 0) continue;
      code.get(stages[j]![i]!);
      if (weight !== 1) {
        code.constant(weight);
        code.native("mul");
      }
      add(first);
      first = false;
    }
  };
  let argument = start;
  for (let stage = 0; stage < STAGES; stage++) {
    let rates: Index[];
    if (stage === 0) rates = each((i) => load(own.startRates, i));
    else {
      const before = argument;
      argument = each((i) => {
        // From stage 7 on it is the one before plus the last stage.
        code.get(stage >= 6 ? before[i]! : start[i]!);
        if (stage < 6) weighted(A[stage]!, i, false);
        else {
          code.get(stages[stage - 1]![i]!);
          code.native("add");
        }
      });
      if (dependsOnTime) {
        store(regions.time, 0, () => {
          load(own.startTime);
          code.get(h);
          code.constant(STAGE_TIMES[stage]!);
          code.native("mul");
          code.native("add");
        });
      }
      rates = inline.rates(code, argument);
    }
    const side = each((i) => {
      code.get(rates[i]!);
      if (stage > 0 && !algebraic[i]) {
        weighted(C[stage]!, i, true);
        code.get(perH);
        code.native("mul");
        code.native("add");
      }
      if (dependsOnTime && TIME_WEIGHTS[stage] !== 0) {
        load(regions.timeDerivatives, i);
        code.get(h);
        code.constant(TIME_WEIGHTS[stage]!);
        code.native("mul");
        code.native("mul");
        code.native("add");
      }
    });
    const solved = inline.solve(code, side);
    stages.push(solved);
    for (const [i, local] of solved.entries()) store(own.stages[stage]!, i, () => code.get(local));
  }
  const error = stages[STAGES - 1]!;
  const end = each((i) => {
    code.get(argument[i]!);
    code.get(error[i]!);
    code.native("add");
  });
  const relative = kept(() => load(own.relative));
  const ratios = each((i) => {
    store(own.end, i, () => code.get(end[i]!));
    code.get(error[i]!);
    load(own.absolute, i);
    code.get(relative);
    code.get(start[i]!);
    code.native("abs");
    code.get(end[i]!);
    code.native("abs");
    code.native("max");
    code.native("mul");
    code.native("add");
    code.native("div");
  });
  store(own.error, 0, () => {
    code.constant(0);
    for (const ratio of ratios) {
      code.get(ratio);
      code.get(ratio);
      code.native("mul");
      code.native("add");
    }
  });
}
