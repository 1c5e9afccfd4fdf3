/** The loop of a training run: steps, looks at held-out cases, checkpoints; it can stop and go on anywhere. */
import { type JobOptions, VisceraError } from "@viscera/core";
import { learningRateAt, type ScheduleSpec } from "@viscera/nets";
import type { CaseScore } from "./dice.js";
import type { ScoredExample } from "./examples.js";
import { recordStep, recordValidation, type TrainingHistory, type Validation } from "./history.js";

export interface LoopBatch {
  data: Float32Array;
  target: Uint8Array;
  known: Uint8Array | null;
}

/** What the loop needs of `Trainer`. */
export interface StepTaker {
  step(
    batch: { data: Float32Array; target: Uint8Array; known?: Uint8Array },
    at: { step: number; learningRate: number; seed: number },
  ): Promise<{ loss: number; gradientNorm: number }>;
}

/** Where a run stands: after `step` finished steps. */
export interface LoopProgress {
  step: number;
  history: TrainingHistory;
}

export interface TrainLoop {
  trainer: StepTaker;
  /** The batch of a step; depends on the step alone. */
  batch(step: number): Promise<LoopBatch>;
  schedule: ScheduleSpec;
  seed: number;
  classes: number;
  /** Held-out cases are looked at after so many steps each; null for never. */
  validateEvery: number | null;
  validate(options: JobOptions): Promise<{ cases: CaseScore[]; examples: ScoredExample[] }>;
  onValidation?(validation: Validation): void;
  /** Keeps the run so that it can go on from here. */
  save(progress: LoopProgress): Promise<void>;
  /** Seconds between two such savings; saving changes no result. */
  saveEverySeconds: number;
  /** Called when the page of curves is worth writing anew. */
  show?(progress: LoopProgress): Promise<void>;
}

/** Seconds between two writings of the page. */
const SHOW_EVERY_SECONDS = 20;

/**
 * Runs the steps that are left and saves the last state. Once the signal fires, the step under way is finished,
 * the state saved and `cancelled` thrown. Throws `failed.diverged` when the loss stops being a number.
 */
export async function runTrainLoop(
  loop: TrainLoop,
  progress: LoopProgress,
  options: JobOptions = {},
): Promise<LoopProgress> {
  const { history } = progress;
  const { steps } = loop.schedule;
  const secondsBefore = history.rows.at(-1)?.seconds ?? 0;
  const stepsBefore = progress.step;
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  let saved = 0;
  let shown = Number.NEGATIVE_INFINITY;
  const tell = (loss: number | null) =>
    options.onProgress?.({
      stage: "training",
      done: progress.step,
      total: steps,
      detail: describe(progress, loss, (progress.step - stepsBefore) / Math.max(1e-9, elapsed()), loop),
    });
  const stopIfAsked = async () => {
    if (!options.signal?.aborted) return;
    await loop.save(progress);
    throw new VisceraError(
      "cancelled",
      `Training was stopped after step ${progress.step} of ${steps}.`,
      "Nothing is lost: run the same command again and it goes on from there.",
    );
  };
  for (;;) {
    const { step } = progress;
    if (isDue(step, loop) && history.validations.at(-1)?.step !== step) {
      try {
        const { cases, examples } = await loop.validate(options);
        recordValidation(history, step, cases, examples, loop.classes);
        loop.onValidation?.(history.validations.at(-1)!);
      } catch (error) {
        // A validation that was broken off is made anew when the run goes on.
        if (!options.signal?.aborted) throw error;
      }
    }
    await stopIfAsked();
    if (step >= steps) break;
    if (elapsed() - shown > SHOW_EVERY_SECONDS && history.rows.length > 0) {
      shown = elapsed();
      await loop.show?.(progress);
    }
    const { data, target, known } = await loop.batch(step);
    const learningRate = learningRateAt(loop.schedule, step);
    const { loss, gradientNorm } = await loop.trainer.step(
      { data, target, ...(known ? { known } : {}) },
      { step, learningRate, seed: loop.seed },
    );
    progress.step = step + 1;
    recordStep(history, {
      step: progress.step,
      loss,
      gradientNorm,
      learningRate,
      seconds: secondsBefore + elapsed(),
    });
    tell(loss);
    if (elapsed() - saved >= loop.saveEverySeconds && progress.step < steps) {
      await loop.save(progress);
      saved = elapsed();
    }
  }
  await loop.save(progress);
  await loop.show?.(progress);
  return progress;
}

function isDue(step: number, { validateEvery, schedule }: TrainLoop): boolean {
  if (validateEvery === null || step === 0) return false;
  return step % validateEvery === 0 || step === schedule.steps;
}

/** "loss 0.412, rate 8.1e-4, 2.3 steps/s, Dice 0.846" */
function describe(
  { step, history }: LoopProgress,
  loss: number | null,
  stepsPerSecond: number,
  { schedule }: TrainLoop,
): string {
  const parts: string[] = [];
  const recent = history.rows.slice(-20);
  const mean = recent.length > 0 ? recent.reduce((sum, row) => sum + row.loss, 0) / recent.length : loss;
  if (mean !== null) parts.push(`loss ${mean.toFixed(3)}`);
  const dice = history.validations.at(-1)?.mean;
  if (dice !== null && dice !== undefined) parts.push(`Dice ${dice.toFixed(3)}`);
  parts.push(`rate ${learningRateAt(schedule, Math.max(0, step - 1)).toPrecision(2)}`);
  parts.push(`${stepsPerSecond.toPrecision(2)} steps/s`);
  return parts.join(", ");
}
