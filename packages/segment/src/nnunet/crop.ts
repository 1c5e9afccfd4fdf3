/** Cropping to what is not zero, as nnU-Net does before it normalises. */
import { fillHoles } from "@viscera/kernels";
import { type Dims3, sizeOfDims } from "./dims.js";

/** First voxel and the one after the last, per axis. */
export interface Box {
  start: Dims3;
  end: Dims3;
}

/** The smallest box that holds every voxel that is not 0 in some channel; null where all are 0. */
export function nonzeroBox(channels: readonly Float32Array[], dims: Dims3): Box | null {
  const [n0, n1, n2] = dims;
  const start = [n0, n1, n2];
  const end = [0, 0, 0];
  for (const data of channels)
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++) {
        const row = n2 * (j + n1 * i);
        let first = 0;
        while (first < n2 && data[row + first] === 0) first++;
        if (first === n2) continue;
        let last = n2 - 1;
        while (data[row + last] === 0) last--;
        if (i < start[0]!) start[0] = i;
        if (j < start[1]!) start[1] = j;
        if (first < start[2]!) start[2] = first;
        if (i >= end[0]!) end[0] = i + 1;
        if (j >= end[1]!) end[1] = j + 1;
        if (last >= end[2]!) end[2] = last + 1;
      }
  return end[0] === 0 ? null : { start: start as unknown as Dims3, end: end as unknown as Dims3 };
}

export const boxDims = ({ start, end }: Box): Dims3 => [
  end[0] - start[0],
  end[1] - start[1],
  end[2] - start[2],
];

/** A copy of the box's voxels. */
export function cropped(data: Float32Array, dims: Dims3, box: Box): Float32Array {
  const [m0, m1, m2] = boxDims(box);
  const out = new Float32Array(m0 * m1 * m2);
  for (let i = 0; i < m0; i++)
    for (let j = 0; j < m1; j++) {
      const row = box.start[2] + dims[2] * (j + box.start[1] + dims[1] * (i + box.start[0]));
      out.set(data.subarray(row, row + m2), m2 * (j + m1 * i));
    }
  return out;
}

/**
 * 1 for voxels that are 0 in every channel and connected through faces with the border of the array; holes
 * inside count as part of the body. The array is one cropped to its box: around it everything is 0.
 */
export async function outsideMask(channels: readonly Float32Array[], dims: Dims3): Promise<Uint8Array> {
  const body = new Uint8Array(sizeOfDims(dims));
  for (const data of channels) for (let v = 0; v < body.length; v++) if (data[v] !== 0) body[v] = 1;
  const filled = await fillHoles(body, [dims[2], dims[1], dims[0]]);
  for (let v = 0; v < filled.length; v++) filled[v] = 1 - filled[v]!;
  return filled;
}
