import { basename } from "node:path";
import { inputError, type JobOptions, type Volume } from "@viscera/core";
import { readScan } from "@viscera/scan/node";

/** The images of one patient that a model takes at once. */
export interface PatientImages {
  volumes: Volume[];
  warnings: string[];
}

/** Reads one scan a path. Throws `input.colour` and what `readScan` throws. */
export async function readImages(paths: readonly string[], options: JobOptions = {}): Promise<PatientImages> {
  const volumes: Volume[] = [];
  const warnings: string[] = [];
  for (const path of paths) {
    const read = await readScan(path, options);
    if (read.colour !== null) {
      throw inputError(
        "colour",
        `${basename(path)} is a colour image; networks here take scalar images.`,
        "Give a scan of one value a voxel.",
      );
    }
    volumes.push(read.volume);
    warnings.push(...read.warnings);
  }
  return { volumes, warnings };
}
