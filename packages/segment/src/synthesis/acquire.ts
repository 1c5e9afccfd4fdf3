/** From what lies where to a scan of it: blur, uneven sensitivity, artefacts, slices, noise. */
import type { Size3 } from "@viscera/core";
import { blur, thickSlices } from "./blur.js";
import type { Look } from "./contrast.js";
import type { Draws } from "./draws.js";
import { smoothField } from "./field.js";
import type { SynthesisSpec } from "./spec.js";

/** Spreads each border over neighbouring voxels, as the scanner's point spread does. */
export function blurBorders(image: Float32Array, size: Size3, draws: Draws): void {
  const sigma = draws.uniform(0.25, 0.75) * (draws.chance(0.15) ? 1.6 : 1);
  blur(
    image,
    size,
    size.map(() => sigma * draws.uniform(0.8, 1.2)),
  );
}

/** A smooth factor over the image as an MR's coils give; a CT is only cupped by a few HU. */
export function addBias(image: Float32Array, size: Size3, look: Look, draws: Draws): void {
  if (!draws.chance(look === "ct" ? 0.2 : 0.7)) return;
  const field = smoothField(
    draws,
    size,
    size.map((n) => n / draws.uniform(1, 3)),
  );
  const strength = look === "ct" ? draws.uniform(0, 12) : draws.uniform(0, 0.4);
  for (let i = 0; i < image.length; i++) {
    const f = strength * field[i]!;
    if (look === "ct") image[i] = image[i]! + f;
    // The exponential's series is enough for a factor between 0.3 and 3.
    else image[i] = image[i]! * (f < 0 ? 1 / (1 - f + 0.5 * f * f) : 1 + f + 0.5 * f * f);
  }
}

export function addArtefacts(
  image: Float32Array,
  size: Size3,
  look: Look,
  spec: SynthesisSpec,
  draws: Draws,
): void {
  const unit = look === "ct" ? 300 : 1;
  if (look === "ct" || look === "random") {
    if (draws.chance(spec.artefacts)) addStreaks(image, size, unit, draws);
    if (draws.chance(spec.artefacts)) addRings(image, size, unit, draws);
  }
  if (look !== "ct") {
    if (draws.chance(spec.artefacts)) addGhost(image, size, draws);
    if (draws.chance(spec.artefacts)) addSpike(image, size, draws);
  }
}

/** Bright and dark rays from a point over some slices, as metal or shoulders give. */
function addStreaks(image: Float32Array, size: Size3, unit: number, draws: Draws): void {
  const [nx, ny, nz] = size;
  const cx = draws.uniform(0, nx);
  const cy = draws.uniform(0, ny);
  const first = draws.integer(nz);
  const last = Math.min(nz, first + 2 + draws.integer(14));
  const strength = unit * draws.uniform(0.1, 0.8);
  const rays = 2 + draws.integer(12);
  const phase = draws.uniform(0, 2 * Math.PI);
  const uneven = draws.uniform(0, 2 * Math.PI);
  for (let z = first; z < last; z++) {
    for (let y = 0, i = z * nx * ny; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const angle = Math.atan2(y - cy, x - cx);
        const ray = Math.sin(rays * angle + phase) * Math.sin(3 * angle + uneven);
        image[i] = image[i]! + (strength * ray * ray * ray) / (1 + Math.hypot(x - cx, y - cy) / 12);
      }
    }
  }
}

function addRings(image: Float32Array, size: Size3, unit: number, draws: Draws): void {
  const [nx, ny, nz] = size;
  const cx = nx * draws.uniform(0.2, 0.8);
  const cy = ny * draws.uniform(0.2, 0.8);
  const period = draws.uniform(2.5, 8);
  const phase = draws.uniform(0, 2 * Math.PI);
  const strength = unit * draws.uniform(0.02, 0.12);
  const slice = new Float32Array(nx * ny);
  for (let y = 0, i = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++, i++) {
      const radius = Math.hypot(x - cx, y - cy);
      slice[i] = (strength * Math.sin((2 * Math.PI * radius) / period + phase)) / (1 + radius / 20);
    }
  }
  for (let z = 0, i = 0; z < nz; z++)
    for (let j = 0; j < slice.length; j++, i++) image[i] = image[i]! + slice[j]!;
}

