/**
 * Sliding windows whose overlapping scores are blended with Gaussian weights (Isensee et al., nnU-Net,
 * doi:10.1038/s41592-020-01008-z), the scores handed on as soon as no later window can change them: the sums
 * of all classes are held for the depth of one window and a strip of the volume's height only.
 */
import { failedError, type JobOptions, type Size3, throwIfCancelled } from "@viscera/core";
import { cutBox, flipCombinations, flipped, type NetworkImage } from "./image.js";
import { bestClass, type Prediction, PredictionBuilder, softmaxOf } from "./prediction.js";
import { entropyPercent } from "./quality/index.js";
import { gaussianWindow, windowStarts } from "./windows.js";

/**
 * Scores [classes, d0, d1, d2] of a window [channels, d0, d1, d2]; `size` is [d2, d1, d0], and `flip` are the axes
 * along which the window was turned round (none by default).
 */
export type ScoreWindow = (
  window: Float32Array,
  size: Size3,
  flip?: readonly (0 | 1 | 2)[],
) => Promise<Float32Array>;

export interface BlendParameters {
  classes: number;
  patch: Size3;
  /** Share of a window that overlaps its neighbour; nnU-Net's default is 0.5. */
  overlap: number;
  /** Axes flipped in test-time mirroring; scores are averaged over all their combinations. */
  mirrorAxes: readonly (0 | 1 | 2)[];
  /**
   * Other windows than nnU-Net's: their first voxels along each axis of the image, padded to at least a window,
   * and their weights [nz, ny, nx]. `overlap` is not looked at then.
   */
  layout?: { starts: readonly (readonly number[])[]; importance: Float32Array };
  /** Upper bound of the sums' memory, bytes; more strips, and so more windows run twice, keep to it. */
  accumulatorBytes: number;
}

/** Blended scores of some rows of one slice of an image. */
export interface BlendedRows {
  slice: number;
  /** Rows [from, to) of the slice. */
  from: number;
  to: number;
  /** Scores [classes, rows, width]; valid during the call only. */
  scores: Float32Array;
}

export interface PredictParameters extends BlendParameters {
  /** The network gives the probabilities of all classes behind their scores: tell each voxel's uncertainty. */
  probabilities?: boolean;
}

/** Labels and confidence of an image. A volume smaller than the window is seen with zeros around it. */
export async function predictBlended(
  score: ScoreWindow,
  image: NetworkImage,
  { probabilities = false, ...parameters }: PredictParameters,
  options: JobOptions = {},
): Promise<Prediction> {
  const { classes } = parameters;
  const [nx, ny] = image.size;
  const builder = new PredictionBuilder(image.size, classes);
  const uncertainty = probabilities ? new Uint8Array(nx * ny * image.size[2]) : null;
  const read = ({ slice, from, to, scores }: BlendedRows) => {
    const voxels = nx * (to - from);
    const first = nx * (from + ny * slice);
    for (let v = 0; v < voxels; v++) {
      const label = bestClass(scores, v, voxels, classes);
      if (label !== 0) builder.set(first + v, label, softmaxOf(scores, v, voxels, classes, label));
      if (uncertainty) {
        uncertainty[first + v] = entropyPercent(scores, classes * voxels + v, voxels, classes);
      }
    }
  };
  const blended = probabilities ? { ...parameters, classes: 2 * classes } : parameters;
  await blendScores(score, image, blended, read, options);
  return { ...builder.finish(), ...(uncertainty ? { uncertainty } : {}) };
}

/** Runs the windows and hands on the blended scores, strip by strip, in each of them slice by slice. */
export async function blendScores(
  score: ScoreWindow,
  image: NetworkImage,
  parameters: BlendParameters,
  take: (rows: BlendedRows) => void,
  options: JobOptions = {},
): Promise<void> {
  const { patch, layout } = parameters;
  // The padded volume, and where the image lies in it.
  const padded = image.size.map((n, axis) => Math.max(n, patch[axis]!)) as unknown as Size3;
  const margin = image.size.map((n, axis) => Math.floor((padded[axis]! - n) / 2)) as unknown as Size3;
  const starts = layout?.starts ?? padded.map((n, axis) => windowStarts(n, patch[axis]!, parameters.overlap));
  const strips = stripsOf(padded, parameters);
  const reaching = strips.map(([from, to]) => starts[1]!.filter((y) => y < to && y + patch[1] > from));
  const total = reaching.reduce((sum, rows) => sum + rows.length, 0) * starts[0]!.length * starts[2]!.length;
  let done = 0;
  for (const [s, strip] of strips.entries()) {
    const sums = new StripSums(padded, strip, parameters, { size: image.size, margin });
    for (const [row, z] of starts[2]!.entries()) {
      for (const y of reaching[s]!) {
        for (const x of starts[0]!) {
          throwIfCancelled(options.signal);
          options.onProgress?.({ stage: "windows", done, total });
          const start: Size3 = [x - margin[0], y - margin[1], z - margin[2]];
          const window = cutBox(image, start, patch);
          sums.add(await mirroredScores(score, window, parameters), [x, y, z]);
          done++;
        }
      }
      const next = starts[2]![row + 1] ?? padded[2];
      for (let slice = z; slice < next; slice++) sums.handOn(slice, take);
    }
  }
  options.onProgress?.({ stage: "windows", done, total });
}

/** Rows [from, to) of the strips that keep the sums within their memory. */
function stripsOf(padded: Size3, { classes, patch, accumulatorBytes }: BlendParameters): [number, number][] {
  const bytesPerRow = 4 * (classes + 1) * padded[0] * patch[2];
  const height = Math.max(1, Math.floor(accumulatorBytes / bytesPerRow));
  const count = Math.max(1, Math.ceil(padded[1] / height));
  return Array.from({ length: count }, (_, i) => [
    Math.floor((padded[1] * i) / count),
    Math.floor((padded[1] * (i + 1)) / count),
  ]);
}

