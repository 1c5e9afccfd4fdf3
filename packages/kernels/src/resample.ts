import { type Size3, type VoxelArray, voxelCount } from "@viscera/core";
import { resampleWasm } from "./generated/resample.js";
import type { KernelOptions } from "./options.js";
import { columnStages } from "./pool/column-stages.js";
import { MemoryLayout } from "./pool/memory-layout.js";
import { runJob } from "./pool/pool.js";
import { slabRows, slabStages } from "./pool/slab-stages.js";
import type { Stage } from "./pool/stage.js";
import {
  checkResample,
  type Interpolation,
  newArrayLike,
  type Resampled,
  type ResampleParameters,
  viewOf,
} from "./resample.reference.js";

/** Doubles of the matrix that kernels read: the first three rows. */
const MATRIX = 12;

/**
 * Samples an image on another grid. Linear is trilinear; cubic is the interpolating cubic B-spline (scipy.ndimage
 * order 3, coefficients for mode "mirror"), both in floats; nearest copies voxels and keeps the number type. Within
 * half a voxel beyond the outer voxel centres the edge value is extended, farther out stands `outside`.
 */
export async function resample<T extends VoxelArray, I extends Interpolation>(
  image: T,
  size: Size3,
  parameters: ResampleParameters<I>,
  options: KernelOptions = {},
): Promise<Resampled<T, I>> {
  checkResample(image, size, parameters);
  const { outputSize, outputToInput, interpolation, outside } = parameters;
  const [nx, ny, nz] = size;
  const [onx, ony] = outputSize;
  const stored: VoxelArray = interpolation === "nearest" ? image : new Float32Array(0);
  const width = stored.BYTES_PER_ELEMENT;
  const out = newArrayLike(stored, voxelCount(outputSize));
  const rows = slabRows(outputSize, width);
  const layout = new MemoryLayout();
  const input = layout.reserve(width * image.length);
  const output = layout.reserve(width * rows * onx);
  const matrix = layout.reserve(8 * MATRIX + 8);
  const call = interpolation === "nearest" ? `nearest${width}` : interpolation;
  const sampling = slabStages({ name: "resampling", call }, out, outputSize, rows, output, (at) => [
    ...[input, at, nx, ny, nz, onx, ony, matrix, outside],
  ]);
  const prefilter: Stage[] = [
    { name: "resampling", call: "splineRows", count: ny * nz, parameters: [input, nx] },
    ...columnStages("resampling", input, size, () => []).map((s) => ({ ...s, call: "splineColumns" })),
  ];
  return runJob(
    {
      wasm: resampleWasm,
      layout,
      scratchBytes: ({ scratchBytes, splineScratchBytes }) =>
        Math.max(scratchBytes!(), splineScratchBytes!(Math.max(ny, nz))),
      load: (memory) => {
        viewOf(stored, memory, input, image.length).set(image);
        new Float64Array(memory, matrix, MATRIX).set(outputToInput.slice(0, MATRIX));
        viewOf(stored, memory, matrix + 8 * MATRIX, 1)[0] = outside;
      },
      stages: interpolation === "cubic" ? [...prefilter, ...sampling] : sampling,
      read: () => out as Resampled<T, I>,
    },
    options,
  );
}
