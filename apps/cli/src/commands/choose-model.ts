/** Which network runs: the one asked for, or the one that fits the scan. */
import { usageError, type Volume } from "@viscera/core";
import { looksLikeCt } from "@viscera/scan";
import { type Familiarity, type LoadedModel, looksFamiliar, obstacleTo } from "@viscera/segment";
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

/** A model ready to run, and why it was taken where nobody asked for it by name. */
export interface ChosenModel {
  model: LoadedModel;
  reason: string | null;
}

/**
 * The model asked for, or the stored or shipped one that fits the scan: by its modality and size, and by how like its
 * training scans the network finds it. Throws `usage` that says what speaks against each.
 */
export async function chooseModel(
  scan: Volume,
  options: ModelOptions,
  context: CommandContext,
  others = "",
): Promise<ChosenModel> {
  if (options.model !== undefined) {
    return { model: await openNamedModel({ ...options, model: options.model }, context), reason: null };
  }
  const started = performance.now();
  const verdicts: string[] = [];
  const unjudged: string[] = [];
  let best: { name: string; model: LoadedModel; familiarity: Familiarity } | null = null;
  for (const { name, description } of await listModels()) {
    if (!description) continue;
    const obstacle = obstacleTo(scan, description);
    if (obstacle !== null) verdicts.push(`${name} ${obstacle}`);
    else if (!description.outOfDistribution) unjudged.push(name);
    else {
      const model = await openNamedModel({ ...options, model: name }, context);
      const familiarity = await lookOnce(scan, model, context);
      if (familiarity && familiarity.reasons.length === 0 && isNearer(familiarity, best?.familiarity)) {
        if (best) verdicts.push(`${best.name} ${verdictOn(best.familiarity)}`);
        await best?.model.dispose();
        best = { name, model, familiarity };
      } else {
        if (familiarity) verdicts.push(`${name} ${verdictOn(familiarity)}`);
        await model.dispose();
      }
    }
  }
  const kind = scan.modality ?? (looksLikeCt(scan) ? "CT" : "image of unknown modality");
  if (best) {
    const { distance, limit } = best.familiarity;
    const sure = distance < SURE * limit ? "it looks like those it has learnt from" : "a borderline case";
    const rest = verdicts.length > 0 ? `; ${verdicts.join("; ")}` : "";
    const reason = `${best.name} fits this ${kind}: ${sure} (distance ${distance.toFixed(2)}, usual up to ${limit.toFixed(2)})${rest}`;
    context.console.step("Model", reason, (performance.now() - started) / 1000);
    return { model: best.model, reason };
  }
  const [only] = unjudged;
  if (only !== undefined && unjudged.length === 1) {
    const reason = `${only} is the only stored model for this ${kind}; whether the scan is like those it has learnt from is not known`;
    context.console.step("Model", reason, (performance.now() - started) / 1000);
    return { model: await openNamedModel({ ...options, model: only }, context), reason };
  }
  const stored = [...verdicts, ...unjudged.map((name) => `${name} would do`)].join("; ");
  throw usageError(
    unjudged.length > 1
      ? `${unjudged.length} stored models fit this ${kind}.`
      : `No stored model fits this ${kind}.`,
    `Give ${others}a network with --model. ${stored ? `Stored: ${stored}.` : "None is stored: see `viscera models add`."}`,
  );
}

/** A distance below this share of the limit is an ordinary one. */
const SURE = 0.9;

const isNearer = (one: Familiarity, other: Familiarity | undefined) =>
  !other || one.distance / one.limit < other.distance / other.limit;

function verdictOn({ reasons, distance, limit }: Familiarity): string {
  if (reasons.length > 0) return `knows no such scans: ${reasons.join(", ")}`;
  return `fits less well (distance ${distance.toFixed(2)}, usual up to ${limit.toFixed(2)})`;
}

/** null for a model of several images, or one that cannot look. */
async function lookOnce(
  scan: Volume,
  model: LoadedModel,
  context: CommandContext,
): Promise<Familiarity | null> {
  if ("segment" in model || model.channels !== 1) return null;
  return looksFamiliar(scan, model, context.job("Model"));
}
