/** Pieces of structures, as scipy.ndimage.label finds them: voxels that share faces. */
import type { LabelArray, Size3 } from "@viscera/core";
import { connectedComponents } from "@viscera/kernels";

async function piecesOf(labels: LabelArray, size: Size3, label: number) {
  const mask = Uint8Array.from(labels, (value) => (value === label ? 1 : 0));
  return connectedComponents(mask, size, 6);
}

/** Takes away all of a label but its largest piece, the first of equals; in place. */
export async function keepLargestPiece(labels: LabelArray, size: Size3, label: number): Promise<void> {
  const { components, voxels, count } = await piecesOf(labels, size, label);
  let largest = 1;
  for (let c = 2; c <= count; c++) if (voxels[c]! > voxels[largest]!) largest = c;
  for (let v = 0; v < labels.length; v++) if (components[v]! > 0 && components[v] !== largest) labels[v] = 0;
}

/** Takes away pieces of a label of at most `low` and of more than `high` voxels; in place. */
export async function removePieces(
  labels: LabelArray,
  size: Size3,
  label: number,
  { low, high = Number.POSITIVE_INFINITY }: { low: number; high?: number },
): Promise<void> {
  const { components, voxels } = await piecesOf(labels, size, label);
  for (let v = 0; v < labels.length; v++) {
    const piece = components[v]!;
    if (piece > 0 && (voxels[piece]! <= low || voxels[piece]! > high)) labels[v] = 0;
  }
}
