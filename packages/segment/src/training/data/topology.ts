/**
 * Depth, strides and kernels of a U-Net for a patch, by nnU-Net's rule (Isensee et al. 2021,
 * doi:10.1038/s41592-020-01008-z): an axis is halved while at least 4 voxels remain and its voxel is less than twice
 * the finest one of the axes that can still be halved; kernels are 1 along an axis until its voxel is less than twice
 * the finest.
 */
import type { Size3, Vec3 } from "@viscera/core";

const SMALLEST_EDGE = 4;

export interface Topology {
  /** Stride of every stage along [x, y, z]; the first is 1. */
  strides: Size3[];
  /** Kernel of every stage along [x, y, z]. */
  kernels: Size3[];
  /** What a patch has to be divisible by. */
  divisor: Size3;
  /** The patch, widened to be divisible. */
  patch: Size3;
}

export function topologyOf(patch: Size3, spacingMm: Vec3): Topology {
  const spacing: number[] = [...spacingMm];
  const size: number[] = [...patch];
  const kernel = [1, 1, 1];
  const strides: Size3[] = [[1, 1, 1]];
  const kernels: Size3[] = [];
  for (;;) {
    const large = [0, 1, 2].filter((axis) => size[axis]! >= 2 * SMALLEST_EDGE);
    if (large.length === 0) break;
    const finest = Math.min(...large.map((axis) => spacing[axis]!));
    const halved = large.filter((axis) => spacing[axis]! / finest < 2);
    if (halved.length === 1 && size[halved[0]!]! < 3 * SMALLEST_EDGE) break;
    const finestOfAll = Math.min(...spacing);
    // Once an axis has a kernel of 3, it keeps it.
    for (const axis of [0, 1, 2]) if (spacing[axis]! / finestOfAll < 2) kernel[axis] = 3;
    kernels.push([...kernel] as unknown as Size3);
    strides.push([0, 1, 2].map((axis) => (halved.includes(axis) ? 2 : 1)) as unknown as Size3);
    for (const axis of halved) {
      spacing[axis]! *= 2;
      size[axis] = Math.ceil(size[axis]! / 2);
    }
  }
  kernels.push([3, 3, 3]);
  const divisor = [0, 1, 2].map((axis) => strides.reduce((product, s) => product * s[axis]!, 1));
  return {
    strides,
    kernels,
    divisor: divisor as unknown as Size3,
    patch: patch.map((n, axis) => divisor[axis]! * Math.ceil(n / divisor[axis]!)) as unknown as Size3,
  };
}

/** Every axis halved `times` times, with kernels of 3, whatever the voxels. */
export function evenTopology(patch: Size3, times: number): Topology {
  const divisor = 2 ** times;
  return {
    strides: Array.from({ length: times + 1 }, (_, stage) => (stage === 0 ? [1, 1, 1] : [2, 2, 2]) as Size3),
    kernels: Array.from({ length: times + 1 }, () => [3, 3, 3] as Size3),
    divisor: [divisor, divisor, divisor],
    patch: patch.map((n) => divisor * Math.ceil(n / divisor)) as unknown as Size3,
  };
}
