/**
 * Images of random contrast from label maps, so that a network learns shapes whatever the scanner, after Billot
 * et al., SynthSeg (doi:10.1016/j.media.2023.102789) and Hoffmann et al., SynthMorph (doi:10.1109/TMI.2021.3116879).
 * Spatial deformation is not done here: the label map comes deformed.
 */
import type { RandomStream, Size3 } from "@viscera/core";
import { addArtefacts, addBias, addSlicesAndNoise, blurBorders } from "./acquire.js";
import { Contrast, type Look } from "./contrast.js";
import { Draws } from "./draws.js";
import { OUTSIDE_REGION, type Painting, paint } from "./paint.js";
import { bendGreys, prepare } from "./present.js";
import type { SynthesisSpec } from "./spec.js";
import { OUTSIDE, type SynthesisTable } from "./table.js";

export interface SynthesisedImage {
  /** x fastest, prepared as the model prepares its input. */
  image: Float32Array;
  /** Class of every voxel; 255 is ignored. */
  target: Uint8Array;
}

/**
 * An image of `labels` (x fastest) and its classes. Depends on the stream and `step` only.
 * Throws `input.synthesis-value` for a label value that the table does not list, `input.synthesis-table`.
 */
export function synthesiseImage(
  labels: Uint8Array | Uint16Array,
  size: Size3,
  table: SynthesisTable,
  spec: SynthesisSpec,
  random: RandomStream,
  step: number,
): SynthesisedImage {
  const draws = new Draws(random, step);
  const look = drawLook(table.looks ?? { ct: spec.ctShare, mr: spec.mrShare }, draws);
  const contrast = new Contrast(draws, look);
  const seen = draws.chance(spec.crop) ? cropped(labels, size, draws) : labels;
  const painting = paint(seen, size, table, spec, contrast, draws);
  const image = render(painting, draws);
  blurBorders(image, size, draws);
  addBias(image, size, look, draws);
  addArtefacts(image, size, look, spec, draws);
  addSlicesAndNoise(image, size, look, spec, draws);
  bendGreys(image, look, draws);
  const { regions, target } = painting;
  prepare(image, (voxel) => regions[voxel] !== OUTSIDE_REGION, look, spec, draws);
  return { image, target };
}

function drawLook({ ct, mr }: { ct: number; mr: number }, draws: Draws): Look {
  const u = draws.uniform();
  if (u < ct) return "ct";
  if (u >= ct + mr) return "random";
  return u < ct + mr / 2 ? "t1" : "t2";
}

/** The labels with all beyond a random box taken away. */
function cropped(labels: Uint8Array | Uint16Array, size: Size3, draws: Draws): Uint8Array | Uint16Array {
  const out = labels.slice();
  const box = size.map((n) => {
    const low = draws.chance(0.5) ? Math.floor(draws.uniform(0, 0.35) * n) : 0;
    const high = draws.chance(0.5) ? Math.ceil(draws.uniform(0.65, 1) * n) : n;
    return [low, high] as const;
  });
  const [nx, ny, nz] = size;
  for (let z = 0, i = 0; z < nz; z++) {
    const inside = z >= box[2]![0] && z < box[2]![1];
    for (let y = 0; y < ny; y++, i += nx) {
      if (!inside || y < box[1]![0] || y >= box[1]![1]) {
        out.fill(OUTSIDE, i, i + nx);
        continue;
      }
      out.fill(OUTSIDE, i, i + box[0]![0]);
      out.fill(OUTSIDE, i + box[0]![1], i + nx);
    }
  }
  return out;
}

/** Every region's mean with its texture, of two sizes mixed. */
function render({ regions, mean, sd, fields }: Painting, draws: Draws): Float32Array {
  const mix = draws.uniform(0, 1);
  const [, medium, small] = fields as [Float32Array, Float32Array, Float32Array];
  const image = new Float32Array(regions.length);
  // Between a field's points its deviation is lower: this brings the mixture's to about 1.
  const norm = 1.6 / Math.hypot(mix, 1 - mix);
  for (let i = 0; i < image.length; i++) {
    const region = regions[i]!;
    image[i] = mean[region]! + sd[region]! * norm * (mix * medium[i]! + (1 - mix) * small[i]!);
  }
  return image;
}
