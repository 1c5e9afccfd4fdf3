import type { Size3, VoxelArray } from "@viscera/core";
import { viewOf } from "../resample.reference.js";
import type { Stage } from "./stage.js";

/** Bytes of a slab: small against a big volume, large against the cost of a stage. */
const SLAB_BYTES = 2 ** 26;

/** Rows of output that share one piece of memory, one slab after the other. */
export function slabRows([nx, ny, nz]: Size3, bytesPerVoxel: number): number {
  return Math.min(ny * nz, Math.max(1, Math.floor(SLAB_BYTES / (nx * bytesPerVoxel))));
}

/**
 * Stages that compute an output image in slabs of `rows` rows, all at address `slab`, and copy them to `out`, so that
 * big results do not lie in memory twice. `parameters` gets the address at which row 0 would lie.
 */
export function slabStages(
  { name, call }: Pick<Stage, "name" | "call">,
  out: VoxelArray,
  [nx, ny, nz]: Size3,
  rows: number,
  slab: number,
  parameters: (output: number) => number[],
): Stage[] {
  const stages: Stage[] = [];
  for (let first = 0; first < ny * nz; first += rows) {
    const count = Math.min(rows, ny * nz - first);
    stages.push({
      name,
      call,
      first,
      count,
      // May lie below address 0: addresses are added modulo 2^32.
      parameters: parameters(slab - first * nx * out.BYTES_PER_ELEMENT),
      after: (memory) => out.set(viewOf(out, memory, slab, count * nx), first * nx),
    });
  }
  return stages;
}
