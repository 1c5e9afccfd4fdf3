/** Which network runs: the one asked for, or the stored one that fits the scan. */
import { usageError, type Volume } from "@viscera/core";
import { looksLikeCt } from "@viscera/scan";
import type { LoadedModel } from "@viscera/segment";
import { type FoldName, listModels, openModel } from "@viscera/segment/node";
import type { Command } from "commander";
import type { CommandContext } from "../terminal/context.js";

export interface ModelOptions {
  model?: string;
  task?: string;
  folds?: string;
}

export function withModelOptions(command: Command): Command {
  return command
    .option(
      "--model <model>",
      "a stored name or a path: model folder, nnU-Net folder, TotalSegmentator weights, TF.js folder, .onnx file (default: the stored model that fits the scan)",
    )
    .option(
      "--task <task>",
      "what to find, for weights of several tasks (TotalSegmentator: total, total_fast, total_mr, body, ...; nnU-Net: the configuration)",
    )
    .option("--folds <list>", "folds of an nnU-Net model to average, e.g. 0,1,2 (default: all there are)");
}

/** Opens the model asked for. Throws `usage` for folds that are none, and what `openModel` throws. */
export function openNamedModel(
  { model, task, folds }: ModelOptions & { model: string },
  context: CommandContext,
): Promise<LoadedModel> {
  return openModel(task === undefined ? model : `${model}:${task}`, {
    threads: context.threads,
    ...(folds === undefined ? {} : { folds: foldList(folds) }),
  });
}

function foldList(text: string): FoldName[] {
  return text.split(",").map((entry) => {
    const fold = entry.trim();
    if (fold === "all") return fold;
    if (/^\d{1,3}$/.test(fold)) return Number(fold);
    throw usageError(`--folds takes numbers separated by commas, or "all", not "${text}".`);
  });
}

/** The model asked for, or the one stored model for this kind of scan. Throws `usage` that says which exist. */
export async function chooseModel(
  scan: Volume,
  options: ModelOptions,
  context: CommandContext,
  others = "",
): Promise<LoadedModel> {
  if (options.model !== undefined) return openNamedModel({ ...options, model: options.model }, context);
  const modality = scan.modality ?? (looksLikeCt(scan) ? "CT" : null);
  const models = (await listModels()).filter((model) => model.description !== null);
  const fitting = models.filter(
    (model) => modality !== null && model.description!.input.modality.includes(modality),
  );
  if (fitting.length === 1) return openNamedModel({ ...options, model: fitting[0]!.name }, context);
  const known = models
    .map((model) => `${model.name} (${model.description!.input.modality.join(", ")})`)
    .join("; ");
  throw usageError(
    fitting.length > 1
      ? `${fitting.length} stored models fit this ${modality}.`
      : `No stored model fits this ${modality ?? "image of unknown modality"}.`,
    `Give ${others}a network with --model. ${known ? `Stored: ${known}.` : "None is stored: see `viscera models add`."}`,
  );
}
