import { inputError, type VoxelArray } from "@viscera/core";
import { openDetachedVoxels } from "../image/detached-voxels.js";
import { checkAffine, sizeOf } from "../image/geometry.js";
import type { ColourData, ImageFile } from "../image/image.js";
import { readVoxels, type VoxelFile } from "../image/read-voxels.js";
import type { FileSource, ReadImageOptions } from "../image/source.js";
import { luminance } from "../image/values.js";
import { type MetaHeader, metaAffine, metaFlag, metaNumbers, metaType, parseMetaHeader } from "./header.js";

/** Reads a MetaImage, `file` being the header's file at its start: .mha, or .mhd with its voxels beside. */
export async function readMetaImage(
  file: VoxelFile,
  source: FileSource,
  options: ReadImageOptions,
): Promise<ImageFile> {
  const { name } = file;
  const header = await parseMetaHeader(file.reader, name);
  const sizes = metaNumbers(header, "dimsize") ?? [];
  const rank = Number(header.get("ndims") ?? sizes.length);
  if (rank !== sizes.length || rank > 16) {
    throw inputError(
      "size",
      `${name} has no usable size in its header (NDims ${rank}, DimSize ${header.get("dimsize") ?? "missing"}).`,
      "The header is damaged: export the image again from where it came from.",
    );
  }
  const size = sizeOf(sizes, name);
  const affine = checkAffine(metaAffine(header, rank, name), name);
  const type = metaType(header, name);
  const channels = Number(header.get("elementnumberofchannels") ?? 1);
  if (channels !== 1 && !(type === "uint8" && (channels === 3 || channels === 4))) {
    throw inputError(
      "4d",
      `${name} has ${channels} values in each voxel (${sizes.join("x")}); a single 3D image is needed.`,
      "Take one component out of it and save that as a 3D file.",
    );
  }
  const warnings: string[] = [];
  const voxels = await openVoxels(file, header, source);
  let data: VoxelArray;
  try {
    data = await readVoxels(
      voxels,
      {
        type,
        encoding: encodingOf(header),
        littleEndian: !metaFlag(header, "elementbyteordermsb", "binarydatabyteordermsb"),
        count: size[0] * size[1] * size[2] * channels,
        skipBytes: headerSize(header, voxels, name),
      },
      options,
      warnings,
    );
  } finally {
    await voxels.reader.close();
  }
  let colour: ColourData | null = null;
  if (channels > 1) {
    colour = { channels, data: data as Uint8Array };
    data = luminance(colour.data, channels);
  }
  const modality = /^MET_MOD_(CT|MR|US)$/.exec(header.get("modality") ?? "")?.[1] ?? null;
  const unit = modality === "CT" ? "HU" : null;
  return { format: "metaimage", volume: { size, affine, data, modality, unit }, colour, names: [], warnings };
}

function encodingOf(header: MetaHeader): "ascii" | "deflate" | "raw" {
  if (header.has("binarydata") && !metaFlag(header, "binarydata")) return "ascii";
  return metaFlag(header, "compresseddata") ? "deflate" : "raw";
}

/** HeaderSize counts bytes to skip in a file of voxels; -1 means that the voxels are its last bytes. */
function headerSize(header: MetaHeader, voxels: VoxelFile, name: string): number | "end" {
  const skip = Number(header.get("headersize") ?? 0);
  if (voxels.name === name) return 0;
  if (skip === -1) return "end";
  if (!Number.isInteger(skip) || skip < 0) {
    throw inputError("corrupt", `${name} has an unusable HeaderSize.`);
  }
  return skip;
}

async function openVoxels(file: VoxelFile, header: MetaHeader, source: FileSource): Promise<VoxelFile> {
  const data = header.get("elementdatafile")!;
  if (/^local$/i.test(data)) return file;
  await file.reader.close();
  return openDetachedVoxels(data, source, ".mha");
}
