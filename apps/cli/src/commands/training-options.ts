/** Options that `train` and `finetune` share, from their text. */
import { existsSync, readFileSync } from "node:fs";
import { type Size3, usageError, type Vec3 } from "@viscera/core";
import { type AugmentationPreset, duration, meanOf } from "@viscera/segment";
import {
  DEFAULT_MINUTES,
  type TrainedModel,
  type TrainingBudget,
  type TrainingOptions,
} from "@viscera/segment/node";
import type { Command } from "commander";
import { countOf } from "../terminal/console.js";
import { type CommandContext, decimalNumber, threeNumbers, wholeNumber } from "../terminal/context.js";

export interface TrainingFlags {
  out: string;
  minutes?: string;
  steps?: string;
  patch?: string;
  spacing?: string;
  batch?: string;
  learningRate?: string;
  augmentation?: string;
  validation?: string;
  folds?: string;
  fold?: string;
  cases?: string;
  name?: string;
  licence?: string;
  half?: boolean;
  resume?: boolean;
  force?: boolean;
}

const MOST_STEPS = 100_000_000;

export function withTrainingOptions(command: Command, length = String(DEFAULT_MINUTES)): Command {
  return command
    .option("--minutes <n>", `about how long it may take, all in all (default: ${length})`)
    .option("--steps <n>", "so many training steps instead")
    .option("--validation <list>", "cases to hold out: names with commas, a file of names, or a share (0.2)")
    .option("--cases <n>", "learn from so many of the other cases only, drawn by the seed")
    .option("--folds <n>", "cross-validation: each case is held out once; the model averages the networks")
    .option("--fold <n>", "train this fold of --folds alone, counted from 0")
    .option("--patch <nx,ny,nz>", "voxels the network sees at once")
    .option("--spacing <x,y,z>", "voxel size it works at, mm")
    .option("--batch <n>", "patches in a step")
    .option("--learning-rate <r>", "highest learning rate")
    .option("--augmentation <kind>", "how training patches are varied: none, light, nnunet or strong")
    .option("--name <name>", "name of the model (default: the folder's)")
    .option("--licence <name>", "licence of the weights (default: the data set's)")
    .option("--half", "store the weights in 16 bits: half the size")
    .option("--resume", "insist on going on with a stopped training (which happens by itself)")
    .option("--force", "replace what an earlier training left in the folder");
}

