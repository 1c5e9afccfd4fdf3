/** From a data set to a model folder. */
import { rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type JobOptions, type ModelFile, usageError } from "@viscera/core";
import { buildNetwork, initialWeights, type Network, type OptimiserSpec } from "@viscera/nets";
import {
  type Fingerprint,
  type Fold,
  type PlanOptions,
  planTraining,
  splitFolds,
  type TrainingDataset,
  type TrainingPlan,
} from "../../../training/data/index.js";
import {
  type CaseScore,
  drawCases,
  type Scores,
  scoresOf,
  splitCases,
} from "../../../training/loop/index.js";
import { fingerprintDataset, preprocessDataset } from "../data/index.js";
import { RunFolder, type RunSettings } from "./run-folder.js";
import { type FinishedRun, finishEnsemble, type RunReports, runTraining } from "./run-training.js";
import type { TrainingBudget, TrainingRecipe } from "./train-network.js";

export type OptimiserName = "adamw" | "sgd";

/** What training from scratch and fine-tuning have in common. */
export interface TrainingOptions extends JobOptions, RunReports {
  /** The model's folder. */
  out: string;
  /** The command line, for the card and the record. */
  command: string;
  /** Name of the model; default the folder's. */
  name?: string;
  /** Of the weights; default the data set's. */
  licence?: string;
  /** Default 1. */
  seed?: number;
  budget?: TrainingBudget;
  learningRate?: number;
  /** Cases to hold out: a share, or their names. */
  validation?: number | readonly string[];
  /** Cross-validation in so many folds; the model is the ensemble of their networks. */
  folds?: number;
  /** One fold of it alone, from 0. */
  fold?: number;
  /** Learn from so many of the cases that are not held out; drawn by the seed. */
  cases?: number;
  /** Weights in 16 bits. */
  half?: boolean;
  force?: boolean;
  /** Insist on going on with a stopped run. */
  resume?: boolean;
  /** Seconds between two checkpoints. Default 300. */
  saveEverySeconds?: number;
}

export interface TrainModelOptions extends TrainingOptions {
  plan?: PlanOptions;
  /** Default adamw. */
  optimiser?: OptimiserName;
}

export interface TrainedModel {
  folder: string;
  description: ModelFile;
  /** Of the finished model on held-out scans; null where none was held out. */
  scores: Scores | null;
  /** Out-of-fold Dice of a cross-validation. */
  crossValidation: { folds: number; scores: Scores } | null;
  fold: Fold;
  steps: number;
  warnings: string[];
}

/** Minutes of a training of which nothing was said. */
export const DEFAULT_MINUTES = 60;

/** AdamW learns fastest in the hours a CPU has; SGD with nnU-Net's momentum needs longer. */
const OPTIMISERS: Record<OptimiserName, { spec: OptimiserSpec; learningRate: number }> = {
  adamw: { spec: { kind: "adamw", weightDecay: 0.01 }, learningRate: 1e-3 },
  sgd: {
    spec: { kind: "sgd", momentum: 0.99, nesterov: true, weightDecay: 3e-5 },
    learningRate: 0.01,
  },
};
const WARM_UP = 0.03;

/**
 * Trains a network from scratch and leaves a model folder that `openModel` opens. A run that was stopped or killed
 * goes on when called again with the same settings, to the same weights. Throws `usage`, what reading the data
 * throws, `cancelled`, `failed.diverged`.
 */
export async function trainModel(
  dataset: TrainingDataset,
  options: TrainModelOptions,
): Promise<TrainedModel> {
  const { optimiser = "adamw" } = options;
  const { spec, learningRate } = OPTIMISERS[optimiser];
  return trainOn(dataset, options, {
    settings: { optimiser, ...flat(options.plan ?? {}) },
    plan: (fingerprint, budget) =>
      planTraining(fingerprint, {
        ...("minutes" in budget ? { minutes: budget.minutes } : {}),
        ...options.plan,
      }),
    recipe: (plan, seed) => {
      const network = networkOf(plan);
      return {
        network,
        weights: initialWeights(network, seed),
        optimiser: spec,
        learningRate: options.learningRate ?? learningRate,
        warmUp: WARM_UP,
      };
    },
    base: null,
    facts: [["Optimiser", optimiser === "adamw" ? "AdamW" : "SGD with momentum 0.99"]],
  });
}

