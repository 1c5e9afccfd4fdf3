import type { Size3, Vec3, VoxelArray } from "@viscera/core";
import { checkImage } from "./check.js";
import { separableFilterWasm } from "./generated/separable-filter.js";
import type { KernelOptions } from "./options.js";
import { columnStages } from "./pool/column-stages.js";
import { MemoryLayout } from "./pool/memory-layout.js";
import { runJob } from "./pool/pool.js";
import type { Stage } from "./pool/stage.js";
import { checkWeights, gaussianWeights, type SeparableWeights } from "./separable-filter.reference.js";

/**
 * Correlates the image with weights along each axis in turn; beyond the border the edge voxel repeats
 * (scipy.ndimage.correlate1d, mode "nearest"). Sums are floats.
 */
export async function separableFilter(
  image: VoxelArray,
  size: Size3,
  weights: SeparableWeights,
  options: KernelOptions = {},
): Promise<Float32Array> {
  checkImage(image, size);
  checkWeights(weights);
  const [nx, ny, nz] = size;
  const layout = new MemoryLayout();
  const data = layout.reserve(4 * image.length);
  const weightsAt = weights.map((w) => layout.reserve(4 * w.length));
  const radius = weights.map((w) => (w.length - 1) / 2);
  const stages: Stage[] = [
    { name: "filter", call: "rows", count: ny * nz, parameters: [data, nx, weightsAt[0]!, radius[0]!] },
    ...columnStages("filter", data, size, (axis) => [weightsAt[axis]!, radius[axis]!]),
  ];
  return runJob(
    {
      wasm: separableFilterWasm,
      layout,
      scratchBytes: ({ scratchBytes }) => scratchBytes!(nx, Math.max(ny, nz), Math.max(...radius)),
      load: (memory) => {
        new Float32Array(memory, data, image.length).set(image);
        for (const [axis, at] of weightsAt.entries())
          new Float32Array(memory, at, weights[axis]!.length).set(weights[axis]!);
      },
      stages: stages.filter((_, axis) => weights[axis]!.length > 1 || weights[axis]![0] !== 1),
      read: (memory) => new Float32Array(memory, data, image.length).slice(),
    },
    options,
  );
}

/**
 * Gaussian smoothing with sigma in voxels along i, j, k (0 leaves an axis alone), cut at 4 sigma, edge voxels
 * repeated: scipy.ndimage.gaussian_filter(mode="nearest").
 */
export async function gaussianSmooth(
  image: VoxelArray,
  size: Size3,
  sigmaVoxels: Vec3,
  options: KernelOptions = {},
): Promise<Float32Array> {
  const [x, y, z] = sigmaVoxels.map(gaussianWeights);
  return separableFilter(image, size, [x!, y!, z!], options);
}
