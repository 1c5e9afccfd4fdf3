/** Where windows lie along the axes of a volume, and how their overlaps are weighted. */
import type { Size3 } from "@viscera/core";

/** Python's round, which nnU-Net's positions and extents rest on: halves go to the even number. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * First voxels of the windows along one axis: evenly spread, neighbours overlapping by at least the share
 * `overlap`, the last one ending at the border. (nnU-Net, compute_steps_for_sliding_window.)
 */
export function windowStarts(extent: number, window: number, overlap: number): number[] {
  if (extent <= window) return [0];
  const span = extent - window;
  const count = Math.ceil(span / Math.max(1, window * (1 - overlap))) + 1;
  return Array.from({ length: count }, (_, i) => roundHalfEven((span * i) / (count - 1)));
}

/** Gaussian weights of one axis, standard deviation an eighth of the window, 1 at its middle voxel. */
export function gaussianWindow(window: number): Float32Array {
  const sigma = window / 8;
  const middle = Math.floor(window / 2);
  return Float32Array.from({ length: window }, (_, i) =>
    Math.exp(-((i - middle) ** 2) / (2 * sigma * sigma)),
  );
}

/** A part of a volume that is read off (`core`), and the larger part the network sees for it. */
export interface HaloWindow {
  coreStart: Size3;
  coreEnd: Size3;
  start: Size3;
  end: Size3;
}

/**
 * Tiles a volume by cores of at most `core` voxels, each seen with `halo` voxels more at every side, cut at
 * the volume's border: there the network's own zero padding does what it does for the whole volume.
 */
export function haloWindows(size: Size3, core: Size3, halo: number): HaloWindow[] {
  const pieces = size.map((extent, axis) => {
    const count = Math.ceil(extent / core[axis]!);
    return Array.from({ length: count }, (_, i) => [
      Math.floor((extent * i) / count),
      Math.floor((extent * (i + 1)) / count),
    ]);
  });
  const windows: HaloWindow[] = [];
  for (const k of pieces[2]!) {
    for (const j of pieces[1]!) {
      for (const i of pieces[0]!) {
        const coreStart: Size3 = [i[0]!, j[0]!, k[0]!];
        const coreEnd: Size3 = [i[1]!, j[1]!, k[1]!];
        const widened = (at: Size3, by: number) =>
          at.map((n, axis) => Math.min(size[axis]!, Math.max(0, n + by))) as unknown as Size3;
        windows.push({ coreStart, coreEnd, start: widened(coreStart, -halo), end: widened(coreEnd, halo) });
      }
    }
  }
  return windows;
}