export function networkOf({ architecture }: TrainingPlan): Network {
  return buildNetwork(architecture.kind, architecture.options);
}

/** How a way of training turns data into a network. */
export interface TrainingMethod {
  settings: RunSettings;
  plan(fingerprint: Fingerprint, budget: TrainingBudget): TrainingPlan;
  recipe(plan: TrainingPlan, seed: number): TrainingRecipe;
  base: { name: string; version: string; licence: string; commercialUse: boolean } | null;
  facts: readonly (readonly [string, string])[];
}

/** Splits, plans, prepares and trains, fold by fold where that is asked for. */
export async function trainOn(
  dataset: TrainingDataset,
  options: TrainingOptions,
  method: TrainingMethod,
): Promise<TrainedModel> {
  const started = performance.now();
  const { seed = 1, budget = { minutes: DEFAULT_MINUTES } } = options;
  checkOptions(options);
  const name = options.name ?? modelName(options.out);
  const licence = options.licence ?? dataset.licence ?? "not stated";
  const chosen = chooseFold(dataset, options, seed);
  const folder = await RunFolder.open(
    options.out,
    options.command,
    {
      "data set": { name: dataset.name, cases: dataset.cases.map(({ id }) => id), labels: dataset.labels },
      seed,
      minutes: "minutes" in budget ? budget.minutes : null,
      "number of steps": "steps" in budget ? budget.steps : null,
      name,
      licence,
      validation: options.validation ?? null,
      folds: options.folds ?? null,
      fold: options.fold ?? null,
      cases: options.cases ?? null,
      "learning rate": options.learningRate ?? null,
      half: options.half ?? false,
      ...method.settings,
    },
    {
      ...(options.force ? { force: true } : {}),
      ...(options.resume ? { mustResume: true } : {}),
    },
  );
  const fold = await folder.decide("fold", () => chosen);
  const used = subset(dataset, [...fold.training, ...fold.validation]);
  const planned = await folder.decide("plan", async () => {
    const fingerprint = await fingerprintDataset(subset(dataset, fold.training), options);
    const plan = method.plan(fingerprint, budget);
    // Test-time mirroring is for axes along which training mirrored.
    const { probability, axes } = plan.augmentation.mirror;
    const input = { ...plan.input, mirrorAxes: probability > 0 ? axes : [] };
    return { plan: { ...plan, input }, warnings: fingerprint.warnings };
  });
  const { plan } = planned;
  const prepared = await preprocessDataset(used, plan, folder.prepared, options);
  const warnings = [...new Set([...dataset.warnings, ...planned.warnings, ...prepared.warnings])];
  const common = {
    dataset: used,
    prepared,
    plan,
    name,
    licence,
    seed,
    budget,
    half: options.half ?? false,
    command: folder.file.command,
    base: method.base,
    facts: method.facts,
    saveEverySeconds: options.saveEverySeconds ?? 300,
    recipe: () => method.recipe(plan, seed),
    reports: options,
  };
  const { folds, fold: only } = options;
  let run: FinishedRun;
  let crossValidation: TrainedModel["crossValidation"] = null;
  if (folds !== undefined && only === undefined) {
    const members: string[] = [];
    const cases: CaseScore[] = [];
    for (const [index, split] of splitFolds(fold.training, folds, seed).entries()) {
      const member = join(folder.path, "folds", String(index));
      const job = { ...common, folder: member, title: `fold ${index}`, fold: split, secondsBefore: 0 };
      const { scores } = await runTraining(job, options);
      members.push(member);
      cases.push(...(scores?.cases ?? []));
    }
    cases.sort((a, b) => (a.id < b.id ? -1 : 1));
    const scores = scoresOf(cases, plan.classes);
    const all = { ...common, folder: folder.path, title: "", fold, secondsBefore: 0 };
    run = await finishEnsemble(all, members, scores, options);
    crossValidation = { folds, scores };
  } else {
    const secondsBefore = (performance.now() - started) / 1000;
    run = await runTraining({ ...common, folder: folder.path, title: "", fold, secondsBefore }, options);
  }
  await rm(folder.prepared, { recursive: true, force: true });
  return {
    folder: folder.path,
    description: run.description,
    scores: crossValidation ? null : run.scores,
    crossValidation,
    fold,
    steps: run.steps,
    warnings,
  };
}

