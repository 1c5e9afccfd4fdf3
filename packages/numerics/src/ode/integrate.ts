import { failedError, throwIfCancelled } from "@viscera/core";
import type { Integrator } from "./integrator.js";

/** A time at which something changes at once: a dose, the start of an infusion, a meal. */
export interface Stop {
  time: number;
  /** Changes the state in place, and returns new parameters where they change. */
  apply(state: Float64Array): ArrayLike<number> | undefined;
}

export interface IntegrateOptions {
  until: number;
  /** Rising times within the range; the state at each goes to `onOutput`. */
  outputTimes?: ArrayLike<number>;
  onOutput?: (index: number, time: number, state: Float64Array) => void;
  /** In order of time; those of one time are applied in their order. */
  stops?: readonly Stop[];
  /** An output at the time of a stop shows the state before it; `true` shows the state after it. */
  outputsAfterStops?: boolean;
  /** More accepted and rejected steps than this end the run; default 5e6. */
  largestSteps?: number;
  signal?: AbortSignal;
}

/** Steps between two looks at the signal. */
const STEPS_A_LOOK = 1024;

/**
 * Runs a solver from where it stands to `until`. Stops are exact: the solver ends a step there and restarts with
 * the step size that it had. Outputs come from dense output. Throws `failed.too-many-steps`, `cancelled`.
 */
export function integrate(solver: Integrator, options: IntegrateOptions): void {
  const { until, outputTimes = [], onOutput, stops = [], outputsAfterStops = false, signal } = options;
  const largest = options.largestSteps ?? 5e6;
  const before = solver.statistics.accepted + solver.statistics.rejected;
  let output = 0;
  let looked = before;
  /** Outputs before a time, or also at it. */
  const deliver = (end: number, included: boolean) => {
    for (; output < outputTimes.length; output++) {
      const time = outputTimes[output]!;
      if (included ? time > end : time >= end) return;
      onOutput?.(output, time, solver.at(time));
    }
  };
  const advance = (limit: number) => {
    while (solver.time < limit) {
      solver.step(limit, output < outputTimes.length ? Math.min(limit, outputTimes[output]!) : limit);
      deliver(solver.time, solver.time < limit);
      const { accepted, rejected } = solver.statistics;
      if (accepted + rejected - before > largest) {
        throw failedError(
          "too-many-steps",
          `The solver needed more than ${largest} steps and stands at time ${solver.time} of ${until}.`,
          "Shorten the time span, loosen the tolerances, or check the model for fast oscillations.",
        );
      }
      if (accepted + rejected >= looked + STEPS_A_LOOK) {
        looked = accepted + rejected;
        throwIfCancelled(signal);
      }
    }
  };
  for (let s = 0; s < stops.length && stops[s]!.time <= until; ) {
    const { time } = stops[s]!;
    advance(time);
    if (!outputsAfterStops) deliver(time, true);
    const state = solver.state();
    let parameters: ArrayLike<number> | undefined;
    for (; s < stops.length && stops[s]!.time === time; s++)
      parameters = stops[s]!.apply(state) ?? parameters;
    solver.reset(parameters === undefined ? { state } : { state, parameters });
  }
  advance(until);
  deliver(until, true);
}
