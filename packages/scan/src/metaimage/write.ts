import { flipRasLps, type LabelMap, spacingOf, type Volume } from "@viscera/core";
import type { ColourImage } from "../image/image.js";
import { bytesOf, voxelTypeOf } from "../image/voxel-type.js";
import type { EncodedFile } from "../image/write-image.js";

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int8: "MET_CHAR",
  uint8: "MET_UCHAR",
  int16: "MET_SHORT",
  uint16: "MET_USHORT",
  int32: "MET_INT",
  uint32: "MET_UINT",
  float32: "MET_FLOAT",
  float64: "MET_DOUBLE",
};

/** MetaImage without compression: .mha, or .mhd with the voxels in a .raw beside it. */
export function encodeMetaImage(name: string, image: Volume | LabelMap | ColourImage): EncodedFile[] {
  const m = flipRasLps(image.affine).map((v) => v + 0);
  const spacing = spacingOf(image.affine);
  const directions = [0, 1, 2].flatMap((axis) => [0, 1, 2].map((row) => m[4 * row + axis]! / spacing[axis]!));
  const detached = /\.mhd$/i.test(name);
  const voxelName = name.replace(/\.mhd$/i, ".raw");
  const lines = [
    "ObjectType = Image",
    "NDims = 3",
    "BinaryData = True",
    "BinaryDataByteOrderMSB = False",
    "CompressedData = False",
    `TransformMatrix = ${directions.join(" ")}`,
    `Offset = ${m[3]} ${m[7]} ${m[11]}`,
    "CenterOfRotation = 0 0 0",
    `ElementSpacing = ${spacing.join(" ")}`,
    `DimSize = ${image.size.join(" ")}`,
    ...("modality" in image && /^(CT|MR|US)$/.test(image.modality ?? "")
      ? [`Modality = MET_MOD_${image.modality}`]
      : []),
    ...("channels" in image ? [`ElementNumberOfChannels = ${image.channels}`] : []),
    `ElementType = ${TYPE_NAMES[voxelTypeOf(image.data)]}`,
    `ElementDataFile = ${detached ? voxelName : "LOCAL"}`,
  ];
  const header = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const voxels = bytesOf(image.data);
  if (!detached) return [{ name, parts: [{ gzip: false, bytes: [header, voxels] }] }];
  return [
    { name: voxelName, parts: [{ gzip: false, bytes: [voxels] }] },
    { name, parts: [{ gzip: false, bytes: [header] }] },
  ];
}
