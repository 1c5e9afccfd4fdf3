/** Label images as they are read for training: they may be empty, and carry no names. */
import type { Grid, JobOptions, LabelArray } from "@viscera/core";
import { labelsFromImage, readImage, webDecompress } from "@viscera/scan";
import { fileSource } from "@viscera/scan/node";

export async function readLabelImage(
  path: string,
  { signal }: JobOptions = {},
): Promise<Grid & { data: LabelArray }> {
  const source = await fileSource(path);
  const image = await readImage(source, { decompress: webDecompress, ...(signal ? { signal } : {}) });
  return labelsFromImage(image, path, { mayBeEmpty: true }).labels;
}

/** Values that occur, ascending. */
export function valuesOf(data: LabelArray): number[] {
  if (data instanceof Uint32Array) return [...new Set(data)].sort((a, b) => a - b);
  const seen = new Uint8Array(data instanceof Uint8Array ? 256 : 65536);
  for (let i = 0; i < data.length; i++) seen[data[i]!] = 1;
  return [...seen.keys()].filter((value) => seen[value] === 1);
}