/** Faint copies of the image shifted along one axis: movement between an MR's phase-encoding steps. */
function addGhost(image: Float32Array, size: Size3, draws: Draws): void {
  const axis = draws.integer(3);
  const stride = size.slice(0, axis).reduce((a, b) => a * b, 1);
  const n = size[axis]!;
  const shift = Math.max(1, Math.round(n / (2 + draws.integer(4))));
  const strength = draws.uniform(0.05, 0.3);
  const source = image.slice();
  for (let i = 0; i < image.length; i++) {
    const at = Math.floor(i / stride) % n;
    const from = i + (at >= shift ? -shift : n - shift) * stride;
    image[i] = (1 - strength) * source[i]! + strength * source[from]!;
  }
}

/** One wave over the image: a spark in an MR's raw data. */
function addSpike(image: Float32Array, size: Size3, draws: Draws): void {
  const [nx, ny, nz] = size;
  const [kx, ky, kz] = [draws.uniform(-1.5, 1.5), draws.uniform(-1.5, 1.5), draws.uniform(-1.5, 1.5)];
  const phase = draws.uniform(0, 2 * Math.PI);
  const strength = draws.uniform(0.02, 0.15);
  for (let z = 0, i = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++, i++)
        image[i] = image[i]! + strength * Math.cos(kx * x + ky * y + kz * z + phase);
}

/** Noise before or after the image is cut into thick slices, and those slices. */
export function addSlicesAndNoise(
  image: Float32Array,
  size: Size3,
  look: Look,
  spec: SynthesisSpec,
  draws: Draws,
): void {
  const noisyFirst = draws.chance(0.5);
  if (noisyFirst) addNoise(image, size, look, draws);
  if (draws.chance(spec.lowResolution)) {
    const axis = draws.chance(0.6) ? 2 : draws.integer(3);
    const factor = draws.uniform(1.2, draws.chance(0.3) ? 4 : 2.2);
    thickSlices(image, size, axis, factor, { nearest: draws.chance(0.2), shift: draws.uniform() });
  }
  if (!noisyFirst) addNoise(image, size, look, draws);
}

/** Gaussian noise, with a grain or without; half of the MR-like images have the magnitude's (Rician) noise. */
function addNoise(image: Float32Array, size: Size3, look: Look, draws: Draws): void {
  const range = look === "ct" ? ([3, 30] as const) : ([0.004, 0.1] as const);
  const strength = Math.exp(draws.uniform(Math.log(range[0]), Math.log(range[1])));
  const noise = draws.fillNormal(new Float32Array(image.length));
  const rician = look !== "ct" && draws.chance(0.5);
  if (draws.chance(0.4)) {
    const grain = draws.uniform(0.35, 0.8);
    blur(noise, size, [grain, grain, 0.5 * grain]);
    let squares = 0;
    const stride = Math.max(1, Math.floor(noise.length / 4096));
    let count = 0;
    for (let i = 0; i < noise.length; i += stride, count++) squares += noise[i]! ** 2;
    const scale = Math.sqrt(count / Math.max(1e-9, squares));
    for (let i = 0; i < noise.length; i++) noise[i] = noise[i]! * scale;
  }
  if (!rician) {
    for (let i = 0; i < image.length; i++) image[i] = image[i]! + strength * noise[i]!;
    return;
  }
  const imaginary = draws.fillNormal(new Float32Array(image.length));
  for (let i = 0; i < image.length; i++) {
    const real = image[i]! + strength * noise[i]!;
    const other = strength * imaginary[i]!;
    image[i] = Math.sqrt(real * real + other * other);
  }
}
