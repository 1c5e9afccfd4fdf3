import { type Affine, inputError, isSingular, type Size3 } from "@viscera/core";

/** Voxels an image may have at most: what 32-bit indices can name. */
const MOST_VOXELS = 2 ** 31 - 1;

/**
 * The three sizes of an image of any number of dimensions: missing ones are 1, trailing ones must be 1.
 * Throws `input.size` for sizes that no image has and `input.4d` for a fourth dimension.
 */
export function sizeOf(dimensions: readonly number[], name: string): Size3 {
  const listed = dimensions.join("x");
  if (dimensions.length === 0 || dimensions.some((n) => !Number.isInteger(n) || n < 1)) {
    throw inputError(
      "size",
      `${name} has no usable size in its header (${listed || "none"}).`,
      "The header is damaged: export the image again from where it came from.",
    );
  }
  if (dimensions.slice(3).some((n) => n > 1)) {
    throw inputError(
      "4d",
      `${name} has ${dimensions.length} dimensions (${listed}); a single 3D image is needed.`,
      "Take one volume out of it (one time point or one component) and save that as a 3D file.",
    );
  }
  const size: Size3 = [dimensions[0]!, dimensions[1] ?? 1, dimensions[2] ?? 1];
  if (size[0] * size[1] * size[2] > MOST_VOXELS) {
    throw inputError(
      "size",
      `${name} claims ${listed} voxels, more than an image can have here (2147483647).`,
      "The header is damaged, or the image must be cropped or resampled first.",
    );
  }
  return size;
}

/** Throws `input.affine` when voxels have no place in the world. */
export function checkAffine(affine: Affine, name: string): Affine {
  if (isSingular(affine)) {
    throw inputError(
      "affine",
      `${name} does not say where its voxels lie: its orientation matrix cannot be inverted.`,
      "Repair the header, for example by copying the orientation from the image it belongs to.",
    );
  }
  return affine;
}

/**
 * Affine from the direction (unit vector times spacing) of each axis and the position of the first voxel,
 * both in `frame`; axes that an image lacks get the missing direction at 1 mm.
 */
export function affineFromDirections(
  directions: readonly (readonly number[])[],
  origin: readonly number[],
  frame: { signs: readonly [number, number, number] },
): Affine {
  const columns = directions.slice(0, 3).map((d) => [d[0] ?? 0, d[1] ?? 0, d[2] ?? 0]);
  if (columns.length === 1) columns.push(perpendicular(columns[0]!));
  if (columns.length === 2) columns.push(unit(cross(columns[0]!, columns[1]!)));
  const affine: number[] = [];
  for (let row = 0; row < 3; row++) {
    const sign = frame.signs[row]!;
    // Adding 0 turns -0 into 0.
    affine.push(...columns.map((column) => sign * column[row]! + 0), sign * (origin[row] ?? 0) + 0);
  }
  return [...affine, 0, 0, 0, 1];
}

function cross(a: readonly number[], b: readonly number[]): number[] {
  return [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
}

function unit(v: readonly number[]): number[] {
  const length = Math.hypot(...v);
  return v.map((x) => x / length);
}

function perpendicular(v: readonly number[]): number[] {
  const axis = v.map(Math.abs).indexOf(Math.min(...v.map(Math.abs)));
  return unit(
    cross(
      v,
      [0, 1, 2].map((i) => (i === axis ? 1 : 0)),
    ),
  );
}
