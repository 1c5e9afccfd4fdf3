/** Shapes that the still and the live chart share: areas of bands, marks of points, opacities. */
import type { ChartBand } from "./charts.js";

export const DASHES = [[], [7, 4], [2, 3]] as const;

/** Opacity of a band itself; those around it show through. */
export const bandOpacity = (depth: number): number => Math.min(0.35, 0.17 + 0.06 * depth);

/** Opacity that a band ends up with over those around it. */
export function stackedOpacity(depth: number): number {
  let clear = 1;
  for (let d = 0; d <= depth; d++) clear *= 1 - bandOpacity(d);
  return 1 - clear;
}

/**
 * Outlines x0 y0 x1 y1 ... of a band, one for each stretch without gaps. `floor`: on a logarithmic axis, the value
 * that stands for 0 and less; null on a linear one.
 */
export function bandOutlines(
  x: readonly number[],
  { low, high }: Pick<ChartBand, "low" | "high">,
  px: (x: number) => number,
  py: (y: number) => number,
  floor: number | null,
): number[][] {
  const outlines: number[][] = [];
  let above: number[] = [];
  let below: number[] = [];
  const close = () => {
    if (above.length > 2) {
      const back: number[] = [];
      for (let i = below.length - 2; i >= 0; i -= 2) back.push(below[i]!, below[i + 1]!);
      outlines.push([...above, ...back]);
    }
    above = [];
    below = [];
  };
  for (let i = 0; i < x.length; i++) {
    const whole = Number.isFinite(x[i]) && Number.isFinite(low[i]) && Number.isFinite(high[i]);
    if (!whole || (floor !== null && high[i]! <= 0)) {
      close();
      continue;
    }
    const bottom = floor === null ? low[i]! : Math.max(low[i]!, floor);
    above.push(px(x[i]!), py(Math.max(high[i]!, bottom)));
    below.push(px(x[i]!), py(bottom));
  }
  close();
  return outlines;
}

/** Marks that differ in shape, too: a filled dot, a square, a plus, a cross. */
export const MARKS = ["dot", "square", "plus", "cross"] as const;
export type Mark = (typeof MARKS)[number];
/** Half of a mark's size in pixels. */
export const MARK_SIZE = { dot: 2.6, square: 2.4, plus: 3.6, cross: 2.9 } as const satisfies Record<
  Mark,
  number
>;

export const markOf = (n: number): Mark => MARKS[n % MARKS.length]!;
