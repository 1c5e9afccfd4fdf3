/** Prepared cases on disk: one folder, and for each case raw arrays and a record that says what they hold. */
import { closeSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Affine, failedError, type Size3, type Vec3, voxelCount } from "@viscera/core";
import type { NetworkImage } from "../../../image.js";
import type { SynthesisTable } from "../../../synthesis/index.js";
import type { TrainingDataset } from "../../../training/data/index.js";

/** Voxels of one class that patches may be cut around. */
export interface ClassVoxels {
  class: number;
  /** Voxels of the class in the case. */
  count: number;
  /** Where its listed voxels begin in the file of voxels, and how many they are. */
  from: number;
  listed: number;
}

export interface PreparedCase {
  id: string;
  size: Size3;
  affine: Affine;
  spacingMm: Vec3;
  /** 0 where images are made from the labels. */
  channels: number;
  /** Bytes of a label: 1, or 2 for label maps of many values that images are made from. */
  labelBytes: 1 | 2;
  voxels: ClassVoxels[];
  /** Known classes; null: all. */
  known: number[] | null;
  synthesis: SynthesisTable | null;
}

export interface PreparedDataset {
  folder: string;
  dataset: TrainingDataset;
  cases: PreparedCase[];
  warnings: string[];
}

export const preparedPaths = (folder: string, id: string) => ({
  /** float32, [channel, z, y, x]. */
  image: join(folder, `${id}.image.raw`),
  /** uint8 or uint16, [z, y, x]. */
  labels: join(folder, `${id}.labels.raw`),
  /** uint32 indices, the classes' lists one after the other. */
  voxels: join(folder, `${id}.voxels.raw`),
  record: join(folder, `${id}.json`),
});

/** A prepared case in full, as a model would see it. Throws `failed.prepared` where its files are not whole. */
export async function readPreparedCase(
  { folder, cases }: PreparedDataset,
  id: string,
): Promise<{ case: PreparedCase; image: NetworkImage | null; labels: Uint8Array | Uint16Array }> {
  const entry = cases.find((item) => item.id === id);
  if (!entry) throw failedError("prepared", `There is no prepared case "${id}" in ${folder}.`);
  const paths = preparedPaths(folder, id);
  const labels = await wholeFile(paths.labels, voxelCount(entry.size) * entry.labelBytes);
  const image =
    entry.channels === 0
      ? null
      : new Float32Array(await wholeFile(paths.image, 4 * voxelCount(entry.size) * entry.channels));
  return {
    case: entry,
    image: image && { size: entry.size, channels: entry.channels, data: image },
    labels: entry.labelBytes === 1 ? new Uint8Array(labels) : new Uint16Array(labels),
  };
}

async function wholeFile(path: string, bytes: number): Promise<ArrayBuffer> {
  const content = await readFile(path).catch(() => null);
  if (content?.length !== bytes) throw brokenFile(path);
  return content.buffer.slice(content.byteOffset, content.byteOffset + bytes) as ArrayBuffer;
}

const brokenFile = (path: string) =>
  failedError(
    "prepared",
    `The prepared file ${path} is missing or not whole.`,
    "Remove the folder of prepared data and run again.",
  );

/** A box of voxels within a case. */
export interface Box {
  start: Size3;
  size: Size3;
}

/**
 * The values of a box of `channels` volumes, x fastest, read row by row or slice by slice: what stays in memory
 * of the files is up to the system's file cache.
 */
export function readBox<T extends Float32Array | Uint8Array | Uint16Array>(
  path: string,
  whole: Size3,
  { start, size }: Box,
  out: T,
  channels = 1,
): T {
  const width = out.BYTES_PER_ELEMENT;
  const [nx, ny, nz] = whole;
  const file = openFile(path);
  try {
    // Rows of a slice lie together; what is not wanted of them is dropped while copying.
    const rows = out.constructor as new (length: number) => T;
    const strip = size[0] === nx ? null : new rows(nx * size[1]);
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < size[2]; k++) {
        const position = width * nx * (start[1] + ny * (start[2] + k + nz * c));
        const at = size[0] * size[1] * (k + size[2] * c);
        const target = strip ?? (out.subarray(at, at + nx * size[1]) as T);
        const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
        if (readSync(file, bytes, 0, bytes.length, position) !== bytes.length) throw brokenFile(path);
        if (!strip) continue;
        for (let j = 0; j < size[1]; j++) {
          const from = nx * j + start[0];
          out.set(strip.subarray(from, from + size[0]), at + size[0] * j);
        }
      }
    }
  } finally {
    closeSync(file);
  }
  return out;
}

/** One number of the list of voxels. */
export function readVoxel(path: string, index: number): number {
  const file = openFile(path);
  try {
    const value = new Uint32Array(1);
    if (readSync(file, new Uint8Array(value.buffer), 0, 4, 4 * index) !== 4) throw brokenFile(path);
    return value[0]!;
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch {
    throw brokenFile(path);
  }
}
