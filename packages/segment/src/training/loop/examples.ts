/** Slices to look at: what the network saw, what is true, what it said. */
import type { Size3, Vec3 } from "@viscera/core";
import { slicePicture } from "./page/slice-picture.js";

/** A case on the network's grid, with the network's answer. */
export interface PredictedCase {
  id: string;
  size: Size3;
  spacingMm: Vec3;
  /** Axis code of the grid ("RAS"). */
  orientation: string;
  /** First channel, as the network saw it. */
  image: Float32Array;
  truth: ArrayLike<number>;
  predicted: ArrayLike<number>;
}

/** One slice of a case as three pictures of the same part, each a data URI of a bitmap. */
export interface Example {
  id: string;
  /** Slice along the grid's third axis, from 0. */
  slice: number;
  /** Width over height of the part shown, in millimetres. */
  aspect: number;
  image: string;
  truth: string;
  predicted: string;
}

/** An example and where its case stands among the validated ones. */
export interface ScoredExample extends Example {
  rank: "worst" | "median" | "best";
  dice: number | null;
}

/** Voxels shown around the structures. */
const MARGIN = 12;

/** The slice with most voxels of structures in the truth (else the prediction), cut to the structures in it. */
export function exampleOf(found: PredictedCase): Example {
  const { size, image, truth, predicted } = found;
  const [nx, ny, nz] = size;
  const fullest = fullestSlice(truth, nx * ny) ?? fullestSlice(predicted, nx * ny);
  const slice = fullest ?? nz >> 1;
  let [x0, x1, y0, y1] = fullest === null ? [0, nx - 1, 0, ny - 1] : [nx, -1, ny, -1];
  for (let j = 0, i = slice * nx * ny; fullest !== null && j < ny; j++) {
    for (let x = 0; x < nx; x++, i++) {
      if (!isLabel(truth[i]!) && !predicted[i]) continue;
      x0 = Math.min(x0, x);
      x1 = Math.max(x1, x);
      y0 = Math.min(y0, j);
      y1 = Math.max(y1, j);
    }
  }
  const widened = (from: number, to: number, end: number): [number, number] => {
    const margin = Math.max(MARGIN, Math.ceil(0.4 * (to - from)));
    return [Math.max(0, from - margin), Math.min(end, to + margin + 1)];
  };
  [x0, x1] = widened(x0, x1, nx);
  [y0, y1] = widened(y0, y1, ny);
  const [width, height] = [x1 - x0, y1 - y0];
  const cut = (from: ArrayLike<number>) =>
    Float32Array.from({ length: width * height }, (_, i) => {
      const x = x0 + (i % width);
      const y = y0 + Math.floor(i / width);
      return from[x + nx * (y + ny * slice)]!;
    });
  // As radiologists look: the patient's right on the viewer's left, front and head up.
  const flip = [found.orientation[0] === "R", "AS".includes(found.orientation[1]!)] as const;
  const grey = cut(image);
  const picture = (labels: ArrayLike<number> | null) =>
    slicePicture({ width, height, grey, labels: labels && cut(labels), flip });
  return {
    id: found.id,
    slice,
    aspect: (width * found.spacingMm[0]) / (height * found.spacingMm[1]),
    image: picture(null),
    truth: picture(truth),
    predicted: picture(predicted),
  };
}

/** null where there is no structure. */
function fullestSlice(labels: ArrayLike<number>, area: number): number | null {
  let fullest: number | null = null;
  let most = 0;
  for (let slice = 0; slice * area < labels.length; slice++) {
    let count = 0;
    for (let i = slice * area; i < (slice + 1) * area; i++) if (isLabel(labels[i]!)) count++;
    if (count > most) {
      most = count;
      fullest = slice;
    }
  }
  return fullest;
}

const isLabel = (value: number) => value !== 0 && value !== 255;

/** Places of the worst, the median and the best of the scores; fewer where there are fewer cases. */
export function rankedPlaces(
  scores: readonly (number | null)[],
): { rank: ScoredExample["rank"]; place: number }[] {
  const order = [...scores.keys()]
    .filter((i) => scores[i] !== null)
    .sort((a, b) => scores[a]! - scores[b]! || a - b);
  if (order.length === 0) return [];
  const ranked: { rank: ScoredExample["rank"]; place: number }[] = [{ rank: "worst", place: order[0]! }];
  if (order.length > 2) ranked.push({ rank: "median", place: order[order.length >> 1]! });
  if (order.length > 1) ranked.push({ rank: "best", place: order.at(-1)! });
  return ranked;
}
