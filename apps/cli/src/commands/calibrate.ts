import { readDataset, relearnQuality } from "@viscera/segment/node";
import type { Command } from "commander";
import { countOf } from "../terminal/console.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

/** `viscera models calibrate`, for models trained before training did it itself. */
export function addCalibrate(models: Command, signal: AbortSignal): void {
  const command = models
    .command("calibrate <model> <dataset>")
    .description(
      "learn again, from the data a model was trained on, what its confidence means and which scans it knows",
    );
  withExamples(withCommonOptions(command), ["viscera models calibrate models/liver Task03_Liver"]);
  bind(command, signal, async (context, [folder = "", path = ""]) => {
    const started = performance.now();
    const dataset = await readDataset(path);
    for (const warning of dataset.warnings) context.console.warning(warning);
    const { calibration, outOfDistribution } = await relearnQuality(
      folder,
      dataset,
      context.job("Calibrate"),
    );
    context.console.step(
      "Calibrate",
      calibration
        ? `confidence is the Dice to expect, by ${countOf(calibration.cases, "held-out case")}, off by ${calibration.meanError.toFixed(3)} on average`
        : "too few held-out cases with images: confidence stays the mean probability",
      (performance.now() - started) / 1000,
    );
    context.console.text(
      outOfDistribution
        ? `Scans are compared with ${outOfDistribution.cases} of training; a distance above ${outOfDistribution.limit.toFixed(2)} is warned of.`
        : "Too few training scans: unfamiliar ones cannot be told.",
    );
    context.console.result({ model: folder, calibration, outOfDistribution });
  });
}
