import type { Size3, Vec3 } from "@viscera/core";
import { checkImage, checkSpacing } from "./check.js";
import { distanceTransformWasm } from "./generated/distance-transform.js";
import type { KernelOptions } from "./options.js";
import { columnStages } from "./pool/column-stages.js";
import { MemoryLayout } from "./pool/memory-layout.js";
import { runJob } from "./pool/pool.js";

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
  const layout = new MemoryLayout();
  const input = layout.reserve(mask.length);
  const output = layout.reserve(4 * mask.length);
  return runJob(
    {
      wasm: distanceTransformWasm,
      layout,
      scratchBytes: ({ scratchBytes }) => scratchBytes!(Math.max(ny, nz)),
      load: (memory) => new Uint8Array(memory, input, mask.length).set(mask),
      stages: [
        {
          name: "distance transform",
          call: "rows",
          count: ny * nz,
          parameters: [input, output, nx, spacingMm[0]],
        },
        ...columnStages("distance transform", output, size, (axis) => [spacingMm[axis], axis === 2 ? 1 : 0]),
      ],
      read: (memory) => new Float32Array(memory, output, mask.length).slice(),
    },
    options,
  );
}
