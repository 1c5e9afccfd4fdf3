import { inputError } from "@viscera/core";
import { ByteReader } from "./byte-reader.js";
import type { VoxelFile } from "./read-voxels.js";
import type { FileSource } from "./source.js";

/**
 * The file `data` that a text header names for its voxels, opened. `ending` is the one-file form of the format.
 * Throws `input.format` for a list of files, `input.not-found`.
 */
export async function openDetachedVoxels(
  data: string,
  source: FileSource,
  ending: string,
): Promise<VoxelFile> {
  if (/^LIST\b/.test(data) || /%\d*d/.test(data)) {
    throw inputError(
      "format",
      `${source.name} spreads its voxels over several files, which cannot be read.`,
      `Save it as one ${ending} file.`,
    );
  }
  const voxels = await source.sibling(data);
  if (!voxels) {
    throw inputError(
      "not-found",
      `The voxels of ${source.name} are missing: there is no ${data} beside it.`,
      "Put that file into the same folder.",
    );
  }
  return {
    name: voxels.name,
    available: voxels.size,
    packed: false,
    reader: new ByteReader(voxels.stream()),
  };
}
