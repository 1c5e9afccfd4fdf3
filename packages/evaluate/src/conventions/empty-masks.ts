import type { MaskPair } from "../masks/mask-pair.js";

/** Which of the masks of a pair hold no voxel. */
export type Emptiness = "none" | "ref" | "pred" | "both";

export function emptinessOf({ refVoxels, predVoxels }: MaskPair): Emptiness {
  if (refVoxels > 0) return predVoxels > 0 ? "none" : "pred";
  return predVoxels > 0 ? "ref" : "both";
}
