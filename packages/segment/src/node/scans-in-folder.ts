import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { usageError } from "@viscera/core";

/** A scan in a folder of scans, and the name its labels get. */
export interface ScanInFolder {
  /** Name of the file or subfolder; of the case, where channels are files of their own. */
  name: string;
  /** One path a channel. */
  paths: string[];
  /** The scan's own name where its format can hold labels, else its stem and .nii.gz. */
  output: string;
}

const LABEL_FORMAT = /\.(nii|nii\.gz|nrrd|mha|mhd|tiff?)$/i;
const OTHER_FORMAT = /\.(hdr|nhdr|dcm)$/i;
const NOT_A_SCAN = /\.seg\.nrrd$/i;

/** nnU-Net's name of a channel's file: the case, the channel, the ending. */
const CHANNEL = /^(.+)_(\d{4})(\.[a-z.]+)$/i;

/**
 * Scans lying directly in a folder: image files, .dcm files, and subfolders (taken as a DICOM series each),
 * by name. Hidden entries are left out. Files named as nnU-Net names them (case_0000.nii.gz, case_0001.nii.gz)
 * are the channels of a case, where the model takes several or every case has one. Throws `usage` when the
 * folder cannot be listed.
 */
export async function scansInFolder(folder: string, channels = 1): Promise<ScanInFolder[]> {
  const scans = await scanFiles(folder);
  const cases = new Map<string | null, ScanInFolder[]>();
  for (const scan of scans) {
    const name = CHANNEL.exec(scan.name)?.[1] ?? null;
    cases.set(name, [...(cases.get(name) ?? []), scan]);
  }
  const isFirst = ({ name }: ScanInFolder) => CHANNEL.exec(name)?.[2] === "0000";
  const named = !cases.has(null) && [...cases.values()].every((files) => files.some(isFirst));
  if (!named || (channels === 1 && scans.length > cases.size)) return scans;
  return [...cases].map(([name, files]) => {
    const ending = CHANNEL.exec(files[0]!.output)![3]!;
    return { name: name!, paths: files.flatMap(({ paths }) => paths), output: `${name}${ending}` };
  });
}

async function scanFiles(folder: string): Promise<ScanInFolder[]> {
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
    if (entry.isDirectory()) scans.push({ name, paths: [path], output: `${name}.nii.gz` });
    else if (NOT_A_SCAN.test(name)) continue;
    else if (LABEL_FORMAT.test(name)) scans.push({ name, paths: [path], output: name });
    else if (OTHER_FORMAT.test(name)) {
      scans.push({ name, paths: [path], output: name.replace(OTHER_FORMAT, ".nii.gz") });
    }
  }
  return scans.sort((a, b) => (a.name < b.name ? -1 : 1));
}
