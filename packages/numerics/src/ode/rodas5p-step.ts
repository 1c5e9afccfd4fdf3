import type { StepperContext, SystemExports } from "../compile/compile-system.js";
import { emitPieces } from "../compile/emit-lu.js";
import type { Region } from "../compile/layout.js";
import { eachElement } from "../compile/vector-code.js";
import { CodeWriter, type Index } from "../wasm/code-writer.js";
import { addWeightedSquare } from "./error-norm.js";
import { CONTROL, emitRun } from "./rodas5p-run.js";
import { emitSmallStep, isSmall } from "./rodas5p-small.js";
import { A, C, DENSE, GAMMA, STAGE_TIMES, STAGES, TIME_WEIGHTS } from "./rodas5p-tableau.js";

/** Memory that the steps use besides the system's own. */
export interface Rodas5pRegions {
  /** Time and state at the beginning of the step. */
  startTime: Region;
  start: Region;
  /** Rates at the beginning of the step. */
  startRates: Region;
  stages: readonly Region[];
  /** State at the end of the step. */
  end: Region;
  /** Absolute tolerance of each state; relative tolerance. */
  absolute: Region;
  relative: Region;
  /** Weighted squares of the error estimate, summed. */
  error: Region;
  /** Largest residual of the first stage's linear equations, each against the sum of its terms' sizes. */
  residual: Region;
  /** 1 for differential equations and 0 for algebraic ones; null where all are differential. */
  mass: Region | null;
  /** See `CONTROL`. */
  control: Region;
  dense: readonly Region[];
}

export interface Rodas5pExports extends SystemExports {
  /** Linearises at (startTime, start); call after changing either, or the parameters (after `prepare`). */
  begin(base: number): void;
  /** Tries a step of h and leaves `end` and `error`. */
  step(base: number, h: number): void;
  /** Leaves `residual` of a step of h that was just tried. */
  residual(base: number, h: number): void;
  /** Makes the end of the tried step the start of the next one, at the given time. */
  accept(base: number, time: number): void;
  /** Steps as long as they are good (see `emitRun`). */
  run(base: number, limit: number, until: number): number;
  /** Prepares dense output of the tried step. */
  dense(base: number): void;
  /** Puts the state at share s of the tried step into the system's `states`. */
  interpolate(base: number, s: number): void;
}

/** Writes the functions of `Rodas5pExports` for one system. */
export function addRodas5p(context: StepperContext): Rodas5pRegions {
  const { layout, size } = context;
  const vector = () => layout.region(size);
  const regions: Rodas5pRegions = {
    startTime: layout.region(1),
    start: vector(),
    startRates: vector(),
    stages: Array.from({ length: STAGES }, vector),
    end: vector(),
    absolute: vector(),
    relative: layout.region(1),
    error: layout.region(1),
    residual: layout.region(1),
    mass: context.algebraic.includes(true) ? vector() : null,
    control: layout.region(CONTROL.length),
    dense: Array.from({ length: DENSE.length }, vector),
  };
  const accept = emitBegin(context, regions);
  const step = emitStep(context, regions);
  const residual = emitResidual(context, regions);
  emitRun(context, regions, { accept, step, residual });
  emitDense(context, regions);
  return regions;
}

const BASE = 0;

/** Runs `body` on a new function of (base, f64) or (base). */
function define(
  { module, lanes }: StepperContext,
  name: string,
  hasNumber: boolean,
  body: (code: CodeWriter) => void,
): Index {
  const parameters = hasNumber ? (["i32", "f64"] as const) : (["i32"] as const);
  const index = module.declare({ parameters, results: [] }, name);
  const code = new CodeWriter(lanes, parameters.length);
  body(code);
  module.define(index, code.finish());
  return index;
}