/** The command line as it was typed, for the card. */
export const typedCommand = () =>
  [
    "viscera",
    ...process.argv.slice(2).map((word) => (/[\s"'$]/.test(word) ? JSON.stringify(word) : word)),
  ].join(" ");

export function trainingOptions(flags: TrainingFlags, context: CommandContext): TrainingOptions {
  if (flags.minutes !== undefined && flags.steps !== undefined) {
    throw usageError("Minutes and steps were both given.", "Give either --minutes or --steps.");
  }
  const budget: TrainingBudget =
    flags.steps !== undefined
      ? { steps: wholeNumber(flags.steps, "--steps", 1, MOST_STEPS) }
      : { minutes: decimalNumber(flags.minutes ?? String(DEFAULT_MINUTES), "--minutes", 0.05, 100_000) };
  const { console } = context;
  let since = performance.now();
  return {
    ...context.job("Train"),
    out: flags.out,
    command: typedCommand(),
    seed: context.seed,
    budget,
    ...(flags.name ? { name: checkedName(flags.name) } : {}),
    ...(flags.licence ? { licence: flags.licence } : {}),
    ...(flags.learningRate
      ? { learningRate: decimalNumber(flags.learningRate, "--learning-rate", 1e-9, 10) }
      : {}),
    ...(flags.validation ? { validation: heldOut(flags.validation) } : {}),
    ...(flags.folds ? { folds: wholeNumber(flags.folds, "--folds", 2, 1000) } : {}),
    ...(flags.fold ? { fold: wholeNumber(flags.fold, "--fold", 0, 999) } : {}),
    ...(flags.cases ? { cases: wholeNumber(flags.cases, "--cases", 1, 1_000_000) } : {}),
    ...(flags.half ? { half: true } : {}),
    ...(flags.resume ? { resume: true } : {}),
    ...(flags.force ? { force: true } : {}),
    onPlan: (title, { input, batch, cost }, { steps }) => {
      since = performance.now();
      console.note(
        `${title ? `${title}: ` : ""}${countOf(steps, "step")} of ${batch} ${batch === 1 ? "patch" : "patches"} of ${input.patch!.join(" x ")} voxels, ${(cost.parameters / 1e6).toPrecision(2)} M parameters`,
      );
    },
    onValidation: (title, { step, mean, cases }) => {
      const now = performance.now();
      console.step(
        "Validate",
        `${title ? `${title}, ` : ""}step ${step}: Dice ${mean?.toFixed(3) ?? "–"} on ${countOf(cases.length, "held-out case")}`,
        (now - since) / 1000,
      );
      since = now;
    },
  };
}

/** A share, names with commas, or a file with a name a line. */
function heldOut(text: string): number | string[] {
  const share = Number(text);
  if (Number.isFinite(share)) return share;
  const names = existsSync(text) ? readFileSync(text, "utf8").split(/[\s,]+/) : text.split(",");
  const given = names.map((name) => name.trim()).filter((name) => name !== "");
  if (given.length === 0) throw usageError(`--validation "${text}" names no case.`);
  return given;
}

function checkedName(name: string): string {
  if (/^[a-z0-9][a-z0-9_.-]*$/i.test(name)) return name;
  throw usageError(
    `"${name}" cannot be a model's name.`,
    "Use letters, digits, _, - and . only, beginning with a letter or digit.",
  );
}

export const sizeOption = (text: string, option: string): Size3 =>
  threeNumbers(text, option, (part) => wholeNumber(part, option, 4, 1024));

export const spacingOption = (text: string, option: string): Vec3 =>
  threeNumbers(text, option, (part) => decimalNumber(part, option, 0.01, 100));

/** One of the words an option takes. Throws `usage` that lists them. */
export function choiceOption<T extends string>(text: string, option: string, words: readonly T[]): T {
  const found = words.find((word) => word === text.toLowerCase());
  if (found) return found;
  throw usageError(`${option} takes one of ${words.join(", ")}, not "${text}".`);
}

export const AUGMENTATIONS: readonly AugmentationPreset[] = ["none", "light", "nnunet", "strong"];

/** What came out, for people and for programs. */
export function printTrained(
  { console }: CommandContext,
  { folder, description, scores, crossValidation, fold, steps, warnings }: TrainedModel,
  seconds: number,
): void {
  const shown = crossValidation?.scores ?? scores;
  console.text("");
  if (shown) {
    const text = (value: number | null | undefined) => (typeof value === "number" ? value.toFixed(3) : "–");
    console.table(
      ["Structure", "Mean Dice", "Lowest", "Highest", "Cases"],
      description.labels.map(({ name }, i) => {
        const values = shown.cases.flatMap(({ dice }) => dice[i] ?? []).sort((a, b) => a - b);
        return [name, text(meanOf(values)), text(values[0]), text(values.at(-1)), String(values.length)];
      }),
    );
    console.text("");
  }
  const who = crossValidation
    ? `, ${crossValidation.folds}-fold cross-validation over ${countOf(crossValidation.scores.cases.length, "case")}`
    : `, ${countOf(scores?.cases.length ?? 0, "held-out case")}`;
  console.facts([
    ["Model", folder],
    [
      "Dice",
      shown
        ? `${shown.mean?.toFixed(3) ?? "–"} mean of the structures${who}`
        : "not measured: no case was held out",
    ],
    [
      "Trained",
      `${countOf(steps, "step")} on ${countOf(fold.training.length, "case")} in ${duration(seconds)}`,
    ],
    [
      "Licence",
      `${description.licence}${description.commercialUse ? "" : " (not known to allow commercial use)"}`,
    ],
    ["Try it", `viscera segment SCAN --model ${folder} --out labels.nii.gz`],
  ]);
  console.result({ model: folder, description, scores, crossValidation, fold, steps, seconds, warnings });
}
