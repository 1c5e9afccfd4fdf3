/** Cropping to what is not zero, as nnU-Net does before it normalises. */
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
 * inside count as part of the body (scipy's binary_fill_holes). `dims` are those of the box above: around it
 * everything is 0, so that its border is as good as the image's.
 */
export function outsideMask(channels: readonly Float32Array[], dims: Dims3): Uint8Array {
  const [n0, n1, n2] = dims;
  const empty = new Uint8Array(sizeOfDims(dims)).fill(1);
  for (const data of channels) for (let v = 0; v < empty.length; v++) if (data[v] !== 0) empty[v] = 0;
  // 1 is empty and not reached yet, 2 is outside.
  const stack: number[] = [];
  const visit = (v: number) => {
    if (empty[v] !== 1) return;
    empty[v] = 2;
    stack.push(v);
  };
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++) {
      const row = n2 * (j + n1 * i);
      if (i === 0 || i === n0 - 1 || j === 0 || j === n1 - 1) for (let k = 0; k < n2; k++) visit(row + k);
      else {
        visit(row);
        visit(row + n2 - 1);
      }
    }
  while (stack.length > 0) {
    const v = stack.pop()!;
    const k = v % n2;
    const j = Math.floor(v / n2) % n1;
    if (k > 0) visit(v - 1);
    if (k < n2 - 1) visit(v + 1);
    if (j > 0) visit(v - n2);
    if (j < n1 - 1) visit(v + n2);
    if (v >= n1 * n2) visit(v - n1 * n2);
    if (v < n1 * n2 * (n0 - 1)) visit(v + n1 * n2);
  }
  for (let v = 0; v < empty.length; v++) empty[v] = empty[v] === 2 ? 1 : 0;
  return empty;
}
