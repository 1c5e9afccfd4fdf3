/** One network from its first step to its model folder, card and page. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type JobOptions, type ModelFile, modelFileSchema, parseJson } from "@viscera/core";
import { elementCount, type Network } from "@viscera/nets";
import { writeWhole } from "@viscera/scan/node";
import type { Fold, TrainingDataset, TrainingPlan } from "../../../training/data/index.js";
import {
  type CardInput,
  count,
  emptyHistory,
  licenceFacts,
  modelCard,
  type Scores,
  type StepPlan,
  scoresOf,
  type TrainingHistory,
  trainingPage,
  type Validation,
} from "../../../training/loop/index.js";
import { MODEL_FILE_NAME, openModel } from "../../open-model.js";
import type { PreparedDataset } from "../data/index.js";
import { removeCheckpoint } from "./checkpoint.js";
import { evaluateCases } from "./evaluate-cases.js";
import { learnQuality } from "./learn-quality.js";
import {
  CARD_FILE_NAME,
  type ModelDescription,
  writeCard,
  writeEnsemble,
  writeModelFolder,
} from "./model-folder.js";
import { type TrainingBudget, type TrainingRecipe, trainNetwork, writeHistory } from "./train-network.js";

/** What a run tells while it goes on. `title` names the fold, "" the model itself. */
export interface RunReports {
  onPlan?(title: string, plan: TrainingPlan, steps: StepPlan): void;
  onValidation?(title: string, validation: Validation): void;
}

export interface TrainingRun {
  /** Model folder. */
  folder: string;
  title: string;
  dataset: TrainingDataset;
  prepared: PreparedDataset;
  plan: TrainingPlan;
  fold: Fold;
  recipe(): TrainingRecipe;
  budget: TrainingBudget;
  secondsBefore: number;
  saveEverySeconds: number;
  seed: number;
  name: string;
  licence: string;
  half: boolean;
  command: string;
  base: { name: string; version: string; licence: string; commercialUse: boolean } | null;
  facts: readonly (readonly [string, string])[];
  reports: RunReports;
}

export interface FinishedRun {
  description: ModelFile;
  scores: Scores | null;
  steps: number;
}

/** training/validation.json */
interface ValidationFile {
  schema: 1;
  steps: number;
  scores: Scores | null;
}

const encode = (text: string) => new TextEncoder().encode(text);

/** Trains what is not trained yet; a finished run is read from its folder. */
export async function runTraining(run: TrainingRun, options: JobOptions): Promise<FinishedRun> {
  const { folder, plan, fold, reports, title } = run;
  const training = join(folder, "training");
  const finished = await readFinished(folder);
  if (finished) return finished;
  const recipe = run.recipe();
  const facts = factsOf(run, recipe);
  const page = (history: TrainingHistory, final: Validation | null, finished: boolean) =>
    pageOf(run, history, final, finished, facts);
  const { network, weights, history } = await trainNetwork(
    {
      folder: training,
      prepared: run.prepared,
      plan,
      fold,
      recipe,
      budget: run.budget,
      seed: run.seed,
      secondsBefore: run.secondsBefore,
      saveEverySeconds: run.saveEverySeconds,
      page: (history) => page(history, null, false),
      onPlan: (steps) => reports.onPlan?.(title, plan, steps),
      onValidation: (validation) => reports.onValidation?.(title, validation),
    },
    options,
  );
  const written = await writeModelFolder(folder, descriptionOf(run, network), [weights], {
    float16: run.half,
  });
  const scores = await finalScores(run, options);
  // The network of one fold is no model for anybody.
  const description =
    title === "" ? await learnQuality(folder, { ...run, scores: scores?.cases ?? [] }, options) : written;
  await writeHistory(
    {
      folder: training,
      prepared: run.prepared,
      page: (all) => page(all, scores && { step: all.steps, ...scores }, true),
    },
    history,
  );
  const file: ValidationFile = { schema: 1, steps: history.steps, scores };
  await writeWhole(join(training, "validation.json"), encode(`${JSON.stringify(file)}\n`));
  await writeCard(
    folder,
    modelCard({
      ...cardOf(run, description, network, [["Steps", String(history.steps)], ...facts.slice(1)]),
      scores,
      crossValidation: null,
    }),
  );
  await removeCheckpoint(training);
  return { description, scores, steps: history.steps };
}

/**
 * The networks of a cross-validation as one model: their scores are averaged. Its Dice is that of the single
 * networks on the cases each had not seen.
 */
