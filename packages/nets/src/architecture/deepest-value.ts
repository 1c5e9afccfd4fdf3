/** Where a network sees a whole window in the fewest voxels. */
import { elementCount } from "../tensor.js";
import { valueDims } from "./extents.js";
import type { Network } from "./network.js";

/**
 * The last of the values of fewest voxels on the way to the network's first output: a U-Net's bottleneck, or the value
 * before the head where all are as large. Concatenations are not taken, as their parts are values already. Throws
 * `input.shape` where the network cannot take the extents.
 */
export function deepestValue(network: Network, extents: readonly number[]): { id: number; channels: number } {
  const dims = valueDims(network, 1, extents);
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [layer, { operation }] of network.layers.entries()) {
    const id = layer + 1;
    if (id > network.outputs[0]! || network.outputs.includes(id)) continue;
    if (operation.kind === "concat" || dims[id]!.length !== 2 + network.spatialDims) continue;
    const voxels = elementCount(dims[id]!.slice(2));
    if (voxels > fewest) continue;
    best = id;
    fewest = voxels;
  }
  return { id: best, channels: dims[best]![1]! };
}
