import type { StepperContext } from "../compile/compile-system.js";
import type { Region } from "../compile/layout.js";
import { CodeWriter, type Index } from "../wasm/code-writer.js";
import { ORDER } from "./rodas5p-tableau.js";
import { LARGEST_GROWTH, LARGEST_SHRINK, SAFETY } from "./step-control.js";

/** Numbers that steer a run, by their place in the control region. */
export const CONTROL = {
  /** What the next step should be, and at most. */
  next: 0,
  largest: 1,
  /** Time reached, and where the last step began. */
  time: 2,
  previous: 3,
  /** The step that was tried last; 1 where it ended at the limit. */
  tried: 4,
  last: 5,
  /** 1 between a step and its `accept`, which waits for a look at the dense output. */
  pending: 6,
  accepted: 7,
  /** Accepted steps since the last look at the residual. */
  sinceCheck: 8,
  length: 9,
} as const;

/** Linear equations solved worse than this, relative to their terms, are solved again with pivoting. */
export const WORST_RESIDUAL = 1e-8;
/** Accepted steps between two looks at the residual; rejected ones are always looked at. */
export const STEPS_A_CHECK = 16;
/** Steps after which a run comes back to be looked at. */
const STEPS_A_RUN = 1024;

/** What `run` returns: it got where it should (or did enough steps), or the tried step needs a closer look. */
export const REACHED = 0;

/**
 * Writes `run(base, limit, until) -> i32`: steps that end at `limit` at the latest, until one reaches `until`. Goes on
 * as long as every step is good; one that is not stays as it was tried.
 */
export function emitRun(
  { module, lanes, size, power }: StepperContext,
  regions: { control: Region; error: Region; residual: Region },
  functions: { accept: Index; step: Index; residual: Index },
): void {
  const index = module.declare({ parameters: ["i32", "f64", "f64"], results: ["i32"] }, "run");
  // Scalar code, whatever the lanes: they share their steps.
  const code = new CodeWriter(1, 3);
  const [base, limit, until] = [0, 1, 2];
  const slot = ({ start }: Region, place = 0, lane = 0) => (start + place) * 8 * lanes + 8 * lane;
  const load = (place: number) => {
    code.get(base);
    code.load(slot(regions.control, place));
  };
  const store = (place: number, value: () => void) => {
    code.get(base);
    value();
    code.store(slot(regions.control, place));
  };
  const set = (local: Index, value: () => void) => {
    value();
    code.set(local);
  };
  const [h, left, error, steps, next] = [
    code.local(),
    code.local(),
    code.local(),
    code.local(),
    code.local(),
  ];
  const compare = (operator: "lt" | "le", a: () => void, b: () => void) => {
    a();
    b();
    code.native(operator);
  };
  const get = (local: Index) => () => code.get(local);
  const constant = (value: number) => () => code.constant(value);
  const scaled = (local: Index, factor: number) => () => {
    code.get(local);
    code.constant(factor);
    code.native("mul");
  };
  const giveUp = () => {
    code.i32(1);
    code.leave();
  };
  code.repeat(() => {
    compare("lt", constant(0), () => load(CONTROL.pending));
    code.when(() => {
      code.get(base);
      load(CONTROL.time);
      code.call(functions.accept);
      store(CONTROL.pending, constant(0));
    });
    set(left, () => {
      code.get(limit);
      load(CONTROL.time);
      code.native("sub");
    });
    set(h, () => {
      load(CONTROL.next);
      load(CONTROL.largest);
      code.native("min");
    });
    store(CONTROL.last, constant(0));
    // A rest of less than a tenth of a step is taken along; two even steps replace a long and a short one.
    compare("lt", scaled(left, 0.5), get(h));
    code.when(() => {
      compare("le", scaled(left, 0.9999999999), get(h));
      code.when(() => {
        store(CONTROL.last, constant(1));
      });
      set(h, () => {
        code.get(left);
        scaled(left, 0.5)();
        compare("lt", constant(0), () => load(CONTROL.last));
        code.select();
      });
    });
    store(CONTROL.tried, get(h));
    code.get(base);
    code.get(h);
    code.call(functions.step);
    set(error, () => {
      for (let lane = 0; lane < lanes; lane++) {
        code.get(base);
        code.load(slot(regions.error, 0, lane));
        if (lane > 0) code.native("max");
      }
      code.constant(1 / Math.max(1, size));
      code.native("mul");
      code.native("sqrt");
    });
    compare("le", get(error), constant(1));
    code.not();
    code.when(giveUp);
    store(CONTROL.sinceCheck, () => {
      load(CONTROL.sinceCheck);
      code.constant(1);
      code.native("add");
    });
    compare("lt", constant(STEPS_A_CHECK), () => load(CONTROL.sinceCheck));
    code.when(() => {
      code.get(base);
      code.get(h);
      code.call(functions.residual);
      for (let lane = 0; lane < lanes; lane++) {
        compare(
          "le",
          () => {
            code.get(base);
            code.load(slot(regions.residual, 0, lane));
          },
          constant(WORST_RESIDUAL),
        );
        code.not();
        code.when(giveUp);
      }
      store(CONTROL.sinceCheck, constant(0));
    });
    set(next, () => {
      code.get(h);
      code.get(error);
      code.constant(-1 / ORDER);
      code.call(power);
      code.constant(SAFETY);
      code.native("mul");
      code.constant(LARGEST_SHRINK);
      code.native("max");
      code.constant(LARGEST_GROWTH);
      code.native("min");
      code.native("mul");
    });
    // A step cut short by the limit says little about the next one's length.
    store(CONTROL.next, () => {
      load(CONTROL.next);
      code.get(next);
      code.native("max");
      code.get(next);
      compare("lt", get(h), () => load(CONTROL.next));
      code.select();
    });
    store(CONTROL.previous, () => load(CONTROL.time));
    store(CONTROL.time, () => {
      code.get(limit);
      load(CONTROL.time);
      code.get(h);
      code.native("add");
      compare("lt", constant(0), () => load(CONTROL.last));
      code.select();
    });
    store(CONTROL.pending, constant(1));
    store(CONTROL.accepted, () => {
      load(CONTROL.accepted);
      code.constant(1);
      code.native("add");
    });
    set(steps, () => {
      code.get(steps);
      code.constant(1);
      code.native("add");
    });
    compare("lt", () => load(CONTROL.time), get(until));
    code.when(() => {
      compare("lt", () => load(CONTROL.time), get(limit));
      code.when(() => {
        compare("lt", get(steps), constant(STEPS_A_RUN));
        code.when(() => code.again(3));
      });
    });
  });
  code.i32(REACHED);
  module.define(index, code.finish());
}
