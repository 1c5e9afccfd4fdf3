import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { type Calibration, determinant, type LabelMap, usageError } from "@viscera/core";
import { displayName } from "@viscera/organ";
import { WRITABLE_EXTENSIONS } from "@viscera/scan";
import { IMAGE_FILE, writeVolume } from "@viscera/scan/node";
import { type ConfidenceKind, type LoadedModel, type SegmentOptions, segmentVolume } from "@viscera/segment";
import { readImages, segmentFolder } from "@viscera/segment/node";
import type { Command } from "commander";
import { checkLabels } from "../steps/check-labels.js";
import { warnOfLoss } from "../steps/warn-of-loss.js";
import { countOf } from "../terminal/console.js";
import { type CommandContext, decimalNumber } from "../terminal/context.js";
import { chooseModel, type ModelOptions, openNamedModel, withModelOptions } from "./choose-model.js";
import { checkOutputImage } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface Options extends ModelOptions {
  out: string;
  mirror?: boolean;
  stepSize?: string;
  uncertainty?: string;
  force?: boolean;
}

export function addSegment(program: Command, signal: AbortSignal): void {
  const command = program
    .command("segment <scan...>")
    .description(
      "labels from a network, on the scan's own grid; several scans are one patient's images in the model's order; a folder of scans gives a folder of labels",
    )
    .requiredOption("--out <labels>", "label image (or folder, for a folder of scans)");
  withModelOptions(command)
    .option(
      "--mirror",
      "average over mirrored copies: slower, often a little better (default of nnU-Net models)",
    )
    .option("--no-mirror", "see every window once")
    .option(
      "--step-size <share>",
      "how far windows are apart, as a share of a window: smaller is slower and smoother (default: the model's)",
    )
    .option("--uncertainty <file>", "also write how unsure the network is of each voxel, 0 to 100 %")
    .option("--force", "replace existing labels");
  withExamples(withCommonOptions(command), [
    "viscera segment ct.nii.gz --model totalsegmentator --task total_fast --out labels.nii.gz",
    "viscera segment t1.nii.gz t2.nii.gz --model Dataset042_BraTS --out labels.nii.gz",
    "viscera segment scans/ --model hippocampus-mr --out labels/",
  ]);
  bind<Options>(command, signal, segment);
}

async function segment(context: CommandContext, paths: string[], options: Options): Promise<void> {
  const way: SegmentOptions = {
    ...context.job("Segment"),
    ...(options.mirror === undefined ? {} : { mirror: options.mirror }),
    ...(options.stepSize === undefined
      ? {}
      : { stepSize: decimalNumber(options.stepSize, "--step-size", 0.05, 1) }),
  };
  // Labels in one file are those of one scan, such as a DICOM folder with an image beside the slices.
  const [first = ""] = paths;
  if (paths.length === 1 && !isImageName(options.out) && (await isFolderOfScans(first))) {
    if (options.model === undefined) throw usageError("A folder of scans needs --model.");
    if (options.uncertainty !== undefined) throw usageError("--uncertainty is for one scan.");
    const model = await openNamedModel({ ...options, model: options.model }, context);
    return folder(context, first, options.out, model, way);
  }
  const images = await readImages(paths, context.job("Scan"));
  await checkOutputImage(options.out, options.force === true);
  if (options.uncertainty !== undefined) {
    await checkOutputImage(options.uncertainty, options.force === true);
    way.uncertainty = true;
  }
  for (const warning of images.warnings) context.console.warning(warning);
  const { model, reason } = await chooseModel(images.volumes[0]!, options, context);
  for (const warning of model.warnings) context.console.warning(warning);
  const started = performance.now();
  const found = await segmentVolume(images.volumes, model, way);
  const { labels, confidence, confidenceIs, uncertainty, familiarity } = found;
  const warnings = [
    ...found.warnings,
    ...(await checkLabels(labels, images.volumes[0]!, context.job("Anatomy"))),
  ];
  for (const warning of warnings) context.console.warning(warning);
  warnOfLoss(options.out, labels, context);
  await writeVolume(options.out, labels);
  if (uncertainty && options.uncertainty !== undefined) await writeVolume(options.uncertainty, uncertainty);
  const { name, version } = model.description;
  const seconds = (performance.now() - started) / 1000;
  context.console.step(
    "Segment",
    `${countOf(labels.labels.length, "structure")} by ${name} ${version}`,
    seconds,
  );
  const structures = structuresOf(labels, confidence);
  printStructures(context, structures, confidenceIs, model.description.calibration);
  context.console.result({
    out: options.out,
    ...(uncertainty ? { uncertainty: options.uncertainty } : {}),
    model: `${name}@${version}`,
    ...(reason === null ? {} : { chosen: reason }),
    labels: structures,
    confidenceIs,
    ...(familiarity ? { familiarity } : {}),
    warnings,
  });
}

type Structure = LabelMap["labels"][number] & { volumeMl: number; confidence: number | null };

function structuresOf(
  { labels, data, affine }: LabelMap,
  confidence: ReadonlyMap<number, number>,
): Structure[] {
  const counts = new Map<number, number>();
  for (const id of data) counts.set(id, (counts.get(id) ?? 0) + 1);
  const voxelMl = Math.abs(determinant(affine)) / 1000;
  return labels.map((label) => ({
    ...label,
    volumeMl: (counts.get(label.id) ?? 0) * voxelMl,
    confidence: confidence.get(label.id) ?? null,
  }));
}

/** Below this a structure's labels are worth a look. */
const UNSURE = 0.6;

function printStructures(
  { console }: CommandContext,
  structures: readonly Structure[],
  confidenceIs: ConfidenceKind,
  calibration: Calibration | undefined,
): void {
  if (structures.length === 0) return;
  console.table(
    ["structure", "volume, mL", confidenceIs === "expected Dice" ? "expected Dice" : "confidence", ""],
    structures.map(({ name, volumeMl, confidence }) => [
      displayName(name),
      volumeMl < 10 ? volumeMl.toFixed(2) : volumeMl.toFixed(0),
      confidence === null ? "-" : `${Math.floor(100 * confidence)} %`,
      confidence !== null && confidence < UNSURE ? "unsure: look at it" : "",
    ]),
  );
  console.text(
    calibration
      ? `Expected Dice is what such a probability meant in ${countOf(calibration.cases, "held-out case")} (off by ${calibration.meanError.toFixed(2)} on average); it holds for scans like those. No medical device.`
      : "Confidence is the network's own mean probability; it can be sure and wrong. No medical device.",
  );
}

async function folder(
  context: CommandContext,
  path: string,
  out: string,
  model: LoadedModel,
  way: SegmentOptions,
): Promise<void> {
  for (const warning of model.warnings) context.console.warning(warning);
  const result = await segmentFolder(path, out, model, way);
  for (const { scan, message } of result.failed) context.console.warning(`${scan}: ${message}`);
  const counts = `${result.finished.length} segmented, ${result.skipped.length} done before, ${result.failed.length} failed`;
  context.console.text(`${counts}.`);
  context.console.result({ out, ...result });
  if (result.failed.length > 0) process.exitCode = 3;
}

/** True for a folder of image files; a folder of DICOM slices is one scan. */
async function isFolderOfScans(path: string): Promise<boolean> {
  if (!existsSync(path) || !statSync(path).isDirectory()) return false;
  const names = await readdir(path);
  return names.some((name) => IMAGE_FILE.test(name));
}

const isImageName = (path: string) =>
  WRITABLE_EXTENSIONS.some((ending) => path.toLowerCase().endsWith(ending));