export async function finishEnsemble(
  run: TrainingRun,
  members: readonly string[],
  scores: Scores,
  options: JobOptions,
): Promise<FinishedRun> {
  const { folder, plan } = run;
  const training = join(folder, "training");
  const finished = await readFinished(folder);
  if (finished) return finished;
  const recipe = run.recipe();
  const { network } = recipe.finish?.(recipe.weights) ?? recipe;
  await writeEnsemble(folder, descriptionOf(run, network), members);
  const description = await learnQuality(folder, { ...run, scores: scores.cases }, options);
  const facts = [
    ...factsOf(run, recipe).slice(0, -2),
    ["Networks", `${members.length}, their scores averaged`],
  ] as [string, string][];
  const steps = Math.max(...(await Promise.all(members.map(async (at) => (await readFinished(at))!.steps))));
  const final = { step: steps, ...scores };
  const page = pageOf(run, emptyHistory(steps), final, true, facts);
  await writeWhole(join(training, "training.html"), encode(page));
  const file: ValidationFile = { schema: 1, steps, scores };
  await writeWhole(join(training, "validation.json"), encode(`${JSON.stringify(file)}\n`));
  await writeCard(
    folder,
    modelCard({
      ...cardOf({ ...run, plan }, description, network, [
        ["Steps of each", String(steps)],
        ...facts.slice(1),
      ]),
      scores: null,
      crossValidation: { folds: members.length, scores },
    }),
  );
  return { description, scores, steps };
}

function descriptionOf(
  { name, licence, base, plan, dataset }: TrainingRun,
  network: Network,
): ModelDescription {
  return {
    name,
    version: "1.0.0",
    architecture: { kind: network.kind, options: network.options },
    input: plan.input,
    labels: dataset.labels.map(({ id, name }) => ({ id, name, snomed: null })),
    licence,
    commercialUse: licenceFacts(licence).commercialUse && (base?.commercialUse ?? true),
  };
}

function cardOf(
  { dataset, fold, command, base, half }: TrainingRun,
  description: ModelFile,
  network: Network,
  facts: readonly [string, string][],
): Omit<CardInput, "scores" | "crossValidation"> {
  return {
    description,
    parameters: parametersOf(network),
    data: {
      name: dataset.name,
      licence: dataset.licence ?? "not stated",
      training: fold.training,
      validation: fold.validation,
      partial: dataset.cases.some(({ known }) => known !== null),
      synthetic: dataset.cases.some(({ images }) => images.length === 0),
    },
    facts,
    command,
    base,
    float16: half,
  };
}

function pageOf(
  { name, title, dataset }: TrainingRun,
  history: TrainingHistory,
  final: Validation | null,
  finished: boolean,
  facts: readonly [string, string][],
): string {
  return trainingPage({
    name: title ? `${name}, ${title}` : name,
    history,
    structures: dataset.labels.map(({ name }) => name),
    finished,
    final,
    facts,
  });
}

/** Dice of the folder's model, opened as a user opens it, so with its weights as they were written. */
async function finalScores(run: TrainingRun, options: JobOptions): Promise<Scores | null> {
  const { dataset, fold, folder, plan } = run;
  const held = dataset.cases.filter(({ id, images }) => fold.validation.includes(id) && images.length > 0);
  if (held.length === 0) return null;
  const model = await openModel(folder, options.threads ? { threads: options.threads } : {});
  try {
    return scoresOf(await evaluateCases(model, dataset, held, options), plan.classes);
  } finally {
    await model.dispose();
  }
}

async function readFinished(folder: string): Promise<FinishedRun | null> {
  if (!(await stat(join(folder, CARD_FILE_NAME)).catch(() => null))) return null;
  const read = (name: string) => readFile(join(folder, name), "utf8");
  const description = parseJson(await read(MODEL_FILE_NAME), modelFileSchema, MODEL_FILE_NAME);
  const { scores, steps } = JSON.parse(await read(join("training", "validation.json"))) as ValidationFile;
  return { description, scores, steps };
}

/** Weights and biases; what normalisation keeps of its batches is none. */
export function parametersOf({ parameters }: Network): number {
  return parameters
    .filter(({ role }) => !role.startsWith("running"))
    .reduce((sum, { dims }) => sum + elementCount(dims), 0);
}

function factsOf(
  { plan, fold, facts, seed, dataset }: TrainingRun,
  { network, learningRate }: TrainingRecipe,
): [string, string][] {
  const { patch, spacingMm } = plan.input;
  const spacing = spacingMm?.map((mm) => +mm.toFixed(3)).join(" x ");
  return [
    ["Network", `${network.kind}, ${count(parametersOf(network))} parameters`],
    ["Patch", `${patch!.join(" x ")} voxels${spacing ? ` of ${spacing} mm` : ""}, ${plan.batch} in a step`],
    ["Learning rate", `${learningRate}, warm-up and cosine`],
    ["Loss", "Dice and cross-entropy"],
    ...facts.map(([name, value]) => [name, value] as [string, string]),
    ["Data", dataset.name],
    ["Cases", `${fold.training.length} to learn from, ${fold.validation.length} held out`],
    ["Seed", String(seed)],
  ];
}
