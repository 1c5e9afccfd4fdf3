import { inputError, usageError } from "@viscera/core";
import { reorient } from "@viscera/scan";
import { readScan, writeVolume } from "@viscera/scan/node";
import type { Command } from "commander";
import { describeGrid } from "../steps/save-scan.js";
import { warnOfLoss } from "../steps/warn-of-loss.js";
import { checkOutputImage } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface ConvertOptions {
  orientation?: string;
  series?: string;
  allowGaps?: boolean;
  force?: boolean;
}

export function addConvert(program: Command, signal: AbortSignal): void {
  const command = program
    .command("convert <in> <out>")
    .description("change an image's format: to .nii, .nii.gz, .nrrd, .mha, .mhd or .tif, from those or DICOM")
    .option("--orientation <code>", "store the axes in this order, e.g. RAS")
    .option("--series <uid>", "which series of a DICOM folder")
    .option("--allow-gaps", "accept missing slices and interpolate over them")
    .option("--force", "replace an existing file");
  withExamples(withCommonOptions(command), [
    "viscera convert dicom-folder ct.nii.gz",
    "viscera convert t1.nii.gz t1.nrrd --orientation RAS",
  ]);
  bind<ConvertOptions>(command, signal, async (context, [from = "", to = ""], options) => {
    await checkOutputImage(to, options.force === true);
    const code = options.orientation?.toUpperCase();
    if (code !== undefined && !/^(?=.*[LR])(?=.*[AP])(?=.*[SI])[LRAPSI]{3}$/.test(code)) {
      throw usageError(
        `"${options.orientation}" is no axis code.`,
        "Write three letters, one each of R/L, A/P, S/I, e.g. RAS.",
      );
    }
    if (code !== undefined && code !== "LPS" && /\.tiff?$/i.test(to)) {
      throw usageError(
        `A TIFF's axes always run LPS, so they cannot be stored as ${code}.`,
        "Leave out --orientation, or end the name in .nii.gz, .nrrd or .mha.",
      );
    }
    const started = performance.now();
    const scan = await readScan(from, {
      ...context.job("Read"),
      ...(options.series === undefined ? {} : { series: options.series }),
      allowGaps: options.allowGaps === true,
    });
    for (const warning of scan.warnings) context.console.warning(warning);
    if (scan.colour) {
      if (code)
        throw inputError("colour", "A colour image cannot be reoriented.", "Leave out --orientation.");
      const { size, affine } = scan.volume;
      await writeVolume(to, { size, affine, ...scan.colour });
    } else {
      warnOfLoss(to, scan.volume, context);
      await writeVolume(to, code ? reorient(scan.volume, code) : scan.volume);
    }
    context.console.step(
      "Convert",
      `${describeGrid(scan.volume)}${scan.colour ? ", colour" : ""}`,
      (performance.now() - started) / 1000,
    );
    context.console.result({
      out: to,
      size: scan.volume.size,
      colour: scan.colour !== null,
      warnings: scan.warnings,
    });
  });
}
