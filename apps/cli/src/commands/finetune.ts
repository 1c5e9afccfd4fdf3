import type { FinetuneMode } from "@viscera/segment";
import { finetuneModel, readDataset, readLearntNetwork } from "@viscera/segment/node";
import type { Command } from "commander";
import { decimalNumber, wholeNumber } from "../terminal/context.js";
import {
  AUGMENTATIONS,
  choiceOption,
  printTrained,
  sizeOption,
  spacingOption,
  type TrainingFlags,
  trainingOptions,
  withTrainingOptions,
} from "./training-options.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface FinetuneFlags extends TrainingFlags {
  from: string;
  mode?: string;
  rank?: string;
  decay?: string;
}

const MODES: readonly FinetuneMode[] = ["full", "decoder", "adapter"];

export function addFinetune(program: Command, signal: AbortSignal): void {
  const command = program
    .command("finetune <dataset>")
    .description("a model for labels of your own, begun from one that has learnt already")
    .requiredOption(
      "--from <model>",
      "a model trained here, an nnU-Net folder, a MONAI bundle or a stored name",
    )
    .requiredOption("--out <model>", "folder for the model; a stopped training goes on in it")
    .option("--mode <mode>", "what learns: full, decoder, or adapter (low rank) (default: full)")
    .option("--rank <n>", "rank of the adapters (default: 8)")
    .option("--decay <f>", "factor of the learning rate from stage to stage, away from the output");
  withTrainingOptions(command, "by the number of cases: few steps for up to 10, else 60");
  withExamples(withCommonOptions(command), [
    "viscera finetune few-cases/dataset.json --from torso --out parotids",
    "viscera finetune Dataset007_Pancreas --from nnunet/Dataset017 --mode adapter --minutes 30 --out pancreas",
  ]);
  bind<FinetuneFlags>(command, signal, async (context, [path = ""], flags) => {
    const started = performance.now();
    const { budget, ...common } = trainingOptions(flags, context);
    const given = flags.minutes !== undefined || flags.steps !== undefined;
    const options = {
      ...common,
      ...(given && budget ? { budget } : {}),
      ...(flags.mode ? { mode: choiceOption(flags.mode, "--mode", MODES) } : {}),
      ...(flags.rank ? { rank: wholeNumber(flags.rank, "--rank", 1, 1024) } : {}),
      ...(flags.decay ? { decay: decimalNumber(flags.decay, "--decay", 0.01, 1) } : {}),
      ...(flags.patch ? { patch: sizeOption(flags.patch, "--patch") } : {}),
      ...(flags.spacing ? { spacingMm: spacingOption(flags.spacing, "--spacing") } : {}),
      ...(flags.batch ? { batch: wholeNumber(flags.batch, "--batch", 1, 256) } : {}),
      ...(flags.augmentation
        ? { augmentation: choiceOption(flags.augmentation, "--augmentation", AUGMENTATIONS) }
        : {}),
    };
    const base = await readLearntNetwork(flags.from);
    const { name, licence, commercialUse } = base.description;
    if (!commercialUse) {
      context.console.warning(
        `The model "${name}" is not known to allow commercial use (licence: ${licence}).`,
      );
    }
    const dataset = await readDataset(path, { ...context.job("Data"), leastCases: 1 });
    const trained = await finetuneModel(base, dataset, options);
    for (const warning of trained.warnings) context.console.warning(warning);
    printTrained(context, trained, (performance.now() - started) / 1000);
  });
}
