/**
 * Windows with a halo: the network sees more than is read off, by at least its receptive field, so that the
 * result is that of the whole volume. For fully convolutional networks without normalisation over space.
 */
import { type JobOptions, type Size3, throwIfCancelled } from "@viscera/core";
import { cutBox, type NetworkImage } from "./image.js";
import { type Prediction, PredictionBuilder } from "./prediction.js";
import { haloWindows } from "./windows.js";

/**
 * Classes, their probabilities and perhaps the uncertainty in percent [d0, d1, d2] of a window [channels, d0, d1, d2];
 * `size` is [d2, d1, d0].
 */
export type LabelWindow = (
  window: Float32Array,
  size: Size3,
) => Promise<{
  label: ArrayLike<number>;
  probability: ArrayLike<number>;
  uncertainty?: Uint8Array;
}>;

export interface HaloParameters {
  classes: number;
  /** Largest part read off at once, voxels; the image's size runs the whole volume in one go. */
  core: Size3;
  haloVoxels: number;
}

export async function predictWithHalo(
  network: LabelWindow,
  image: NetworkImage,
  { classes, core, haloVoxels }: HaloParameters,
  options: JobOptions = {},
): Promise<Prediction> {
  const builder = new PredictionBuilder(image.size, classes);
  const windows = haloWindows(image.size, core, haloVoxels);
  const [nx, ny, nz] = image.size;
  let uncertain: Uint8Array | null = null;
  for (const [done, { start, end, coreStart, coreEnd }] of windows.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "windows", done, total: windows.length });
    const size = end.map((n, axis) => n - start[axis]!) as unknown as Size3;
    const whole = size.every((n, axis) => n === image.size[axis]);
    const { label, probability, uncertainty } = await network(
      whole ? image.data : cutBox(image, start, size),
      size,
    );
    if (uncertainty) uncertain ??= new Uint8Array(nx * ny * nz);
    for (let k = coreStart[2]; k < coreEnd[2]; k++) {
      for (let j = coreStart[1]; j < coreEnd[1]; j++) {
        const source = size[0] * (j - start[1] + size[1] * (k - start[2])) - start[0];
        const target = nx * (j + ny * k);
        for (let i = coreStart[0]; i < coreEnd[0]; i++) {
          if (label[source + i]) builder.set(target + i, label[source + i]!, probability[source + i]!);
          if (uncertainty) uncertain![target + i] = uncertainty[source + i]!;
        }
      }
    }
  }
  options.onProgress?.({ stage: "windows", done: windows.length, total: windows.length });
  return { ...builder.finish(), ...(uncertain ? { uncertainty: uncertain } : {}) };
}
