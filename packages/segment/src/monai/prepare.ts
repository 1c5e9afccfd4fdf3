/**
 * A scan as a bundle's network sees it. Arrays are kept as volumes whose fastest axis is MONAI's last, so that they
 * are MONAI's tensors without reordering a voxel; per-axis lists here are in that stored order, MONAI's reversed.
 */
import {
  inputError,
  type JobOptions,
  orientationOf,
  type Size3,
  spacingOf,
  throwIfCancelled,
  type Volume,
} from "@viscera/core";
import { reorient } from "@viscera/scan";
import { roundHalfEven } from "../windows.js";
import { adjustIntensity } from "./intensity.js";
import type { PreparationStep } from "./plan.js";
import { resampleAxis } from "./resample.js";

export interface PreparedScan {
  size: Size3;
  /** Channels one after the other. */
  data: Float32Array;
  channels: number;
  /** The grid on which labels are asked for: the scan's voxels in the network's orientation. */
  base: Pick<Volume, "size" | "affine">;
  /** For each axis of `base`: where its voxels lie on the prepared grid, NaN where that was cut off. */
  places: readonly Float64Array[];
}

/** Voxels along an axis. */
const LARGEST_EXTENT = 8192;

/** Spacings whose ratio is this close to 1 are not resampled for. */
const SAME = 1e-6;

/** Throws `input.not-finite`, `input.constant`, `cancelled`. */
export function prepareLikeMonai(
  volumes: readonly Volume[],
  steps: readonly PreparationStep[],
  options: JobOptions = {},
): PreparedScan {
  const [scan] = volumes as [Volume];
  const orientation = steps.find((step) => step.kind === "orientation");
  const code = orientation?.code ?? orientationOf(scan.affine);
  const turned = volumes.map((volume) => reorient(volume, [...code].reverse().join("")));
  const [first] = turned as [Volume];
  const voxels = first.data.length;
  const data = new Float32Array(voxels * turned.length);
  turned.forEach((volume, c) => data.set(volume.data as Float32Array, c * voxels));
  if (data.some((value) => !Number.isFinite(value))) {
    throw inputError(
      "not-finite",
      "The scan holds voxels that are not numbers.",
      "Read it with readScan, which replaces them, or repair the file.",
    );
  }
  let prepared: PreparedScan = {
    size: first.size,
    data,
    channels: turned.length,
    base: { size: first.size, affine: first.affine },
    places: first.size.map((n) => Float64Array.from({ length: n }, (_, i) => i)),
  };
  const spacing = spacingOf(first.affine);
  for (const step of steps) {
    throwIfCancelled(options.signal);
    if (step.kind === "spacing") prepared = respaced(prepared, spacing, step);
    else if (step.kind === "cropForeground") prepared = croppedToForeground(prepared, step);
    else if (step.kind !== "orientation") adjustIntensity(prepared, step);
  }
  return prepared;
}

/** MONAI's grid: the first voxel stays where it is, the spacing is exact, the last voxel is the nearest to the last. */
function respaced(
  prepared: PreparedScan,
  spacing: readonly number[],
  { spacingMm, nearest }: Extract<PreparationStep, { kind: "spacing" }>,
): PreparedScan {
  let { data } = prepared;
  const size = [...prepared.size] as [number, number, number];
  const places = [...prepared.places];
  for (const axis of [0, 1, 2] as const) {
    const wanted = spacingMm[2 - axis]!;
    const ratio = wanted > 0 ? spacing[axis]! / wanted : 1;
    if (Math.abs(ratio - 1) < SAME) continue;
    const count = Math.max(1, roundHalfEven((size[axis] - 1) * ratio) + 1);
    if (count > LARGEST_EXTENT) {
      throw inputError(
        "bundle",
        `The bundle wants voxels of ${wanted} mm, of which this scan would have ${count.toPrecision(3)} along an axis.`,
        "Check the pixdim in its inference.json, and the voxel size of the scan.",
      );
    }
    const from = Float64Array.from({ length: count }, (_, i) => Math.min(size[axis] - 1, i / ratio));
    data = resampleAxis(data, size, axis, nearest ? from.map(roundHalfEven) : from);
    size[axis] = count;
    places[axis] = places[axis]!.map((place) => Math.min(count - 1, place * ratio));
  }
  return { ...prepared, data, size, places };
}

function croppedToForeground(
  prepared: PreparedScan,
  { margin, divisible }: Extract<PreparationStep, { kind: "cropForeground" }>,
): PreparedScan {
  const { size, data } = prepared;
  const low = [...size] as [number, number, number];
  const high: [number, number, number] = [-1, -1, -1];
  for (let i = 0; i < data.length; i++) {
    if (!(data[i]! > 0)) continue;
    const voxel = i % (size[0] * size[1] * size[2]);
    const at = [
      voxel % size[0],
      Math.floor(voxel / size[0]) % size[1],
      Math.floor(voxel / size[0] / size[1]),
    ];
    for (const axis of [0, 1, 2] as const) {
      low[axis] = Math.min(low[axis], at[axis]!);
      high[axis] = Math.max(high[axis], at[axis]!);
    }
  }
  if (high[0] < 0) {
    throw inputError(
      "constant",
      "The scan has no voxel above what the bundle takes for background.",
      "Check that the right file or series was given.",
    );
  }
  const box = [0, 1, 2].map((axis) => {
    const [start, end] = [low[axis]! - margin[2 - axis]!, high[axis]! + 1 + margin[2 - axis]!];
    const step = divisible[2 - axis]!;
    const extent = Math.ceil((end - start) / step) * step;
    // What makes the extent divisible is added in halves at both sides.
    return { start: start - Math.floor((extent - (end - start)) / 2), extent };
  });
  const cut = box.map(({ extent }) => extent) as unknown as Size3;
  const voxels = cut[0] * cut[1] * cut[2];
  const out = new Float32Array(voxels * prepared.channels);
  let at = 0;
  for (let c = 0; c < prepared.channels; c++)
    for (let k = 0; k < cut[2]; k++)
      for (let j = 0; j < cut[1]; j++)
        for (let i = 0; i < cut[0]; i++, at++) {
          const [x, y, z] = [i + box[0]!.start, j + box[1]!.start, k + box[2]!.start];
          const inside = x >= 0 && y >= 0 && z >= 0 && x < size[0] && y < size[1] && z < size[2];
          if (inside) out[at] = data[x + size[0] * (y + size[1] * (z + size[2] * c))]!;
        }
  const places = prepared.places.map((axis, a) =>
    axis.map((place) => {
      const moved = place - box[a]!.start;
      return moved > -1 && moved < cut[a]! ? moved : Number.NaN;
    }),
  );
  return { ...prepared, size: cut, data: out, places };
}
