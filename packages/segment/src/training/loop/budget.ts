/** How long to train: a number of steps, or as many as fit into a number of minutes. */

/** Share of the time that is not planned for, so that a machine that slows down does not run over. */
const RESERVE = 0.06;
/** Share of the time for looking at held-out cases on the way. */
const VALIDATION_SHARE = 0.08;
const MOST_VALIDATIONS = 20;
const LEAST_STEPS_BETWEEN = 50;
/** A forward pass costs about a third of a training step on the same voxels. */
const FORWARD_SHARE = 1 / 3;

/** Share of the whole time that goes into steps at least, however long the preparation took. */
const LEAST_STEP_SHARE = 0.25;

export interface TimeBudget {
  /** Seconds of the whole budget, and those of it that are spent already. */
  seconds: number;
  secondsSpent: number;
  /** Measured, after the first steps have warmed up. */
  secondsPerStep: number;
  /** Windows of a patch that one look at the held-out cases needs, and those of the last, thorough one. */
  validationWindows: number;
  finalWindows: number;
  /** Patches in a step. */
  batch: number;
}

export interface StepPlan {
  steps: number;
  /** Held-out cases are looked at after so many steps each; null for never on the way. */
  validateEvery: number | null;
}

/**
 * As many steps as the time allows, with the validations in between; at least a quarter of the time is for them,
 * even where that takes longer than was asked for.
 */
export function stepsWithin(budget: TimeBudget): StepPlan {
  const secondsPerWindow = (FORWARD_SHARE * budget.secondsPerStep) / budget.batch;
  const left = budget.seconds * (1 - RESERVE) - budget.secondsSpent;
  const usable = Math.max(LEAST_STEP_SHARE * budget.seconds, left - budget.finalWindows * secondsPerWindow);
  const oneLook = budget.validationWindows * secondsPerWindow;
  const looks =
    oneLook === 0
      ? 0
      : Math.max(1, Math.min(MOST_VALIDATIONS, Math.floor((usable * VALIDATION_SHARE) / oneLook)));
  const steps = Math.max(1, Math.floor((usable - looks * oneLook) / budget.secondsPerStep));
  return { steps, validateEvery: looks === 0 ? null : Math.max(1, Math.ceil(steps / looks)) };
}

/** Ten looks at the held-out cases on the way, fewer in a short run, for a number of steps that was asked for. */
export function planOfSteps(steps: number, validationWindows: number): StepPlan {
  return {
    steps,
    validateEvery: validationWindows === 0 ? null : Math.max(LEAST_STEPS_BETWEEN, Math.ceil(steps / 10)),
  };
}

/**
 * Decay of the moving average of the weights for a run of so many steps: it remembers about a fortieth of
 * the run, and never more than 2000 steps.
 */
export function averageDecay(steps: number): number {
  return 1 - 1 / Math.min(2000, Math.max(4, steps / 40));
}
