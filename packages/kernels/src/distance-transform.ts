import type { Size3, Vec3 } from "@viscera/core";
import { checkImage, checkSpacing } from "./check.js";
import { distanceTransformWasm } from "./generated/distance-transform.js";
import type { KernelOptions } from "./options.js";
import { MemoryLayout } from "./pool/memory-layout.js";
import { runJob } from "./pool/pool.js";

/** Columns that the kernel takes at once. */
const BLOCK = 16;

/**
 * Exact Euclidean distance in mm from the centre of every nonzero voxel to the nearest zero voxel's centre, as
 * scipy.ndimage.distance_transform_edt gives it; 0 on zero voxels. The image border is no boundary: a mask
 * without any zero voxel gives Infinity everywhere.
 */
export async function distanceTransform(
  mask: Uint8Array,
  size: Size3,
  spacingMm: Vec3,
  options: KernelOptions = {},
): Promise<Float32Array> {
  checkImage(mask, size);
  checkSpacing(spacingMm);
  const [nx, ny, nz] = size;
  const [sx, sy, sz] = spacingMm;
  const layout = new MemoryLayout();
  const input = layout.reserve(mask.length);
  const output = layout.reserve(4 * mask.length);
  const row = 4 * nx;
  const plane = row * ny;
  const blocks = Math.ceil(nx / BLOCK);
  const columns = (rows: number, rowStride: number, n: number, stride: number, s: number, root: 0 | 1) => ({
    name: "distance transform",
    call: "columns",
    count: blocks * rows,
    parameters: [output, nx, blocks, rowStride, n, stride, s, root],
  });
  return runJob(
    {
      wasm: distanceTransformWasm,
      layout,
      scratchBytes: ({ scratchBytes }) => scratchBytes!(Math.max(ny, nz)),
      load: (memory) => new Uint8Array(memory, input, mask.length).set(mask),
      stages: [
        { name: "distance transform", call: "rows", count: ny * nz, parameters: [input, output, nx, sx] },
        columns(nz, plane, ny, row, sy, 0),
        columns(ny, row, nz, plane, sz, 1),
      ],
      read: (memory) => Float32Array.from(new Float32Array(memory, output, mask.length)),
    },
    options,
  );
}
