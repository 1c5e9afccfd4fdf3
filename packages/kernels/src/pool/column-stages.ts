import type { Size3 } from "@viscera/core";
import type { Stage } from "./stage.js";

/** Neighbouring columns that a kernel takes at once: a cache line of floats. */
const BLOCK = 16;

/**
 * Stages that call `columns` for all columns along j, then along k, of a float image at address `data`; `extra` gives
 * the parameters that follow the geometry.
 */
export function columnStages(
  name: string,
  data: number,
  [nx, ny, nz]: Size3,
  extra: (axis: 1 | 2) => number[],
): [Stage, Stage] {
  const row = 4 * nx;
  const plane = row * ny;
  const blocks = Math.ceil(nx / BLOCK);
  return [
    {
      name,
      call: "columns",
      count: blocks * nz,
      parameters: [data, nx, blocks, plane, ny, row, ...extra(1)],
    },
    {
      name,
      call: "columns",
      count: blocks * ny,
      parameters: [data, nx, blocks, row, nz, plane, ...extra(2)],
    },
  ];
}