function emitBegin(context: StepperContext, own: Rodas5pRegions): Index {
  const { regions, functions, size, lanes } = context;
  const at = (region: Region) => region.start * 8 * lanes;
  const linearise = (code: CodeWriter) => {
    code.get(BASE);
    code.get(BASE);
    code.load(at(own.startTime));
    code.store(at(regions.time));
    eachElement(code, BASE, size, (x) => x.store(regions.states, () => x.load(own.start)));
    code.get(BASE);
    code.call(functions.linearise);
    eachElement(code, BASE, size, (x) => x.store(own.startRates, () => x.load(regions.rates)));
  };
  define(context, "begin", false, linearise);
  return define(context, "accept", true, (code) => {
    code.get(BASE);
    code.get(1);
    code.splat();
    code.store(at(own.startTime));
    eachElement(code, BASE, size, (x) => x.store(own.start, () => x.load(own.end)));
    linearise(code);
  });
}

function emitStep(context: StepperContext, own: Rodas5pRegions): Index {
  const { regions, functions, size, lanes, algebraic, dependsOnTime } = context;
  const bytes = (region: Region) => region.start * 8 * lanes;
  const { mass } = own;
  return define(context, "step", true, (code) => {
    if (isSmall(context)) {
      emitSmallStep(context, own, code);
      return;
    }
    const h = code.local();
    const perH = code.local();
    code.get(1);
    code.splat();
    code.set(h);
    code.constant(1);
    code.get(h);
    code.native("div");
    code.set(perH);
    code.get(BASE);
    code.get(perH);
    code.constant(1 / GAMMA);
    code.native("mul");
    code.call(functions.factor);
    for (let stage = 0; stage < STAGES; stage++) {
      const last = own.stages[stage - 1];
      if (stage > 0) {
        // The argument; from stage 7 on it is the one before plus the last stage.
        eachElement(code, BASE, size, (x) =>
          x.store(regions.states, () => {
            if (stage >= 6) {
              x.load(regions.states);
              x.addScaled(last!, 1);
            } else {
              x.load(own.start);
              for (const [j, weight] of A[stage]!.entries()) x.addScaled(own.stages[j]!, weight);
            }
          }),
        );
        if (dependsOnTime) {
          code.get(BASE);
          code.get(BASE);
          code.load(bytes(own.startTime));
          code.get(h);
          code.constant(STAGE_TIMES[stage]!);
          code.native("mul");
          code.native("add");
          code.store(bytes(regions.time));
        }
        code.get(BASE);
        code.call(functions.rates);
      }
      // The right-hand side, in place of the rates.
      eachElement(code, BASE, size, (x, index) =>
        x.store(regions.rates, () => {
          x.load(stage === 0 ? own.startRates : regions.rates);
          if (stage > 0 && !(index !== null && algebraic[index])) {
            code.constant(0);
            for (const [j, weight] of C[stage]!.entries()) x.addScaled(own.stages[j]!, weight);
            code.get(perH);
            code.native("mul");
            if (index === null && mass) {
              x.load(mass);
              code.native("mul");
            }
            code.native("add");
          }
          if (dependsOnTime && TIME_WEIGHTS[stage] !== 0) {
            x.load(regions.timeDerivatives);
            code.get(h);
            code.constant(TIME_WEIGHTS[stage]!);
            code.native("mul");
            code.native("mul");
            code.native("add");
          }
        }),
      );
      code.get(BASE);
      for (const region of [regions.rates, own.stages[stage]!]) {
        code.get(BASE);
        code.i32(bytes(region));
        code.i32Add();
      }
      code.call(functions.solve);
    }
    // The end is the last argument plus the last stage.
    eachElement(code, BASE, size, (x) =>
      x.store(own.end, () => {
        x.load(regions.states);
        x.addScaled(own.stages[STAGES - 1]!, 1);
      }),
    );
    emitError(code, context, own);
  });
}

/** Sum over states of (error / (absolute + relative * larger of both states))^2; the last stage is the error. */
function emitError(code: CodeWriter, { size, lanes }: StepperContext, own: Rodas5pRegions): void {
  const bytes = (region: Region) => region.start * 8 * lanes;
  const error = own.stages[STAGES - 1]!;
  const sum = code.local();
  const ratio = code.local();
  code.constant(0);
  code.set(sum);
  eachElement(code, BASE, size, (x) => {
    x.load(error);
    addWeightedSquare(code, x, BASE, own, ratio, sum);
  });
  code.get(BASE);
  code.get(sum);
  code.store(bytes(own.error));
}

