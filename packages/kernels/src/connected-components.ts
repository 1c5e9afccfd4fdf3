/**
 * Connected components by union-find on runs (after He, Chao, Suzuki, "A run-based two-scan labeling algorithm",
 * IEEE Transactions on Image Processing 17 (2008), doi:10.1109/TIP.2008.919369). The work is branches and table
 * look-ups, which WebAssembly does no faster: plain TypeScript is the kernel, tested against a flood fill.
 */
import { type LabelArray, type Size3, usageError } from "@viscera/core";
import { checkImage } from "./check.js";
import type { KernelOptions } from "./options.js";
import { type Connectivity, joinRuns } from "./runs.js";

export interface Components {
  /** Component of each voxel: 0 background, from 1 on in scan order of the first voxel. */
  components: Uint32Array;
  /** Number of components, background not counted. */
  count: number;
  /** Voxels of each component; `voxels[0]` is the background's. `count + 1` numbers. */
  voxels: Uint32Array;
}

/** Throws unless the number is one of the three neighbourhoods. */
export function checkConnectivity(connectivity: number): void {
  if (connectivity !== 6 && connectivity !== 18 && connectivity !== 26)
    throw usageError(`A connectivity of ${connectivity} does not exist: it is 6, 18 or 26.`);
}

/**
 * Pieces of a mask or of all labels at once: voxels belong together when they touch by faces (6), also edges (18)
 * or also corners (26) and have equal nonzero values.
 */
export async function connectedComponents(
  mask: LabelArray,
  size: Size3,
  connectivity: Connectivity,
  options: KernelOptions = {},
): Promise<Components> {
  checkImage(mask, size);
  checkConnectivity(connectivity);
  const runs = await joinRuns(mask, size, connectivity, false, options);
  const { row, start, end, root } = runs;
  let count = 0;
  for (let r = 0; r < root.length; r++) if (root[r] === r) count++;
  const number = new Uint32Array(root.length);
  const components = new Uint32Array(mask.length);
  const voxels = new Uint32Array(count + 1);
  let next = 1;
  let painted = 0;
  for (let line = 0; line < row.length - 1; line++)
    for (let r = row[line]!; r < row[line + 1]!; r++) {
      const component = root[r] === r ? next++ : number[root[r]!]!;
      number[r] = component;
      const base = line * size[0];
      components.fill(component, base + start[r]!, base + end[r]!);
      voxels[component]! += end[r]! - start[r]!;
      painted += end[r]! - start[r]!;
    }
  voxels[0] = mask.length - painted;
  return { components, count, voxels };
}
