/**
 * From tissues to intensities, slice by slice: the tissue's mean and texture, the scanner's blur in the slice
 * and its slice profile across slices, then noise. Memory is a few slices beside the output.
 */
import { philox4x32, RandomStream } from "@viscera/core";
import type { Body } from "./body.js";
import { NoiseField } from "./noise-field.js";
import type { PhantomParameters } from "./parameters.js";
import type { Canvas } from "./rasterise.js";
import { LUNG_LOBES, MATERIALS, type Material, TISSUES } from "./tissues.js";

/** Repetition and echo times in ms: spin echoes. */
const SEQUENCES = { "MR-T1": { tr: 420, te: 8 }, "MR-T2": { tr: 3500, te: 85 } };
const MR_RANGE = 1000;

/** Spin-echo signal equation, scaled so that pure fat or fluid comes near 1000. */
function mrSignal({ t1, t2, protons }: Material, { tr, te }: { tr: number; te: number }): number {
  return 1.35 * MR_RANGE * protons * (1 - Math.exp(-tr / t1)) * Math.exp(-te / t2);
}

/** Normalised Gaussian weights, odd count, for a standard deviation in voxels. */
function gaussianWeights(sigma: number): Float32Array {
  const reach = sigma < 0.25 ? 0 : Math.ceil(3 * sigma);
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    reach === 0 ? 1 : Math.exp(-0.5 * ((i - reach) / sigma) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((x) => x / sum);
}

/** Weights of a box of `width` voxels sampled at voxel steps: the slice profile. */
function boxWeights(width: number): Float32Array {
  const reach = Math.max(0, Math.ceil((width - 1) / 2 - 1e-6));
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.max(0, Math.min(1, width / 2 + 0.5 - Math.abs(i - reach))),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((x) => x / sum);
}

/** Separable blur of a slice in place; edges repeat. */
function blurSlice(
  slice: Float32Array,
  spare: Float32Array,
  nx: number,
  ny: number,
  wx: Float32Array,
  wy: Float32Array,
): void {
  const rx = (wx.length - 1) / 2;
  const ry = (wy.length - 1) / 2;
  if (rx > 0) {
    for (let j = 0; j < ny; j++) {
      const row = j * nx;
      for (let i = 0; i < nx; i++) {
        let sum = 0;
        if (i >= rx && i < nx - rx) for (let t = -rx; t <= rx; t++) sum += wx[t + rx]! * slice[row + i + t]!;
        else
          for (let t = -rx; t <= rx; t++)
            sum += wx[t + rx]! * slice[row + Math.min(nx - 1, Math.max(0, i + t))]!;
        spare[row + i] = sum;
      }
    }
    slice.set(spare);
  }
  if (ry > 0) {
    spare.fill(0);
    for (let j = 0; j < ny; j++)
      for (let t = -ry; t <= ry; t++) {
        const from = Math.min(ny - 1, Math.max(0, j + t)) * nx;
        const weight = wy[t + ry]!;
        for (let i = 0, to = j * nx; i < nx; i++, to++) spare[to]! += weight * slice[from + i]!;
      }
    slice.set(spare);
  }
}

/** White noise of unit variance: sums of four bytes, which filtering makes Gaussian. */
function whiteNoise(out: Float32Array, key: Uint32Array, slice: number): void {
  const counter = new Uint32Array([0, 0, slice, 0]);
  const words = new Uint32Array(4);
  // Variance of the sum of four uniform bytes: 4 (256^2 - 1) / 12.
  const scale = 1 / Math.sqrt((65536 - 1) / 3);
  for (let i = 0; i < out.length; i += 4) {
    counter[0] = i >>> 2;
    philox4x32(counter, key, words);
    const end = Math.min(4, out.length - i);
    for (let n = 0; n < end; n++) {
      const word = words[n]!;
      const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
      out[i + n] = (sum - 510) * scale;
    }
  }
}

/** Standard deviation of a white unit field after this separable filter. */
function filteredDeviation(weights: Float32Array): number {
  return Math.sqrt(weights.reduce((sum, x) => sum + x * x, 0));
}

export class IntensityMaker {
  readonly canvas: Canvas;
  readonly body: Body;
  readonly parameters: PhantomParameters;
  readonly #mean = new Float32Array(256);
  readonly #texture = new Float32Array(256);
  readonly #bone = new Uint8Array(256);
  readonly #lung = new Uint8Array(256);
  readonly #fine: NoiseField;
  readonly #coarse: NoiseField;
  readonly #noiseKey: Uint32Array;
  readonly #cortex: number;
  readonly #isCt: boolean;
  readonly #bias: (x: number, y: number, z: number) => number;

  constructor(canvas: Canvas, body: Body, parameters: PhantomParameters, ageYears: number) {
    this.canvas = canvas;
    this.body = body;
    this.parameters = parameters;
    const { seed, modality, phase } = parameters;
    this.#isCt = modality === "CT";
    const random = new RandomStream(seed, "phantom.scanner");
    this.#fine = new NoiseField(seed, "phantom.texture-fine");
    this.#coarse = new NoiseField(seed, "phantom.texture-coarse");
    this.#noiseKey = Uint32Array.of(random.integer(4294967296, 1), random.integer(4294967296, 2));
    const person = new RandomStream(seed, "phantom.tissue-values");
    const steatosis = Math.max(0, person.normal(1) - 0.8) * 14;
    const signalOf = (material: Material, bone: boolean) => {
      if (modality !== "CT") return mrSignal(material, SEQUENCES[modality]);
      const hu = phase === "native" ? material.native : material.portal;
      // Marrow bone thins with age: L1 by 2.5 HU a year (Jang 2019, Radiology 291:360); 1.9 for all is a choice.
      return bone ? hu - 1.9 * (ageYears - 50) : hu;
    };
    const air = signalOf(MATERIALS.air, false);
    this.#mean.fill(air);
    for (const { id, material, name } of TISSUES.values()) {
      const bone = material === "boneMarrow";
      let value = signalOf(MATERIALS[material], bone && this.#isCt);
      if (this.#isCt && material === "liver") value -= steatosis;
      // People differ a little from the table.
      if (material !== "gas") value += person.normal(2, id) * (this.#isCt ? 2 : 0.03 * value);
      if (name.startsWith("vertebrae")) value += this.#isCt ? 10 : 0;
      this.#mean[id] = value;
      const own = MATERIALS[material].texture;
      this.#texture[id] = 3 * (this.#isCt ? own : (own / 100) * Math.max(60, value) * 0.9);
      if (bone) this.#bone[id] = 1;
    }
    for (const lobe of LUNG_LOBES) this.#lung[lobe] = 1;
    this.#cortex = signalOf(MATERIALS.boneCortex, false);
    const slopes = [3, 4, 5].map((i) => 0.12 * random.normal(i));
    const fov = canvas.size.map((n, axis) => n * canvas.spacing[axis]!);
    this.#bias = (x, y, z) => {
      const [bx, by, bz] = [x / fov[0]! - 0.5, y / fov[1]! - 0.5, z / fov[2]! - 0.5];
      return Math.exp(
        slopes[0]! * 2 * bx + slopes[1]! * 2 * by + slopes[2]! * 2 * bz + 0.35 * (bx * bx + by * by),
      );
    };
  }

  /** Noise-free and unblurred intensities of slice k; slices outside repeat the nearest. */
  #ideal(k: number, out: Float32Array): void {
    const { size, spacing, origin, tissue } = this.canvas;
    const [nx, ny, nz] = size;
    const kk = Math.min(nz - 1, Math.max(0, k));
    const plane = nx * ny;
    const base = kk * plane;
    const z = origin[2] + kk * spacing[2];
    const cortexShare = Math.min(1, 1.6 / Math.max(...spacing));
    const isCt = this.#isCt;
    const boneRow = (i: number, dj: number) => this.#bone[tissue[i + dj]!] === 1;
    for (let j = 0; j < ny; j++) {
      const y = origin[1] + j * spacing[1];
      for (let i = 0; i < nx; i++) {
        const at = base + i + nx * j;
        const id = tissue[at]!;
        let value = this.#mean[id]!;
        if (id !== 0) {
          const x = origin[0] + i * spacing[0];
          const texture = this.#texture[id]!;
          if (this.#lung[id] === 1) {
            // Lung is denser where it hangs lowest: behind, in a person lying on the back.
            const low = (20 - y) / 110;
            value += isCt ? 24 * low : 0.15 * low * value;
          }
          value +=
            texture *
            (0.62 * this.#fine.at(x / 5.5, y / 5.5, z / 5.5) + 0.5 * this.#coarse.at(x / 17, y / 17, z / 17));
          if (this.#bone[id] === 1) {
            const inside =
              (i === 0 || boneRow(at, -1)) &&
              (i === nx - 1 || boneRow(at, 1)) &&
              (j === 0 || boneRow(at, -nx)) &&
              (j === ny - 1 || boneRow(at, nx)) &&
              (kk === 0 || boneRow(at, -plane)) &&
              (kk === nz - 1 || boneRow(at, plane));
            if (!inside) value += cortexShare * (this.#cortex - value) * 0.75;
          }
          if (!isCt) value *= this.#bias(i * spacing[0], j * spacing[1], kk * spacing[2]);
        }
        out[i + nx * j] = value;
      }
    }
    if (isCt && this.parameters.couch) this.#couch(base, out);
  }

  /** A curved carbon shell with a foam core, just behind the back. */
  #couch(base: number, out: Float32Array): void {
    const { size, spacing, origin, tissue } = this.canvas;
    const [nx, ny] = size;
    let back = Number.POSITIVE_INFINITY;
    for (const w of [-60, 60, 180, 240]) {
      const { centre, b } = this.body.skin(w);
      back = Math.min(back, (centre - b) * this.body.scale[1]);
    }
    for (let i = 0; i < nx; i++) {
      const x = Math.abs(origin[0] + i * spacing[0]);
      if (x > 235) continue;
      const top = back - 4 + (x / 235) ** 2 * 22;
      const bottom = back - 42 + (x / 235) ** 4 * 46;
      for (let j = 0; j < ny; j++) {
        const at = i + nx * j;
        if (tissue[base + at] !== 0) continue;
        const y = origin[1] + j * spacing[1];
        if (y > top + 1 || y < bottom) continue;
        const shell = top - y < 2.2 || y - bottom < 2.2;
        out[at] = shell ? -180 : -930;
      }
    }
  }

  /** Writes slices `from` to `to` (exclusive) into `out`, a whole Int16 volume. */
  writer(out: Int16Array): (from: number, to: number) => void {
    const { size, spacing } = this.canvas;
    const { blurMm, noiseHu, sliceThicknessMm } = this.parameters;
    const [nx, ny] = size;
    const plane = nx * ny;
    // Never sharper than the grid: a bit of blur stands for the partial volumes at borders.
    const sigma = [0, 1].map((axis) => Math.hypot(blurMm / spacing[axis]!, 0.42));
    const wx = gaussianWeights(sigma[0]!);
    const wy = gaussianWeights(sigma[1]!);
    const thickness = Math.max(spacing[2], sliceThicknessMm ?? spacing[2]);
    const profile = boxWeights(thickness / spacing[2]);
    const reach = (profile.length - 1) / 2;
    // A soft kernel: low-pass at 0.8 mm less a wide low-pass, so that noise has grain but no clouds.
    const [nx1, ny1] = [0, 1].map((axis) => gaussianWeights(0.8 / spacing[axis]!)) as [
      Float32Array,
      Float32Array,
    ];
    const grain = filteredDeviation(nx1) * filteredDeviation(ny1);
    const amplitude = (this.#isCt ? noiseHu : noiseHu * 0.8) / grain / filteredDeviation(profile);
    const ring = Array.from({ length: profile.length }, () => new Float32Array(plane));
    const spare = new Float32Array(plane);
    const noise = new Float32Array(plane);
    const ready = new Int32Array(profile.length).fill(-(2 ** 30));
    const slot = (k: number) => ((k % ring.length) + ring.length) % ring.length;
    const load = (k: number) => {
      const s = slot(k);
      if (ready[s] === k) return;
      ready[s] = k;
      const slice = ring[s]!;
      this.#ideal(k, slice);
      blurSlice(slice, spare, nx, ny, wx, wy);
      if (noiseHu > 0) {
        whiteNoise(noise, this.#noiseKey, k + 1024);
        blurSlice(noise, spare, nx, ny, nx1, ny1);
        this.#addNoise(slice, noise, amplitude);
      }
    };
    const low = this.#isCt ? -1024 : 0;
    return (from, to) => {
      for (let k = from; k < to; k++) {
        spare.fill(0);
        for (let t = -reach; t <= reach; t++) load(k + t);
        const base = k * plane;
        if (profile.length === 1) {
          const slice = ring[slot(k)]!;
          for (let i = 0; i < plane; i++)
            out[base + i] = Math.max(low, Math.min(3071, Math.round(slice[i]!)));
          continue;
        }
        spare.fill(0);
        for (let t = -reach; t <= reach; t++) {
          const weight = profile[t + reach]!;
          const slice = ring[slot(k + t)]!;
          for (let i = 0; i < plane; i++) spare[i]! += weight * slice[i]!;
        }
        for (let i = 0; i < plane; i++) out[base + i] = Math.max(low, Math.min(3071, Math.round(spare[i]!)));
      }
    };
  }

  /** Most noise in the middle of the body, where fewest photons arrive; an MR's is even. */
  #addNoise(slice: Float32Array, noise: Float32Array, amplitude: number): void {
    const { size, spacing, origin } = this.canvas;
    const [nx, ny] = size;
    for (let j = 0; j < ny; j++) {
      const y = (origin[1] + j * spacing[1]) / 130;
      for (let i = 0; i < nx; i++) {
        const x = (origin[0] + i * spacing[0]) / 180;
        const local = this.#isCt ? amplitude * (0.55 + 0.5 / (1 + x * x + y * y)) : amplitude;
        slice[i + nx * j]! += local * noise[i + nx * j]!;
      }
    }
  }
}