function checkOptions({ folds, fold, cases, learningRate, validation, budget }: TrainingOptions): void {
  if (fold !== undefined && folds === undefined) {
    throw usageError("--fold needs the number of folds.", "Add --folds 5, for instance.");
  }
  if (fold !== undefined && !(Number.isInteger(fold) && fold >= 0 && fold < folds!)) {
    throw usageError(`There is no fold ${fold} of ${folds}.`, `Folds count from 0 to ${folds! - 1}.`);
  }
  if (folds !== undefined && validation !== undefined) {
    throw usageError("Folds say already which cases are held out.", "Leave --validation or --folds out.");
  }
  if (cases !== undefined && !(Number.isInteger(cases) && cases >= 1)) {
    throw usageError(`${cases} cases are not possible.`, "Give a whole number from 1 on.");
  }
  if (learningRate !== undefined && !(learningRate > 0 && Number.isFinite(learningRate))) {
    throw usageError(`A learning rate of ${learningRate} is not possible.`, "Give a number above 0.");
  }
  if (typeof validation === "number" && !(validation >= 0 && validation < 1)) {
    throw usageError(`A share of ${validation} cannot be held out.`, "Give a number from 0 to below 1.");
  }
  if (budget && "steps" in budget && !(Number.isInteger(budget.steps) && budget.steps >= 1)) {
    throw usageError(`${budget.steps} steps are not possible.`, "Give a whole number from 1 on.");
  }
}

/** Which cases are learnt from and which held out; in a cross-validation over all, none is in the end. */
export function chooseFold(
  dataset: TrainingDataset,
  { folds, fold, validation, cases }: TrainingOptions,
  seed: number,
): Fold {
  const ids = dataset.cases.map(({ id }) => id);
  let split: Fold;
  if (folds === undefined) split = splitCases(ids, validation ?? null, seed);
  else if (fold === undefined) split = { training: [...ids].sort(), validation: [] };
  else split = splitFolds(ids, folds, seed)[fold]!;
  if (cases === undefined) return split;
  if (cases > split.training.length) {
    throw usageError(
      `Only ${split.training.length} cases are there to learn from, not ${cases}.`,
      "Ask for fewer, or hold fewer out.",
    );
  }
  return { training: drawCases(split.training, cases, seed), validation: split.validation };
}

function subset(dataset: TrainingDataset, ids: readonly string[]): TrainingDataset {
  const wanted = new Set(ids);
  return { ...dataset, cases: dataset.cases.filter(({ id }) => wanted.has(id)) };
}

/** The folder's name as a model's. */
function modelName(folder: string): string {
  const name = basename(resolve(folder))
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[^a-z0-9]+/i, "");
  return name || "model";
}

/** Options of a plan under their own names, so that a difference can be named. */
function flat(plan: PlanOptions): RunSettings {
  const names: Record<keyof PlanOptions, string> = {
    memoryBytes: "memory",
    minutes: "minutes of the plan",
    spacingMm: "spacing",
    patch: "patch",
    batch: "batch",
    architecture: "architecture",
    baseFeatures: "number of features",
    normalisation: "normalisation",
    augmentation: "augmentation",
    synthesis: "synthesis",
  };
  return Object.fromEntries(
    Object.entries(plan).map(([key, value]) => [names[key as keyof PlanOptions], value]),
  );
}