/** max over rows of |b - W u| / (|b| + sum |W u|), with W = g M - J, u the first stage, b its right-hand side. */
function emitResidual(context: StepperContext, own: Rodas5pRegions): Index {
  const { module, jacobian, regions, size, algebraic, lanes, dependsOnTime } = context;
  const stride = 8 * lanes;
  const rows = Array.from({ length: size }, (): { column: number; place: number }[] => []);
  jacobian.forEach(({ row, column }, place) => {
    rows[row]!.push({ column, place });
  });
  const number = 1;
  function* pieces(): Generator<(code: CodeWriter) => void> {
    yield (code) => {
      code.get(BASE);
      code.constant(0);
      code.store(own.residual.start * stride);
    };
    for (const [row, entries] of rows.entries()) {
      yield (code) => {
        const at = (region: Region, index: number) => {
          code.get(BASE);
          code.load((region.start + index) * stride);
        };
        const term = code.local();
        const residual = code.local();
        const size = code.local();
        code.constant(0);
        code.tee(residual);
        code.set(size);
        const add = (value: () => void, sign: "add" | "sub") => {
          value();
          code.set(term);
          code.get(residual);
          code.get(term);
          code.native(sign);
          code.set(residual);
          code.get(size);
          code.get(term);
          code.native("abs");
          code.native("add");
          code.set(size);
        };
        add(() => at(own.startRates, row), "add");
        if (dependsOnTime) {
          add(() => {
            at(regions.timeDerivatives, row);
            pushNumber(code, number);
            code.constant(TIME_WEIGHTS[0]!);
            code.native("mul");
            code.native("mul");
          }, "add");
        }
        if (!algebraic[row]) {
          add(() => {
            at(own.stages[0]!, row);
            pushNumber(code, number);
            code.constant(GAMMA);
            code.native("mul");
            code.native("div");
          }, "sub");
        }
        for (const { column, place } of entries) {
          add(() => {
            at(regions.jacobian, place);
            at(own.stages[0]!, column);
            code.native("mul");
          }, "add");
        }
        code.get(BASE);
        at(own.residual, 0);
        code.get(residual);
        code.native("abs");
        code.get(size);
        code.constant(Number.MIN_VALUE);
        code.native("add");
        code.native("div");
        code.native("max");
        code.store(own.residual.start * stride);
      };
    }
  }
  return emitPieces(module, lanes, ["i32", "f64"], pieces(), "residual");
}

/** The function's f64 argument as a value. */
function pushNumber(code: CodeWriter, argument: Index): void {
  code.get(argument);
  code.splat();
}

function emitDense(context: StepperContext, own: Rodas5pRegions): void {
  const { size, regions } = context;
  define(context, "dense", false, (code) => {
    eachElement(code, BASE, size, (x) => {
      for (const [row, weights] of DENSE.entries()) {
        x.store(own.dense[row]!, () => {
          code.constant(0);
          for (const [j, weight] of weights.entries()) x.addScaled(own.stages[j]!, weight);
        });
      }
    });
  });
  define(context, "interpolate", true, (code) => {
    const s = code.local();
    const rest = code.local();
    pushNumber(code, 1);
    code.set(s);
    code.constant(1);
    code.get(s);
    code.native("sub");
    code.set(rest);
    eachElement(code, BASE, size, (x) =>
      x.store(regions.states, () => {
        // d1 + s (d2 + s d3), times (1 - s), plus the end, times s, plus (1 - s) times the start.
        x.load(own.dense[2]!);
        code.get(s);
        code.native("mul");
        x.load(own.dense[1]!);
        code.native("add");
        code.get(s);
        code.native("mul");
        x.load(own.dense[0]!);
        code.native("add");
        code.get(rest);
        code.native("mul");
        x.load(own.end);
        code.native("add");
        code.get(s);
        code.native("mul");
        x.load(own.start);
        code.get(rest);
        code.native("mul");
        code.native("add");
      }),
    );
  });
}
