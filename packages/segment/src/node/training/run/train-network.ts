/** Training of a network on prepared cases, from its first step or from its last checkpoint. */
import { join } from "node:path";
import { type JobOptions, throwIfCancelled } from "@viscera/core";
import {
  diceAndCrossEntropy,
  type Network,
  type OptimiserSpec,
  type ScheduleSpec,
  Trainer,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { writeWhole } from "@viscera/scan/node";
import type { Fold, TrainingPlan } from "../../../training/data/index.js";
import {
  averageDecay,
  emptyHistory,
  historyCsv,
  type LoopProgress,
  planOfSteps,
  runTrainLoop,
  type StepPlan,
  stepsWithin,
  type TrainingHistory,
  type Validation,
} from "../../../training/loop/index.js";
import { BatchSource, type PreparedDataset } from "../data/index.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { windowsToLearn } from "./learn-quality.js";
import { casesWithin, validateNetwork, windowsOf } from "./validate-network.js";

/** What is trained and how, whatever the data. */
export interface TrainingRecipe {
  /** As it is trained: it may have parameters that the finished network has not. */
  network: Network;
  /** Where it begins. */
  weights: Weights;
  optimiser: OptimiserSpec;
  learningRate: number;
  /** Share of the steps during which the learning rate rises. */
  warmUp: number;
  trainable?: (name: string) => boolean;
  learningRateScale?: (name: string) => number;
  /** The network that is kept, from trained weights; without it the trained one itself. */
  finish?: (weights: Weights) => { network: Network; weights: Weights };
}

/** Either so many steps, or as many as fit into the minutes. */
export type TrainingBudget = { steps: number } | { minutes: number };

export interface NetworkTraining {
  /** Folder of checkpoints, history and page. */
  folder: string;
  prepared: PreparedDataset;
  plan: TrainingPlan;
  fold: Fold;
  recipe: TrainingRecipe;
  budget: TrainingBudget;
  seed: number;
  /** Seconds of the budget that went into preparing the data. */
  secondsBefore: number;
  /** Seconds between two checkpoints; they change no result. */
  saveEverySeconds: number;
  /** The page of the run as it stands. */
  page(history: TrainingHistory): string;
  onPlan?(steps: StepPlan): void;
  onValidation?(validation: Validation): void;
}

export interface TrainedNetwork {
  network: Network;
  weights: Weights;
  history: TrainingHistory;
}

/** What a checkpoint holds besides tensors. */
interface RunRecord {
  stepPlan: StepPlan;
  updates: number;
  gathered: number;
  progress: LoopProgress;
}

/** Windows that a look at held-out cases on the way may take. */
const WINDOWS_PER_LOOK = 64;
/** Longest gradient, nnU-Net's. */
const CLIP_NORM = 12;
const MOST_BATCH_THREADS = 8;
/** Steps thrown away before the speed is measured, and how long it is measured. */
const WARM_UP_STEPS = 2;
const LEAST_MEASURED_STEPS = 3;
const MOST_MEASURED_STEPS = 30;
const MEASURED_SECONDS = 10;
const MEASURED_SHARE = 0.05;

export async function trainNetwork(job: NetworkTraining, options: JobOptions = {}): Promise<TrainedNetwork> {
  const { folder, prepared, plan, fold, recipe, seed } = job;
  const started = performance.now();
  const looked = casesWithin(prepared, fold.validation, plan, WINDOWS_PER_LOOK);
  const found = await readCheckpoint<RunRecord>(folder);
  const threads = Math.min(MOST_BATCH_THREADS, Math.max(1, (options.threads ?? 2) - 1));
  const source = await BatchSource.open(prepared, plan, { seed, cases: fold.training, threads });
  try {
    const open = (emaDecay: number) => openTrainer(job, emaDecay, options);
    let stepPlan = found?.record.stepPlan ?? null;
    if (stepPlan === null && "steps" in job.budget) {
      stepPlan = planOfSteps(job.budget.steps, windowsOf(prepared, looked, plan));
    }
    if (stepPlan === null && "minutes" in job.budget) {
      options.onProgress?.({ stage: "measuring the speed", done: 0, total: 0 });
      const trainer = await open(0.9);
      const most = Math.min(MEASURED_SECONDS, MEASURED_SHARE * 60 * job.budget.minutes);
      const secondsPerStep = await measureStep(trainer, source, seed, most, options).finally(() =>
        trainer.dispose(),
      );
      stepPlan = stepsWithin({
        seconds: 60 * job.budget.minutes,
        secondsSpent: job.secondsBefore + (performance.now() - started) / 1000,
        secondsPerStep,
        validationWindows: windowsOf(prepared, looked, plan),
        finalWindows: windowsOf(prepared, fold.validation, plan) + windowsToLearn(fold),
        batch: plan.batch,
      });
    }
    const { steps, validateEvery } = stepPlan!;
    job.onPlan?.(stepPlan!);
    const trainer = await open(averageDecay(steps));
    try {
      const progress = found?.record.progress ?? { step: 0, history: emptyHistory(steps) };
      if (found) {
        const { updates, gathered } = found.record;
        await trainer.restore({ updates, gathered, tensors: found.tensors });
      }
      const save = async (at: LoopProgress) => {
        const { updates, gathered, tensors } = await trainer.state();
        const record: RunRecord = { stepPlan: stepPlan!, updates, gathered, progress: at };
        await writeCheckpoint(folder, at.step, { tensors, record });
      };
      // The number of steps is fixed from here on, whatever happens.
      if (!found) await save(progress);
      const finish = recipe.finish ?? ((weights: Weights) => ({ network: recipe.network, weights }));
      const current = async () => finish((await trainer.averagedWeights()) ?? (await trainer.weights()));
      const schedule: ScheduleSpec = {
        kind: "cosine",
        learningRate: recipe.learningRate,
        lowest: recipe.learningRate / 100,
        steps,
        warmUp: Math.min(steps - 1, Math.round(recipe.warmUp * steps)),
      };
      await runTrainLoop(
        {
          trainer,
          batch: (step) => source.next(step),
          schedule,
          seed,
          classes: plan.classes,
          validateEvery,
          validate: async (jobOptions) => {
            const { network, weights } = await current();
            return validateNetwork(network, weights, prepared, looked, plan, jobOptions);
          },
          save,
          saveEverySeconds: job.saveEverySeconds,
          show: ({ history }) => writeHistory(job, history),
          ...(job.onValidation ? { onValidation: job.onValidation } : {}),
        },
        progress,
        options,
      );
      return { ...(await current()), history: progress.history };
    } finally {
      await trainer.dispose();
    }
  } finally {
    await source.close();
  }
}

async function openTrainer(
  { plan, recipe, prepared, fold }: NetworkTraining,
  emaDecay: number,
  { threads }: JobOptions,
): Promise<Trainer> {
  const [px, py, pz] = plan.input.patch!;
  return Trainer.create(
    {
      network: recipe.network,
      patch: [pz, py, px],
      batch: plan.batch,
      // Over the whole batch, so that a patch without a structure does not count as a failure.
      loss: diceAndCrossEntropy({ batchDice: true }),
      optimiser: recipe.optimiser,
      clipNorm: CLIP_NORM,
      deepSupervisionWeights: plan.deepSupervisionWeights,
      emaDecay,
      partialLabels: prepared.cases.some(({ id, known }) => known !== null && fold.training.includes(id)),
      ...(recipe.trainable ? { trainable: recipe.trainable } : {}),
      ...(recipe.learningRateScale ? { learningRateScale: recipe.learningRateScale } : {}),
    },
    recipe.weights,
    (model) => openSession(model, threads ? { threads } : {}),
  );
}

/** Median seconds of a step, waiting for its batch included. The trainer is not usable for training afterwards. */
async function measureStep(
  trainer: Trainer,
  source: BatchSource,
  seed: number,
  mostSeconds: number,
  { signal }: JobOptions,
): Promise<number> {
  const seconds: number[] = [];
  const begun = performance.now();
  for (let step = 0; step < WARM_UP_STEPS + MOST_MEASURED_STEPS; step++) {
    throwIfCancelled(signal);
    const start = performance.now();
    const { data, target, known } = await source.next(step);
    await trainer.step({ data, target, ...(known ? { known } : {}) }, { step, learningRate: 0, seed });
    if (step >= WARM_UP_STEPS) seconds.push((performance.now() - start) / 1000);
    const enough = (performance.now() - begun) / 1000 > mostSeconds;
    if (enough && seconds.length >= LEAST_MEASURED_STEPS) break;
  }
  return seconds.sort((a, b) => a - b)[seconds.length >> 1]!;
}

/** The run's history as CSV and JSON, and its page. */
export async function writeHistory(
  { folder, prepared, page }: Pick<NetworkTraining, "folder" | "prepared" | "page">,
  history: TrainingHistory,
): Promise<void> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const names = prepared.dataset.labels.map(({ name }) => name);
  const { steps, rows, validations } = history;
  await writeWhole(join(folder, "history.csv"), encode(historyCsv(history, names)));
  await writeWhole(
    join(folder, "history.json"),
    encode(`${JSON.stringify({ schema: 1, steps, structures: names, rows, validations })}\n`),
  );
  await writeWhole(join(folder, "training.html"), encode(page(history)));
}
