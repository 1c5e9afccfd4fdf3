import { mkdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { inputError, type Label, throwIfCancelled, usageError, VisceraError } from "@viscera/core";
import { writeVolume, writeWhole } from "@viscera/scan/node";
import type { LoadedModel } from "../model.js";
import { type ConfidenceKind, type SegmentOptions, segmentVolume } from "../segment-volume.js";
import { readImages } from "./read-images.js";
import { type ScanInFolder, scansInFolder } from "./scans-in-folder.js";

/** What became of one scan of a folder. */
export interface FolderEntry {
  scan: string;
  output: string;
  labels: Label[];
  /** By label id. */
  confidence: Record<string, number>;
  /** Absent in records of earlier versions: mean probability. */
  confidenceIs?: ConfidenceKind;
  warnings: string[];
}

interface FolderRecord {
  schema: 1;
  /** `name@version sha256` of the model, and what was chosen besides. */
  model: string;
  scans: FolderEntry[];
}

/** In the folder of labels: which scan each file is of, its structures, confidence and warnings. */
export const FOLDER_RECORD = "segmentation.json";

export interface FolderResult {
  finished: FolderEntry[];
  /** Finished by an earlier run with the same model; left as they were. */
  skipped: FolderEntry[];
  failed: { scan: string; code: string; message: string; hint: string }[];
}

/**
 * Segments every scan of a folder into a folder of label maps of the same names (of the cases, where channels are
 * files as nnU-Net names them). A scan that fails is
 * reported and the rest go on; scans that an earlier run finished with the same model, and that have not
 * changed since, are skipped. A label file that this did not write is never replaced.
 * Throws `usage` for an unusable folder, `cancelled`; progress counts scans.
 */
export async function segmentFolder(
  input: string,
  output: string,
  model: LoadedModel,
  options: SegmentOptions = {},
): Promise<FolderResult> {
  if (resolve(input) === resolve(output)) {
    throw usageError("The labels would replace the scans.", "Give another folder for the labels.");
  }
  const scans = await scansInFolder(input, model.channels);
  if (scans.length === 0) throw usageError(`The folder ${input} holds no scans.`);
  await mkdir(output, { recursive: true });
  const { name, version, sha256 } = model.description;
  const { mirror, stepSize } = options;
  const way = `${mirror === undefined ? "" : ` mirror ${mirror}`}${stepSize === undefined ? "" : ` step ${stepSize}`}`;
  const identity = `${name}@${version} ${sha256}${way}`;
  const record = await readRecord(output);
  const finishedBefore = record?.model === identity ? record.scans : [];
  const ours = new Set(record?.scans.map((entry) => entry.output) ?? []);
  const result: FolderResult = { finished: [], skipped: [], failed: [] };
  const taken = new Map<string, string>();
  for (const [index, scan] of scans.entries()) {
    throwIfCancelled(options.signal);
    const { onProgress } = options;
    onProgress?.({ stage: scan.name, done: index, total: scans.length });
    try {
      const other = taken.get(scan.output);
      if (other !== undefined) {
        throw inputError(
          "name",
          `${scan.name} and ${other} would both become ${scan.output}.`,
          "Rename one of them.",
        );
      }
      taken.set(scan.output, scan.name);
      const before = finishedBefore.find((entry) => entry.scan === scan.name);
      if (before && (await isCurrent(scan, output))) {
        result.skipped.push(before);
        continue;
      }
      if (!ours.has(scan.output) && (await stat(join(output, scan.output)).catch(() => null))) {
        throw inputError(
          "exists",
          `${join(output, scan.output)} exists already and is not from this command.`,
          "Move it away, or give another folder.",
        );
      }
      const entry = await segmentOne(scan, output, model, {
        ...options,
        ...(onProgress && {
          onProgress: ({ stage, done, total }) =>
            onProgress({
              stage: `${scan.name}: ${stage}`,
              done: index + (stage === "windows" && total > 0 ? done / total : 0),
              total: scans.length,
            }),
        }),
      });
      result.finished.push(entry);
      await writeRecord(output, identity, [...result.skipped, ...result.finished], finishedBefore);
    } catch (error) {
      if (!(error instanceof VisceraError)) throw error;
      if (error.code === "cancelled") throw error;
      const { code, message, hint } = error;
      result.failed.push({ scan: scan.name, code, message, hint });
    }
  }
  options.onProgress?.({ stage: "scans", done: scans.length, total: scans.length });
  return result;
}

async function segmentOne(
  scan: ScanInFolder,
  output: string,
  model: LoadedModel,
  options: SegmentOptions,
): Promise<FolderEntry> {
  const read = await readImages(scan.paths, options.signal ? { signal: options.signal } : {});
  const found = await segmentVolume(read.volumes, model, options);
  const { labels, confidence, confidenceIs, warnings } = found;
  await writeVolume(join(output, scan.output), labels);
  return {
    scan: scan.name,
    output: scan.output,
    labels: labels.labels,
    confidence: Object.fromEntries(confidence),
    confidenceIs,
    warnings: [...read.warnings, ...warnings],
  };
}

/** True when the labels exist and are not older than the scan. */
async function isCurrent(scan: ScanInFolder, output: string): Promise<boolean> {
  const [labels, ...sources] = await Promise.all(
    [join(output, scan.output), ...scan.paths].map((path) => stat(path).catch(() => null)),
  );
  return !!labels && sources.every((source) => source !== null && labels.mtimeMs >= source.mtimeMs);
}

async function readRecord(output: string): Promise<FolderRecord | null> {
  const path = join(output, FOLDER_RECORD);
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const record = JSON.parse(text) as Partial<FolderRecord>;
    const entries = record.scans ?? [];
    const valid = entries.every(({ scan, output }) => typeof scan === "string" && typeof output === "string");
    if (record.schema === 1 && typeof record.model === "string" && valid) {
      return { schema: 1, model: record.model, scans: entries };
    }
  } catch {
    // Reported below with every other broken form.
  }
  throw inputError("record", `${path} is not the record of an earlier run.`, "Move it away and run again.");
}

/** Entries of this run replace those of earlier ones; entries of scans not reached yet stay. */
async function writeRecord(
  output: string,
  model: string,
  current: FolderEntry[],
  earlier: FolderEntry[],
): Promise<void> {
  const reached = new Set(current.map(({ scan }) => scan));
  const scans = [...current, ...earlier.filter(({ scan }) => !reached.has(scan))];
  scans.sort((a, b) => (a.scan < b.scan ? -1 : 1));
  const record: FolderRecord = { schema: 1, model, scans };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeWhole(join(output, FOLDER_RECORD), new TextEncoder().encode(text));
}
