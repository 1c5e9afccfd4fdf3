/** From scanned values to what the network sees: the grey curve, then the model's own preparation. */
import type { Look } from "./contrast.js";
import type { Draws } from "./draws.js";
import type { SynthesisSpec } from "./spec.js";

/** Bends the grey curve of an image that is no CT by a random power; now and then turns it upside down. */
export function bendGreys(image: Float32Array, look: Look, draws: Draws): void {
  if (look === "ct") return;
  const power = Math.exp(draws.normal(0, 0.35));
  const inverted = look === "random" && draws.chance(0.1);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < image.length; i++) {
    const value = image[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) return;
  const steps = 1024;
  const curve = Float32Array.from({ length: steps + 2 }, (_, i) => {
    const bent = Math.min(1, i / steps) ** power;
    return inverted ? 1 - bent : bent;
  });
  const scale = steps / (high - low);
  for (let i = 0; i < image.length; i++) {
    const at = (image[i]! - low) * scale;
    const index = Math.floor(at);
    image[i] = curve[index]! + (at - index) * (curve[index + 1]! - curve[index]!);
  }
}

/**
 * Prepares the image as the model prepares a scan. Where that depends on the whole scan (its mean, its extremes),
 * of which a patch shows a part only, the patch's own values stand in for it, varied at random. `counts` says
 * which voxels are of the image; the others become 0, as the margin around a small scan is.
 */
export function prepare(
  image: Float32Array,
  counts: (voxel: number) => boolean,
  look: Look,
  { normalisation }: SynthesisSpec,
  draws: Draws,
): void {
  const gain = Math.exp(draws.normal(0, 0.25));
  const offset = draws.normal(0, 0.3);
  let add = 0;
  let scale = 1;
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (normalisation.kind === "ct") {
    const { mean, sd } = normalisation;
    low = (normalisation.low - mean) / sd;
    high = (normalisation.high - mean) / sd;
  }
  if (normalisation.kind === "ct" && look === "ct") {
    add = -normalisation.mean;
    scale = 1 / normalisation.sd;
  } else if (normalisation.kind !== "none") {
    const { mean, sd, min, max } = statistics(image, counts);
    if (normalisation.kind === "minmax") {
      scale = Math.min(1, gain) / Math.max(1e-6, max - min);
      add = -min + (Math.abs(offset) * (max - min)) / 4;
    } else {
      scale = gain / Math.max(1e-6, sd);
      add = -mean + offset * sd;
    }
  }
  for (let i = 0; i < image.length; i++) {
    const value = (image[i]! + add) * scale;
    image[i] = counts(i) ? (value < low ? low : value > high ? high : value) : 0;
  }
}

function statistics(image: Float32Array, counts: (voxel: number) => boolean) {
  let [sum, squares, count] = [0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < image.length; i++) {
    if (!counts(i)) continue;
    const value = image[i]!;
    count++;
    sum += value;
    squares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return { mean: 0, sd: 1, min: 0, max: 1 };
  const mean = sum / count;
  return { mean, sd: Math.sqrt(Math.max(0, squares / count - mean * mean)), min, max };
}