async function mirroredScores(
  score: ScoreWindow,
  window: Float32Array,
  { patch, mirrorAxes, classes }: BlendParameters,
): Promise<Float32Array> {
  const combinations = flipCombinations(mirrorAxes);
  let sum: Float32Array | undefined;
  for (const axes of combinations) {
    const scores = await score(flipped(window, patch, axes), patch, axes);
    if (scores.length !== classes * patch[0] * patch[1] * patch[2]) {
      throw failedError(
        "network-output",
        `The network gave ${scores.length} scores for a window of ${patch.join("x")} voxels and ${classes} classes.`,
        "Check the patch and the labels in its viscera-model.json.",
      );
    }
    const turned = flipped(scores, patch, axes);
    if (!sum) sum = turned;
    else for (let i = 0; i < sum.length; i++) sum[i]! += turned[i]!;
  }
  const share = 1 / combinations.length;
  if (share !== 1) for (let i = 0; i < sum!.length; i++) sum![i]! *= share;
  return sum!;
}

/** How much each voxel of a window counts: nnU-Net's Gaussian, or weights that were given. */
class WindowImportance {
  readonly #patch: Size3;
  readonly #given: Float32Array | undefined;
  readonly #gaussians: Float32Array[];
  readonly #row: Float64Array;

  constructor(patch: Size3, given: Float32Array | undefined) {
    this.#patch = patch;
    this.#given = given;
    this.#gaussians = given ? [] : patch.map(gaussianWindow);
    this.#row = new Float64Array(patch[0]);
  }

  /** Weights along x; valid until the next call. */
  row(j: number, k: number): Float64Array {
    const [px, py] = this.#patch;
    const row = this.#row;
    if (this.#given) {
      const start = px * (j + py * k);
      for (let i = 0; i < px; i++) row[i] = this.#given[start + i]!;
      return row;
    }
    const [gx, gy, gz] = this.#gaussians as [Float32Array, Float32Array, Float32Array];
    const weight = gz[k]! * gy[j]!;
    for (let i = 0; i < px; i++) row[i] = weight * gx[i]!;
    return row;
  }
}

/** Weighted sums of a strip, for as many slices as a window is deep; a slice's place is its number modulo that. */
class StripSums {
  readonly #width: number;
  readonly #from: number;
  readonly #height: number;
  readonly #patch: Size3;
  readonly #classes: number;
  /** Scores [slice, class, row, column]. */
  readonly #scores: Float32Array;
  readonly #weights: Float32Array;
  readonly #importance: WindowImportance;
  /** The image within the padded volume. */
  readonly #inside: { size: Size3; margin: Size3 };
  readonly #means: Float32Array;

  constructor(
    padded: Size3,
    [from, to]: [number, number],
    { classes, patch, layout }: BlendParameters,
    inside: { size: Size3; margin: Size3 },
  ) {
    this.#width = padded[0];
    this.#from = from;
    this.#height = to - from;
    this.#patch = patch;
    this.#classes = classes;
    const area = this.#width * this.#height;
    this.#scores = new Float32Array(patch[2] * classes * area);
    this.#weights = new Float32Array(patch[2] * area);
    this.#importance = new WindowImportance(patch, layout?.importance);
    this.#inside = inside;
    this.#means = new Float32Array(classes * inside.size[0] * this.#height);
  }

  add(scores: Float32Array, [x, y, z]: Size3): void {
    const [px, py, pz] = this.#patch;
    const area = this.#width * this.#height;
    const firstRow = Math.max(0, this.#from - y);
    const lastRow = Math.min(py, this.#from + this.#height - y);
    for (let k = 0; k < pz; k++) {
      const slice = (z + k) % pz;
      for (let j = firstRow; j < lastRow; j++) {
        const row = this.#importance.row(j, k);
        const place = this.#width * (y + j - this.#from) + x;
        const weightRow = slice * area + place;
        for (let i = 0; i < px; i++) this.#weights[weightRow + i]! += row[i]!;
        for (let c = 0; c < this.#classes; c++) {
          const target = (slice * this.#classes + c) * area + place;
          const source = px * (j + py * (k + pz * c));
          for (let i = 0; i < px; i++) this.#scores[target + i]! += row[i]! * scores[source + i]!;
        }
      }
    }
  }

  /** Hands on the mean scores of a finished slice of the padded volume; its sums start anew. */
  handOn(z: number, take: (rows: BlendedRows) => void): void {
    const area = this.#width * this.#height;
    const place = z % this.#patch[2];
    const offset = place * this.#classes * area;
    const { size, margin } = this.#inside;
    const slice = z - margin[2];
    const from = Math.max(0, this.#from - margin[1]);
    const to = Math.min(size[1], this.#from + this.#height - margin[1]);
    if (slice >= 0 && slice < size[2] && from < to) {
      const scores = this.#means.subarray(0, this.#classes * (to - from) * size[0]);
      let at = 0;
      for (let c = 0; c < this.#classes; c++) {
        for (let j = from; j < to; j++) {
          const row = this.#width * (j + margin[1] - this.#from) + margin[0];
          const source = offset + c * area + row;
          const weights = place * area + row;
          for (let i = 0; i < size[0]; i++) {
            scores[at++] = this.#scores[source + i]! / this.#weights[weights + i]!;
          }
        }
      }
      take({ slice, from, to, scores });
    }
    this.#scores.fill(0, offset, offset + this.#classes * area);
    this.#weights.fill(0, place * area, (place + 1) * area);
  }
}
