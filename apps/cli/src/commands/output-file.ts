import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { usageError, VisceraError } from "@viscera/core";
import { WRITABLE_EXTENSIONS } from "@viscera/scan";

/**
 * Makes sure, before any work is done, that an image can be written to a path. Throws `usage` for an unknown
 * ending, a missing folder or, unless `force`, a file that is there; `failed.permission`.
 */
export async function checkOutputImage(path: string, force: boolean): Promise<void> {
  const lower = basename(path).toLowerCase();
  const extension = WRITABLE_EXTENSIONS.find((ending) => lower.endsWith(ending) && lower !== ending);
  if (!extension) {
    throw usageError(
      `"${path}" has an ending that no writable image format has.`,
      `End the name in ${WRITABLE_EXTENSIONS.join(", ")}.`,
    );
  }
  // A .mhd keeps its voxels in a file beside it.
  const name = basename(path).slice(0, -extension.length);
  const files = extension === ".mhd" ? [path, join(dirname(path), `${name}.raw`)] : [path];
  for (const file of files) {
    const info = await stat(file).catch(() => null);
    if (info?.isDirectory()) throw usageError(`"${file}" is a folder.`, "Give the name of a file.");
    if (info && !force)
      throw usageError(`"${file}" exists.`, "Choose another name, or replace it with --force.");
  }
  await checkFolder(dirname(path));
}

async function checkFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!isFolder) throw usageError(`There is no folder "${folder}".`, "Make it first, or check the spelling.");
  await access(folder, constants.W_OK).catch(() => {
    throw new VisceraError(
      "failed.permission",
      `There is no permission to write into "${folder}".`,
      "Choose another place, or change the folder's permissions.",
    );
  });
}

/** The same for the table and the page of one command, of which the page may be left out. */
export async function checkResultFiles(
  { out, report }: { out: string; report?: string },
  force: boolean,
): Promise<void> {
  await checkOutputFile(out, force);
  if (report === undefined) return;
  if (resolve(report) === resolve(out))
    throw usageError(
      "--out and --report name the same file.",
      "Give the page another name, e.g. report.html.",
    );
  await checkOutputFile(report, force);
}

/** The same for a file of any ending. */
export async function checkOutputFile(path: string, force: boolean): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info?.isDirectory()) throw usageError(`"${path}" is a folder.`, "Give the name of a file.");
  if (info && !force)
    throw usageError(`"${path}" exists.`, "Choose another name, or replace it with --force.");
  await checkFolder(dirname(path));
}
