import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { inputError, VisceraError } from "@viscera/core";
import type { FileSource } from "../image/source.js";
import { readingError, writingError } from "./file-errors.js";

/** Ending of an image file that is not DICOM. */
export const IMAGE_FILE = /\.(nii(\.gz)?|seg\.nrrd|nrrd|nhdr|mha|mhd|tiff?|hdr)$/i;

const CHUNK_BYTES = 1 << 20;

/** The bytes of a file, with errors for people. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES });
  } catch (error) {
    throw readingError(error, path);
  }
}

/**
 * A file on disk; `opened` is told the path of every file beside it that is used. Throws `input.not-found`,
 * `input.folder`, `input.permission`.
 */
export async function fileSource(path: string, opened?: (path: string) => void): Promise<FileSource> {
  const info = await stat(path).catch((error) => {
    throw readingError(error, path);
  });
  if (info.isDirectory()) {
    throw inputError("folder", `${path} is a folder, but a file is needed.`, "Name a file in it.");
  }
  if (!info.isFile()) throw inputError("format", `${path} is neither a file nor a folder.`);
  return {
    name: basename(path),
    size: info.size,
    stream: () => readChunks(path),
    sibling: (name) => siblingSource(dirname(path), name, opened),
  };
}

/** A file in the folder or below it; a header may not lead out of its folder. */
async function siblingSource(
  folder: string,
  name: string,
  opened?: (path: string) => void,
): Promise<FileSource | null> {
  const path = resolve(folder, name);
  if (isAbsolute(name) || relative(folder, path).startsWith("..") || name.includes("\0")) return null;
  const info = await stat(path).catch(() => null);
  if (!info?.isFile()) return null;
  opened?.(path);
  return fileSource(path, opened);
}

/** SHA-256 of a file's bytes, 64 hexadecimal digits. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of readChunks(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** SHA-256 of one file's bytes, or over the sorted hashes of several; each file counts once. */
export async function sha256Files(paths: readonly string[]): Promise<string> {
  const hashes: string[] = [];
  for (const path of new Set(paths.map((p) => resolve(p)))) hashes.push(await sha256File(path));
  if (hashes.length === 1) return hashes[0]!;
  return createHash("sha256").update(hashes.sort().join("\n")).digest("hex");
}

/**
 * Writes a file whole or not at all: beside its place first, then onto the disk, then renamed. A file that
 * stood there before stays until then. Throws `failed.disk-full`, `failed.permission`, `usage.folder`,
 * `usage.no-folder`, `failed.write`.
 */
export async function writeWhole(path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  const target = await writableTarget(path);
  const temporary = join(dirname(target), `.viscera-${randomBytes(6).toString("hex")}.part`);
  try {
    const file = await open(temporary, "wx");
    try {
      if (bytes instanceof Uint8Array) await writeAll(file, bytes);
      else for await (const chunk of bytes) await writeAll(file, chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writingError(error, path);
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Where a path leads in the end; refuses to replace anything but a file. */
async function writableTarget(path: string): Promise<string> {
  const info = await stat(path).catch(() => null);
  if (!info) return resolve(path);
  if (info.isDirectory()) {
    throw new VisceraError(
      "usage.folder",
      `${path} is a folder; a file cannot take its place.`,
      "Give a file name.",
    );
  }
  if (!info.isFile()) throw new VisceraError("usage.device", `${path} is no ordinary file.`);
  return realpath(path);
}
