/** Hole filling by runs of background: plain TypeScript is the kernel, tested against a flood fill. */
import type { Size3 } from "@viscera/core";
import { checkImage } from "./check.js";
import type { KernelOptions } from "./options.js";
import { joinRuns } from "./runs.js";

/** 1 on nonzero voxels and on background that no 6-connected path leads from to the image border, else 0. */
export async function fillHoles(
  mask: Uint8Array,
  size: Size3,
  options: KernelOptions = {},
): Promise<Uint8Array> {
  checkImage(mask, size);
  const [nx, ny, nz] = size;
  const { row, start, end, root } = await joinRuns(mask, size, 6, true, options);
  const isOpen = new Uint8Array(root.length);
  for (let line = 0; line < ny * nz; line++) {
    const j = line % ny;
    const k = (line - j) / ny;
    const border = j === 0 || j === ny - 1 || k === 0 || k === nz - 1;
    for (let r = row[line]!; r < row[line + 1]!; r++)
      if (border || start[r] === 0 || end[r] === nx) isOpen[root[r]!] = 1;
  }
  const out = new Uint8Array(mask.length).fill(1);
  for (let line = 0; line < ny * nz; line++)
    for (let r = row[line]!; r < row[line + 1]!; r++)
      if (isOpen[root[r]!]) out.fill(0, line * nx + start[r]!, line * nx + end[r]!);
  return out;
}
