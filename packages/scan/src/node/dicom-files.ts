import { open, readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { throwIfCancelled } from "@viscera/core";
import { type DicomSource, looksLikeDicom } from "../dicom/index.js";
import { sniffFormat } from "../image/read-image.js";
import { readingError } from "./file-errors.js";

/** The first bytes of a file, enough to tell its format. */
export async function startOfFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const start = new Uint8Array(1024);
      const { bytesRead } = await file.read(start, 0, start.length, 0);
      return start.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readingError(error, path);
  }
}

/** True for a file that begins like DICOM and like no volume format. */
export async function isDicomFile(path: string): Promise<boolean> {
  const start = await startOfFile(path);
  return sniffFormat(start) === null && looksLikeDicom(start);
}

/** Paths of the DICOM files in a folder and all below it, sorted; links are followed, each folder once. */
export async function findDicomFiles(folder: string, signal?: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  const visited = new Set<string>();
  const walk = async (path: string): Promise<void> => {
    const real = await realpath(path);
    if (visited.has(real)) return;
    visited.add(real);
    for (const name of (await readdir(path)).sort((a, b) => (a < b ? -1 : 1))) {
      throwIfCancelled(signal);
      const entry = join(path, name);
      const info = await stat(entry).catch(() => null);
      if (info?.isDirectory()) await walk(entry);
      else if (info?.isFile() && (await isDicomFile(entry))) found.push(entry);
    }
  };
  try {
    await walk(folder);
  } catch (error) {
    throw readingError(error, folder);
  }
  return found;
}

/** A DICOM file that is read when it is needed. */
export function dicomSource(path: string): DicomSource {
  return {
    name: basename(path),
    read: () =>
      readFile(path).catch((error) => {
        throw readingError(error, path);
      }),
  };
}
