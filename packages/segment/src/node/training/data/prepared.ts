/** Prepared cases on disk: one folder, and for each case raw arrays and a record that says what they hold. */
import { closeSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { failedError, type Size3, voxelCount } from "@viscera/core";
import type { NetworkImage } from "../../../image.js";
import type { Box, CaseReader, PreparedCase, TrainingDataset } from "../../../training/data/index.js";

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

/**
 * The values of a box of `channels` volumes, x fastest, read row by row or slice by slice: what stays in memory
 * of the files is up to the system's file cache.
 */
function readBox<T extends Float32Array | Uint8Array | Uint16Array>(
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

/** Reads prepared cases of a folder. */
export function caseReader(folder: string): CaseReader {
  return {
    image: ({ id, size, channels }, box) => {
      const out = new Float32Array(voxelCount(box.size) * channels);
      return readBox(preparedPaths(folder, id).image, size, box, out, channels);
    },
    labels: ({ id, size, labelBytes }, box) => {
      const count = voxelCount(box.size);
      const out = labelBytes === 1 ? new Uint8Array(count) : new Uint16Array(count);
      return readBox(preparedPaths(folder, id).labels, size, box, out);
    },
    voxel: ({ id }, listed) => {
      const path = preparedPaths(folder, id).voxels;
      const file = openFile(path);
      try {
        const value = new Uint32Array(1);
        if (readSync(file, new Uint8Array(value.buffer), 0, 4, 4 * listed) !== 4) throw brokenFile(path);
        return value[0]!;
      } finally {
        closeSync(file);
      }
    },
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch {
    throw brokenFile(path);
  }
}
