/** Zip archives onto the disk, without letting them out of their folder or grow without bound. */
import { createReadStream, createWriteStream, readSync } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";
import { inputError, type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import { crc32, openZip, type ZipArchive, type ZipEntry } from "@viscera/nets";
import { weightsAlone } from "./formats/unknown-file.js";

const MOST_ENTRIES = 20_000;
const MOST_BYTES = 60e9;
/** Weights hardly shrink in an archive; text does, and is small. */
const LARGEST_RATIO = 20;
const SMALL_BYTES = 2e9;

/**
 * Unpacks into a folder, which is made. Throws `input.zip` for a damaged archive and `input.archive` for one with
 * links, paths out of the folder, or contents out of all proportion.
 */
export async function unpackZip(path: string, folder: string, options: JobOptions = {}): Promise<void> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const archive = openZip(
      {
        size,
        read(offset, length) {
          const bytes = new Uint8Array(length);
          for (let at = 0; at < length; ) {
            const count = readSync(handle.fd, bytes, at, length - at, offset + at);
            if (count === 0) throw inputError("zip", `${path} became shorter while it was read.`);
            at += count;
          }
          return bytes;
        },
      },
      path,
    );
    const entries = [...archive.entries.values()].filter(
      ({ name }) => !/(^|\/)(__MACOSX\/|\.DS_Store$)/.test(name),
    );
    checkEntries(entries, path, size);
    const total = entries.reduce((sum, entry) => sum + entry.size, 0);
    let done = 0;
    await mkdir(folder, { recursive: true });
    for (const entry of entries) {
      throwIfCancelled(options.signal);
      options.onProgress?.({ stage: "unpack", done, total });
      await unpackEntry(path, archive, entry, join(folder, ...entry.name.split("/")), options);
      done += entry.size;
    }
    options.onProgress?.({ stage: "unpack", done: total, total });
  } finally {
    await handle.close();
  }
}

function checkEntries(entries: readonly ZipEntry[], path: string, archiveBytes: number): void {
  const refuse = (why: string) =>
    inputError("archive", `${path} was refused: ${why}.`, "Take models from a source you trust.");
  if (entries.some(({ name }) => /^([^/]+\/)?data\.pkl$/.test(name))) throw weightsAlone(path);
  if (entries.length > MOST_ENTRIES) throw refuse(`it holds ${entries.length} files`);
  for (const { name, kind } of entries) {
    const parts = (kind === "folder" ? name.slice(0, -1) : name).split("/");
    const outside = parts.some((part) => part === "" || part === "." || part === "..");
    // Backslashes and colons lead out of the folder on Windows.
    if (outside || /[\\:\0]/.test(name)) throw refuse(`its entry "${name}" leads out of the folder`);
    if (kind === "link") throw refuse(`its entry "${name}" is a link`);
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST_BYTES || (total > SMALL_BYTES && total > LARGEST_RATIO * archiveBytes)) {
    throw refuse(`it would unpack to ${(total / 1e9).toFixed(1)} GB`);
  }
}

async function unpackEntry(
  path: string,
  archive: ZipArchive,
  entry: ZipEntry,
  target: string,
  options: JobOptions,
): Promise<void> {
  const broken = (why: string) =>
    inputError("zip", `The entry ${entry.name} of ${path} ${why}.`, "Copy or download the archive again.");
  try {
    await mkdir(entry.kind === "folder" ? target : dirname(target), { recursive: true });
  } catch (error) {
    if (standsInTheWay(error)) throw broken("stands where another does");
    throw error;
  }
  if (entry.kind === "folder") return;
  const { offset, length } = archive.locate(entry);
  let size = 0;
  let sum = 0;
  const check = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      size += chunk.length;
      sum = crc32(chunk, sum);
      next(size > entry.size ? broken("is larger than it claims") : null, chunk);
    },
  });
  // An empty range cannot be asked of a stream.
  const source = length === 0 ? [] : createReadStream(path, { start: offset, end: offset + length - 1 });
  const sink = createWriteStream(target, { flags: "wx" });
  const signal = options.signal ? { signal: options.signal } : {};
  try {
    if (entry.stored || length === 0) await pipeline(source, check, sink, signal);
    else await pipeline(source, createInflateRaw(), check, sink, signal);
  } catch (error) {
    throwIfCancelled(options.signal);
    if (error instanceof VisceraError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "EISDIR" || code === "ENOTDIR")
      throw broken("stands where another does");
    throw code?.startsWith("Z_") ? broken(`cannot be unpacked (${message})`) : error;
  }
  if (size !== entry.size || sum !== entry.crc32) throw broken("has the wrong checksum");
}

function standsInTheWay(error: unknown): boolean {
  return ["EEXIST", "EISDIR", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Whether a file begins as a zip archive does. */
export async function isZip(path: string): Promise<boolean> {
  if (!(await stat(path)).isFile()) return false;
  const handle = await open(path);
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(4), 0, 4, 0);
    return bytesRead === 4 && buffer[0] === 0x50 && buffer[1] === 0x4b && buffer[2]! <= 6;
  } finally {
    await handle.close();
  }
}
