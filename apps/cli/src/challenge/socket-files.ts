/** Files behind Grand Challenge's sockets. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { inputError, usageError } from "@viscera/core";
import { IMAGE_FILE } from "@viscera/scan/node";

/** Name of an image without its ending. */
export const imageStem = (name: string) => name.replace(IMAGE_FILE, "");

/** Grand Challenge stores images as MetaImage or TIFF. */
const STORED_FORMAT = /\.(mha|tiff?)$/i;

/** The file of an output socket below the output folder: the path itself where it ends in .mha, .tif or .tiff. */
export const resultFile = (path: string) => (STORED_FORMAT.test(path) ? path : `${path}/output.mha`);

/** The one image in a socket's folder, or the file itself where the socket names one. Throws `input.socket`. */
export async function onlyImage(folder: string): Promise<string> {
  if (IMAGE_FILE.test(folder) && (await stat(folder).catch(() => null))?.isFile()) return folder;
  const names = await readdir(folder).catch(() => null);
  if (names === null)
    throw inputError("socket", `There is no folder "${folder}".`, "The socket's relative path points there.");
  const images = names.filter((name) => IMAGE_FILE.test(name)).sort();
  if (images.length !== 1)
    throw inputError(
      "socket",
      `${folder} holds ${images.length === 0 ? "no image" : `${images.length} images (${images.join(", ")})`} where one is expected.`,
      "A socket's folder has one .mha or .tif file.",
    );
  return join(folder, images[0]!);
}

/** Label images in a folder and below by their names without endings. Throws `usage` for two of one name. */
export async function imagesBelow(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => {
    throw usageError(`There is no folder "${folder}".`, "Give the truth's folder with --truth.");
  });
  const images = new Map<string, string>();
  for (const entry of entries.filter((one) => one.isFile() && IMAGE_FILE.test(one.name))) {
    const path = join(entry.parentPath, entry.name);
    const stem = imageStem(entry.name);
    if (images.has(stem))
      throw usageError(`There are two truths of the name ${stem}: ${images.get(stem)} and ${path}.`);
    images.set(stem, path);
  }
  return images;
}
