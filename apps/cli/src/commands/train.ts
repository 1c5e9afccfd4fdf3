import type { PlanOptions } from "@viscera/segment";
import { type OptimiserName, readDataset, trainModel } from "@viscera/segment/node";
import type { Command } from "commander";
import { wholeNumber } from "../terminal/context.js";
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

interface TrainFlags extends TrainingFlags {
  architecture?: string;
  features?: string;
  optimiser?: string;
}

const OPTIMISERS: readonly OptimiserName[] = ["adamw", "sgd"];

export function addTrain(program: Command, signal: AbortSignal): void {
  const command = program
    .command("train <dataset>")
    .description(
      "a network of your own from labelled scans: a folder or dataset.json of nnU-Net, MONAI or the Decathlon",
    )
    .requiredOption("--out <model>", "folder for the model; a stopped training goes on in it")
    .option("--architecture <kind>", "PlainConvUNet, ResidualEncoderUNet, UNet or SegResNet")
    .option("--features <n>", "features of the first stage")
    .option("--optimiser <kind>", "adamw or sgd (default: adamw)");
  withTrainingOptions(command);
  withExamples(withCommonOptions(command), [
    "viscera train Dataset004_Hippocampus --out hippocampus",
    "viscera train dataset.json --minutes 60 --validation 0.2 --out liver",
    "viscera train dataset.json --folds 5 --steps 2000 --out liver",
  ]);
  bind<TrainFlags>(command, signal, async (context, [path = ""], flags) => {
    const started = performance.now();
    const options = {
      ...trainingOptions(flags, context),
      plan: planOptions(flags),
      ...(flags.optimiser ? { optimiser: choiceOption(flags.optimiser, "--optimiser", OPTIMISERS) } : {}),
    };
    const dataset = await readDataset(path, { ...context.job("Data"), leastCases: 1 });
    const trained = await trainModel(dataset, options);
    for (const warning of trained.warnings) context.console.warning(warning);
    printTrained(context, trained, (performance.now() - started) / 1000);
  });
}

function planOptions(flags: TrainFlags): PlanOptions {
  return {
    ...(flags.patch ? { patch: sizeOption(flags.patch, "--patch") } : {}),
    ...(flags.spacing ? { spacingMm: spacingOption(flags.spacing, "--spacing") } : {}),
    ...(flags.batch ? { batch: wholeNumber(flags.batch, "--batch", 1, 256) } : {}),
    ...(flags.architecture ? { architecture: flags.architecture } : {}),
    ...(flags.features ? { baseFeatures: wholeNumber(flags.features, "--features", 1, 512) } : {}),
    ...(flags.augmentation
      ? { augmentation: choiceOption(flags.augmentation, "--augmentation", AUGMENTATIONS) }
      : {}),
  };
}
