/** The parts of a structure that hang together, each in a box of its own. */

import type { JobOptions } from "@viscera/core";
import { type Affine, determinant, type LabelMap, type Size3, spacingOf } from "@viscera/core";
import { boundingBoxes, connectedComponents, crop, fillHoles } from "@viscera/kernels";

/** Background around a piece: what the smoothing filter reaches. */
const MARGIN = 4;

export interface Piece {
  size: Size3;
  /** Voxel of the box -> world mm. */
  affine: Affine;
  /** The piece's voxels without cavities; beyond the image's border its outermost voxels go on. */
  solid: Uint8Array;
  /** The same within the image only. */
  inside: Uint8Array;
  voxels: number;
  /** First and last voxel of the image along each axis, in the box's indices. */
  image: { first: Size3; last: Size3 };
  spacingMm: [number, number, number];
  /** Edge of the cube of a voxel's volume, mm. */
  voxelMm: number;
}

/** Pieces of a structure (26-connected) of at least `fewest` voxels, largest first, and how many were smaller. */
export async function piecesOf(
  map: LabelMap,
  id: number,
  fewest: number,
  options: JobOptions = {},
): Promise<{ pieces: Piece[]; crumbs: number; crumbVoxels: number }> {
  const extent = boundingBoxes(map.data, map.size).get(id);
  if (!extent) return { pieces: [], crumbs: 0, crumbVoxels: 0 };
  const whole = crop(map.data, map.size, extent.box);
  const mask = Uint8Array.from(whole.data, (value) => (value === id ? 1 : 0));
  const { components, voxels } = await connectedComponents(mask, whole.size, 26, options);
  const boxes = boundingBoxes(components, whole.size);
  const order = [...boxes.keys()].sort((a, b) => voxels[b]! - voxels[a]! || a - b);
  const large = order.filter((piece) => voxels[piece]! >= fewest);
  const pieces: Piece[] = [];
  for (const number of large) {
    const { box } = boxes.get(number)!;
    const part = crop(components, whole.size, box);
    const origin = box.min.map((low, axis) => low + extent.box.min[axis]!) as [number, number, number];
    pieces.push(await boxed(part.data, part.size, number, origin, map, options));
  }
  return {
    pieces,
    crumbs: order.length - large.length,
    crumbVoxels: order.slice(large.length).reduce((sum, piece) => sum + voxels[piece]!, 0),
  };
}

async function boxed(
  part: Uint32Array,
  partSize: Size3,
  number: number,
  origin: [number, number, number],
  map: LabelMap,
  options: JobOptions,
): Promise<Piece> {
  const size = partSize.map((n) => n + 2 * MARGIN) as [number, number, number];
  const first = origin.map((o) => Math.max(0, MARGIN - o)) as [number, number, number];
  const last = origin.map((o, axis) => Math.min(size[axis]! - 1, MARGIN - o + map.size[axis]! - 1)) as [
    number,
    number,
    number,
  ];
  const [nx, ny] = size;
  let raw = new Uint8Array(nx * ny * size[2]);
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        // Beyond the image the outermost voxels are repeated: a vessel that is cut there seems to go on.
        const x = clamp(i, first[0], last[0]) - MARGIN;
        const y = clamp(j, first[1], last[1]) - MARGIN;
        const z = clamp(k, first[2], last[2]) - MARGIN;
        if (x < 0 || y < 0 || z < 0 || x >= partSize[0] || y >= partSize[1] || z >= partSize[2]) continue;
        if (part[x + partSize[0] * (y + partSize[1] * z)] === number) raw[i + nx * (j + ny * k)] = 1;
      }
  raw = new Uint8Array(await fillHoles(raw, size, options));
  const inside = new Uint8Array(raw.length);
  let voxels = 0;
  for (let k = Math.max(first[2], 1); k <= Math.min(last[2], size[2] - 2); k++)
    for (let j = Math.max(first[1], 1); j <= Math.min(last[1], ny - 2); j++)
      for (let i = Math.max(first[0], 1); i <= Math.min(last[0], nx - 2); i++) {
        const v = i + nx * (j + ny * k);
        if (raw[v]) {
          inside[v] = 1;
          voxels++;
        }
      }
  const affine = [...map.affine];
  for (let row = 0; row < 3; row++)
    for (let axis = 0; axis < 3; axis++)
      affine[4 * row + 3]! += map.affine[4 * row + axis]! * (origin[axis]! - MARGIN);
  return {
    size,
    affine,
    solid: raw,
    inside,
    voxels,
    image: { first, last },
    spacingMm: spacingOf(affine),
    voxelMm: Math.cbrt(Math.abs(determinant(affine))),
  };
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
