/**
 * Slices of a grid whose axes run right, anterior, superior. Views follow the radiological convention: the
 * patient's right is on the viewer's left, anterior is up in axial slices and left in sagittal ones.
 */
import { type Affine, applyToPoint, type Size3, type Vec3 } from "@viscera/core";
import { formatFixed } from "./numbers.js";

export type PlaneName = "axial" | "coronal" | "sagittal";
export type Axis = 0 | 1 | 2;

export interface Plane {
  name: PlaneName;
  title: string;
  /** Grid axis across the screen; its index falls from the left edge to the right. */
  across: Axis;
  /** Grid axis down the screen; its index falls from the top edge to the bottom. */
  down: Axis;
  /** Grid axis that scrolling moves along. */
  through: Axis;
  /** Letters at the left, right, top and bottom edges. */
  marks: { left: string; right: string; top: string; bottom: string };
}

export const PLANES: Record<PlaneName, Plane> = {
  axial: {
    name: "axial",
    title: "Axial",
    across: 0,
    down: 1,
    through: 2,
    marks: { left: "R", right: "L", top: "A", bottom: "P" },
  },
  coronal: {
    name: "coronal",
    title: "Coronal",
    across: 0,
    down: 2,
    through: 1,
    marks: { left: "R", right: "L", top: "S", bottom: "I" },
  },
  sagittal: {
    name: "sagittal",
    title: "Sagittal",
    across: 1,
    down: 2,
    through: 0,
    marks: { left: "A", right: "P", top: "S", bottom: "I" },
  },
};

/** Offset and steps in the voxel array that walk a slice in screen order (column by column, row by row). */
export function sliceWalk(size: Size3, plane: Plane, index: number) {
  const strides = [1, size[0], size[0] * size[1]];
  const width = size[plane.across];
  const height = size[plane.down];
  return {
    width,
    height,
    start:
      index * strides[plane.through]! +
      (width - 1) * strides[plane.across]! +
      (height - 1) * strides[plane.down]!,
    stepAcross: -strides[plane.across]!,
    stepDown: -strides[plane.down]!,
  };
}

/** Voxel under a screen position given as fractions of the slice's width and height. */
export function voxelAt(
  size: Size3,
  plane: Plane,
  index: number,
  x: number,
  y: number,
): [number, number, number] {
  const pick = (fraction: number, count: number) =>
    count - 1 - Math.min(count - 1, Math.max(0, Math.floor(fraction * count)));
  const voxel: [number, number, number] = [0, 0, 0];
  voxel[plane.across] = pick(x, size[plane.across]);
  voxel[plane.down] = pick(y, size[plane.down]);
  voxel[plane.through] = index;
  return voxel;
}

/** Screen position of a voxel's centre, as fractions of the slice's width and height. */
export function screenOf(size: Size3, plane: Plane, voxel: Vec3): [number, number] {
  return [
    (size[plane.across] - 0.5 - voxel[plane.across]) / size[plane.across],
    (size[plane.down] - 0.5 - voxel[plane.down]) / size[plane.down],
  ];
}

/** "Axial, S 104 mm": where a slice's middle lies along the world axis it is perpendicular to. */
export function sliceCaption(affine: Affine, size: Size3, plane: Plane, index: number): string {
  const middle: [number, number, number] = [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2];
  middle[plane.through] = index;
  const mm = applyToPoint(affine, middle)[plane.through];
  return `${plane.title}, ${"RAS"[plane.through]} ${formatFixed(mm, 0)} mm`.replace(
    /([RAS]) −/,
    (_, letter: string) => `${{ R: "L", A: "P", S: "I" }[letter]} `,
  );
}
