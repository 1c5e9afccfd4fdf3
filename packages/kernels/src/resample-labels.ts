import { type LabelArray, type Size3, voxelCount } from "@viscera/core";
import { checkImage } from "./check.js";
import { resampleLabelsWasm } from "./generated/resample-labels.js";
import type { KernelOptions } from "./options.js";
import { MemoryLayout } from "./pool/memory-layout.js";
import { runJob } from "./pool/pool.js";
import { slabRows, slabStages } from "./pool/slab-stages.js";
import { resample } from "./resample.js";
import { newArrayLike, viewOf } from "./resample.reference.js";
import { checkGrid } from "./resample-grid.js";
import { type ResampleLabelsParameters, samplesPerAxis } from "./resample-labels.reference.js";

/**
 * Samples a label image on another grid. "smooth" gives each output voxel the label whose linearly interpolated
 * indicator is largest, background among them, so that neighbours keep touching without holes; where the output is
 * coarser than the input, indicators are first averaged over the output voxel. Ties go to the nearest voxel's
 * label, then to the lower id. Beyond half a voxel outside the input lies background.
 */
export async function resampleLabels<T extends LabelArray>(
  labels: T,
  size: Size3,
  parameters: ResampleLabelsParameters,
  options: KernelOptions = {},
): Promise<T> {
  if (parameters.interpolation === "nearest")
    return resample(labels, size, { ...parameters, interpolation: "nearest", outside: 0 }, options);
  checkImage(labels, size);
  checkGrid(parameters);
  const { outputSize } = parameters;
  const [onx, ony] = outputSize;
  const width = labels.BYTES_PER_ELEMENT;
  const out = newArrayLike(labels, voxelCount(outputSize));
  const rows = slabRows(outputSize, width);
  const layout = new MemoryLayout();
  const input = layout.reserve(width * labels.length);
  const output = layout.reserve(width * rows * onx);
  const matrix = layout.reserve(8 * 12);
  const samples = samplesPerAxis(parameters);
  const stage = { name: "resampling labels", call: `smooth${width}` };
  return runJob(
    {
      wasm: resampleLabelsWasm,
      layout,
      // Every voxel around every sample point may have a label of its own; beyond the border is one more.
      scratchBytes: ({ scratchBytes }) => scratchBytes!(8 * samples[0] * samples[1] * samples[2] + 1),
      load: (memory) => {
        viewOf(labels, memory, input, labels.length).set(labels);
        new Float64Array(memory, matrix, 12).set(parameters.outputToInput.slice(0, 12));
      },
      stages: slabStages(stage, out, outputSize, rows, output, (at) => [
        ...[input, at, ...size, onx, ony, matrix, ...samples],
      ]),
      read: () => out,
    },
    options,
  );
}
