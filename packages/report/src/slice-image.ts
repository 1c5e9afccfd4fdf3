/** A slice as a picture: grey values through a window with the structures' colours over them. */
import type { Size3 } from "@viscera/core";
import type { DisplayImage } from "./display-grid.js";
import { type Plane, sliceWalk } from "./planes.js";
import type { Picture } from "./png.js";
import type { GreyWindow } from "./windows.js";

export interface SliceSource {
  size: Size3;
  image: DisplayImage | null;
  labels: Uint16Array | null;
  /** 3 bytes for each structure number, number 0 included. */
  palette: Uint8Array;
}

/** `#rrggbb` colours -> palette for structure numbers 1, 2, ... */
export function paletteOf(colors: readonly string[]): Uint8Array {
  const palette = new Uint8Array(3 * (colors.length + 1));
  colors.forEach((color, i) => {
    for (let c = 0; c < 3; c++)
      palette[3 * (i + 1) + c] = Number.parseInt(color.slice(1 + 2 * c, 3 + 2 * c), 16);
  });
  return palette;
}

/** One pixel a voxel, in screen order. `hidden[number]` leaves a structure's colour out. */
export function drawSlice(
  source: SliceSource,
  plane: Plane,
  index: number,
  window: GreyWindow,
  opacity: number,
  hidden: ArrayLike<unknown> = [],
): Picture {
  const { width, height, start, stepAcross, stepDown } = sliceWalk(source.size, plane, index);
  const rgba = new Uint8ClampedArray(width * height * 4);
  const { image, labels, palette } = source;
  const black = window.level - window.width / 2;
  const scale = 255 / window.width;
  let out = 0;
  for (let row = 0; row < height; row++) {
    let voxel = start + row * stepDown;
    for (let column = 0; column < width; column++, voxel += stepAcross, out += 4) {
      const grey = image
        ? Math.min(255, Math.max(0, (image.intercept + image.slope * image.data[voxel]! - black) * scale))
        : 0;
      const label = labels ? labels[voxel]! : 0;
      const alpha = label === 0 || hidden[label] ? 0 : opacity;
      rgba[out] = grey + (palette[3 * label]! - grey) * alpha;
      rgba[out + 1] = grey + (palette[3 * label + 1]! - grey) * alpha;
      rgba[out + 2] = grey + (palette[3 * label + 2]! - grey) * alpha;
      rgba[out + 3] = 255;
    }
  }
  return { width, height, rgba };
}

/**
 * Outlines of the structures in a slice by marching squares on each structure's mask: per structure number a
 * flat list x0 y0 x1 y1 of segments, in voxels from the slice's top left corner.
 */
export function sliceOutlines(
  size: Size3,
  labels: Uint16Array,
  plane: Plane,
  index: number,
): Map<number, number[]> {
  const { width, height, start, stepAcross, stepDown } = sliceWalk(size, plane, index);
  const at = (column: number, row: number) =>
    column < 0 || row < 0 || column >= width || row >= height
      ? 0
      : labels[start + column * stepAcross + row * stepDown]!;
  const outlines = new Map<number, number[]>();
  for (let row = -1; row < height; row++)
    for (let column = -1; column < width; column++) {
      const a = at(column, row);
      const b = at(column + 1, row);
      const c = at(column + 1, row + 1);
      const d = at(column, row + 1);
      if (a === b && b === c && c === d) continue;
      // Middles of the square's top, right, bottom and left sides; voxel centres are at half numbers.
      const x = column + 0.5;
      const y = row + 0.5;
      const sides = [x + 0.5, y, x + 1, y + 0.5, x + 0.5, y + 1, x, y + 0.5];
      for (const label of new Set([a, b, c, d])) {
        if (label === 0) continue;
        const inside = [a === label, b === label, c === label, d === label];
        const crossed = [0, 1, 2, 3].filter((side) => inside[side] !== inside[(side + 1) % 4]);
        let list = outlines.get(label);
        if (!list) {
          list = [];
          outlines.set(label, list);
        }
        // Four crossings: two opposite corners; each pair of sides around an inside corner is one segment.
        const pairs =
          crossed.length === 2
            ? [crossed]
            : inside[0]
              ? [
                  [3, 0],
                  [1, 2],
                ]
              : [
                  [0, 1],
                  [2, 3],
                ];
        for (const [p, q] of pairs) {
          list.push(sides[2 * p!]!, sides[2 * p! + 1]!, sides[2 * q!]!, sides[2 * q! + 1]!);
        }
      }
    }
  return outlines;
}

/**
 * Slice that shows most: most structures, then most labelled voxels, within the middle three fifths of the
 * labelled ones; the middle one without labels.
 */
export function richestSlice(size: Size3, labels: Uint16Array | null, plane: Plane): number {
  const count = size[plane.through];
  const middle = Math.floor(count / 2);
  if (!labels) return middle;
  const scores = Array.from({ length: count }, (_, index) => {
    const { width, height, start, stepAcross, stepDown } = sliceWalk(size, plane, index);
    const seen = new Set<number>();
    let labelled = 0;
    let last = 0;
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const label = labels[start + row * stepDown + column * stepAcross]!;
        if (label === 0) continue;
        labelled++;
        if (label !== last) seen.add(label);
        last = label;
      }
    return seen.size * width * height + labelled;
  });
  const first = scores.findIndex((score) => score > 0);
  const last = scores.findLastIndex((score) => score > 0);
  const margin = Math.round((last - first) / 5);
  let best = first < 0 ? middle : Math.round((first + last) / 2);
  for (let index = first + margin; first >= 0 && index <= last - margin; index++)
    if (scores[index]! > scores[best]!) best = index;
  return best;
}
