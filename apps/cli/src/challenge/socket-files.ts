/** Files behind Grand Challenge's sockets. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { inputError, usageError } from "@viscera/core";
import { IMAGE_FILE } from "@viscera/scan/node";

/** Grand Challenge stores images as MetaImage or TIFF. */
const TIFF = /\.tiff?$/i;

/** Name of an image without its ending. */
export const imageStem = (name: string) => name.replace(IMAGE_FILE, "").replace(TIFF, "");

/** The one image in a socket's folder. Throws `input.socket` for none, several, and for TIFF, which is not read here. */
export async function onlyImage(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => null);
  if (names === null)
    throw inputError("socket", `There is no folder "${folder}".`, "The socket's relative path points there.");
  const images = names.filter((name) => IMAGE_FILE.test(name) || TIFF.test(name)).sort();
  if (images.length !== 1)
    throw inputError(
      "socket",
      `${folder} holds ${images.length === 0 ? "no image" : `${images.length} images (${images.join(", ")})`} where one is expected.`,
      "A socket's folder has one .mha file.",
    );
  if (TIFF.test(images[0]!))
    throw inputError(
      "format",
      `${join(folder, images[0]!)} is a TIFF, which cannot be read here.`,
      "Let the interface store a MetaImage (.mha).",
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
