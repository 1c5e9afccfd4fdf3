import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { inputError } from "@viscera/core";
import { WRITABLE_EXTENSIONS } from "@viscera/scan";
import { readScan, writeVolume } from "@viscera/scan/node";
import { segmentVolume } from "@viscera/segment";
import { openModel, segmentFolder } from "@viscera/segment/node";
import type { Command } from "commander";
import { countOf } from "../terminal/console.js";
import { checkOutputImage } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface SegmentOptions {
  model: string;
  out: string;
  mirror?: boolean;
  force?: boolean;
}

export function addSegment(program: Command, signal: AbortSignal): void {
  const command = program
    .command("segment <scan>")
    .description("labels from a network, on the scan's own grid; a folder of scans gives a folder of labels")
    .requiredOption(
      "--model <model>",
      "a model folder, a TF.js layers folder, an .onnx file or a stored name",
    )
    .requiredOption("--out <labels>", "label image (or folder, for a folder of scans)")
    .option("--mirror", "average over mirrored copies (slower, often a little better)")
    .option("--force", "replace existing labels");
  withExamples(withCommonOptions(command), [
    "viscera segment t1.nii.gz --model brainchop/model18cls --out labels.nii.gz",
    "viscera segment scans/ --model hippocampus-mr --out labels/",
  ]);
  bind<SegmentOptions>(command, signal, async (context, [path = ""], options) => {
    const model = await openModel(options.model);
    for (const warning of model.warnings) context.console.warning(warning);
    const mirror = options.mirror === undefined ? {} : { mirror: options.mirror };
    // Labels in one file are those of one scan, such as a DICOM folder with an image beside the slices.
    if (!isImageName(options.out) && (await isFolderOfScans(path))) {
      const result = await segmentFolder(path, options.out, model, { ...context.job("Segment"), ...mirror });
      for (const { scan, message } of result.failed) context.console.warning(`${scan}: ${message}`);
      const counts = `${result.finished.length} segmented, ${result.skipped.length} done before, ${result.failed.length} failed`;
      context.console.text(`${counts}.`);
      context.console.result({ out: options.out, ...result });
      if (result.failed.length > 0) process.exitCode = 3;
      return;
    }
    const scan = await readScan(path, context.job("Scan"));
    await checkOutputImage(options.out, options.force === true);
    if (scan.colour)
      throw inputError(
        "colour",
        "The scan is a colour image; networks here take scalar images.",
        "Give a scan of one value a voxel.",
      );
    for (const warning of scan.warnings) context.console.warning(warning);
    const started = performance.now();
    const { labels, confidence, warnings } = await segmentVolume(scan.volume, model, {
      ...context.job("Segment"),
      ...mirror,
    });
    for (const warning of warnings) context.console.warning(warning);
    await writeVolume(options.out, labels);
    context.console.step(
      "Segment",
      `${countOf(labels.labels.length, "structure")} by ${model.description.name} ${model.description.version}`,
      (performance.now() - started) / 1000,
    );
    context.console.result({
      out: options.out,
      labels: labels.labels.map((label) => ({ ...label, confidence: confidence.get(label.id) ?? null })),
      warnings,
    });
  });
}

/** True for a folder of image files; a folder of DICOM slices is one scan. */
async function isFolderOfScans(path: string): Promise<boolean> {
  if (!existsSync(path) || !statSync(path).isDirectory()) return false;
  const names = await readdir(path);
  return names.some((name) => /\.(nii|nii\.gz|nrrd|nhdr|mha|mhd|hdr)$/i.test(name));
}

const isImageName = (path: string) =>
  WRITABLE_EXTENSIONS.some((ending) => path.toLowerCase().endsWith(ending));
