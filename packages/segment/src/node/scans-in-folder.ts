import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { usageError } from "@viscera/core";

/** A scan in a folder of scans, and the name its labels get. */
export interface ScanInFolder {
  /** Name of the file or subfolder. */
  name: string;
  path: string;
  /** The scan's own name where its format can hold labels, else its stem and .nii.gz. */
  output: string;
}

const LABEL_FORMAT = /\.(nii|nii\.gz|nrrd|mha|mhd)$/i;
const OTHER_FORMAT = /\.(hdr|nhdr|dcm)$/i;
const NOT_A_SCAN = /\.seg\.nrrd$/i;

/**
 * Scans lying directly in a folder: image files, .dcm files, and subfolders (taken as a DICOM series each),
 * by name. Hidden entries are left out. Throws `usage` when the folder cannot be listed.
 */
export async function scansInFolder(folder: string): Promise<ScanInFolder[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw usageError(
      `The folder ${folder} cannot be listed (${(error as NodeJS.ErrnoException).code ?? "unknown reason"}).`,
      "Check the path and its permissions.",
    );
  });
  const scans: ScanInFolder[] = [];
  for (const entry of entries) {
    const { name } = entry;
    if (name.startsWith(".")) continue;
    const path = join(folder, name);
    if (entry.isDirectory()) scans.push({ name, path, output: `${name}.nii.gz` });
    else if (NOT_A_SCAN.test(name)) continue;
    else if (LABEL_FORMAT.test(name)) scans.push({ name, path, output: name });
    else if (OTHER_FORMAT.test(name)) {
      scans.push({ name, path, output: name.replace(OTHER_FORMAT, ".nii.gz") });
    }
  }
  return scans.sort((a, b) => (a.name < b.name ? -1 : 1));
}
