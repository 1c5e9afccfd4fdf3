/**
 * Coordinate frames. World is RAS+ millimetres (x to the patient's right, y anterior, z superior), as in
 * NIfTI. ITK and DICOM use LPS; `scan` converts once at its border. An affine maps voxel indices (i,j,k),
 * at voxel centres, to world millimetres.
 */

export type Vec3 = readonly [number, number, number];
/** Voxel counts along i (fastest in memory), j, k. */
export type Size3 = readonly [number, number, number];
/** 4x4 matrix, row-major, 16 numbers; the last row is 0 0 0 1. */
export type Affine = readonly number[];

export const IDENTITY: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** RAS <-> LPS: both negate the first two world axes. */
const FLIP_XY: Affine = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Matrix product a·b: applies b first. */
export function multiply(a: Affine, b: Affine): Affine {
  const out = new Array<number>(16).fill(0);
  for (let r = 0; r < 4; r++)
    for (let c = 0; c < 4; c++) for (let k = 0; k < 4; k++) out[r * 4 + c]! += a[r * 4 + k]! * b[k * 4 + c]!;
  return out;
}

/** Determinant of the upper-left 3x3 part: the signed voxel volume in mm^3. */
export function determinant(m: Affine): number {
  return (
    m[0]! * (m[5]! * m[10]! - m[6]! * m[9]!) -
    m[1]! * (m[4]! * m[10]! - m[6]! * m[8]!) +
    m[2]! * (m[4]! * m[9]! - m[5]! * m[8]!)
  );
}

/** True when the affine cannot be inverted to a usable precision, or holds a number that is not finite. */
export function isSingular(m: Affine): boolean {
  const scale = Math.max(...spacingOf(m));
  return !m.every(Number.isFinite) || scale === 0 || Math.abs(determinant(m)) < 1e-9 * scale ** 3;
}

/** Inverse of an affine. The caller has checked `isSingular`; a singular one gives non-finite numbers. */
export function invert(m: Affine): Affine {
  const d = 1 / determinant(m);
  const a = [
    (m[5]! * m[10]! - m[6]! * m[9]!) * d,
    (m[2]! * m[9]! - m[1]! * m[10]!) * d,
    (m[1]! * m[6]! - m[2]! * m[5]!) * d,
    (m[6]! * m[8]! - m[4]! * m[10]!) * d,
    (m[0]! * m[10]! - m[2]! * m[8]!) * d,
    (m[2]! * m[4]! - m[0]! * m[6]!) * d,
    (m[4]! * m[9]! - m[5]! * m[8]!) * d,
    (m[1]! * m[8]! - m[0]! * m[9]!) * d,
    (m[0]! * m[5]! - m[1]! * m[4]!) * d,
  ];
  const t = [0, 1, 2].map((r) => -(a[r * 3]! * m[3]! + a[r * 3 + 1]! * m[7]! + a[r * 3 + 2]! * m[11]!));
  return [a[0]!, a[1]!, a[2]!, t[0]!, a[3]!, a[4]!, a[5]!, t[1]!, a[6]!, a[7]!, a[8]!, t[2]!, 0, 0, 0, 1];
}

/** World position (or whatever the target frame is) of a point. */
export function applyToPoint(m: Affine, [x, y, z]: Vec3): [number, number, number] {
  return [
    m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
    m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
    m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
  ];
}

/** The affine with the world's first two axes negated: RAS to LPS or LPS to RAS. */
export function flipRasLps(m: Affine): Affine {
  return multiply(FLIP_XY, m);
}

/** Distance between neighbouring voxel centres along i, j, k, in mm: the lengths of the columns. */
export function spacingOf(m: Affine): [number, number, number] {
  return [0, 1, 2].map((c) => Math.hypot(m[c]!, m[4 + c]!, m[8 + c]!)) as [number, number, number];
}

/** Diagonal affine from spacing (mm) and the world position of voxel (0,0,0). */
export function affineOf(spacingMm: Vec3, originMm: Vec3 = [0, 0, 0]): Affine {
  const [sx, sy, sz] = spacingMm;
  return [sx, 0, 0, originMm[0], 0, sy, 0, originMm[1], 0, 0, sz, originMm[2], 0, 0, 0, 1];
}

/**
 * For each voxel axis the world axis it runs along most closely and its direction, as a one-to-one
 * assignment (oblique axes that share a closest world axis are resolved by the largest cosine first).
 */
export function axesOf(m: Affine): [AxisDirection, AxisDirection, AxisDirection] {
  const spacing = spacingOf(m);
  const cosines: { voxel: number; world: number; cosine: number }[] = [];
  for (let voxel = 0; voxel < 3; voxel++)
    for (let world = 0; world < 3; world++)
      cosines.push({ voxel, world, cosine: m[world * 4 + voxel]! / (spacing[voxel] || 1) });
  cosines.sort((a, b) => Math.abs(b.cosine) - Math.abs(a.cosine) || a.voxel - b.voxel || a.world - b.world);
  const out: (AxisDirection | undefined)[] = [undefined, undefined, undefined];
  const taken = [false, false, false];
  for (const { voxel, world, cosine } of cosines) {
    if (out[voxel] || taken[world]) continue;
    out[voxel] = { world: world as 0 | 1 | 2, sign: cosine < 0 ? -1 : 1 };
    taken[world] = true;
  }
  return out as [AxisDirection, AxisDirection, AxisDirection];
}

export interface AxisDirection {
  /** 0 left-right, 1 posterior-anterior, 2 inferior-superior. */
  world: 0 | 1 | 2;
  /** 1 when the index grows towards R, A or S. */
  sign: 1 | -1;
}

/** Orientation code as NIfTI tools print it: "RAS" when i, j, k grow to the right, anterior, superior. */
export function orientationOf(m: Affine): string {
  const codes = ["LR", "PA", "IS"];
  return axesOf(m)
    .map(({ world, sign }) => codes[world]![sign === 1 ? 1 : 0])
    .join("");
}

/** True when two grids hold the same voxels: equal size and affines equal to `toleranceMm` at every corner. */
export function sameGrid(
  a: { size: Size3; affine: Affine },
  b: { size: Size3; affine: Affine },
  toleranceMm = 1e-2,
): boolean {
  if (a.size.some((n, axis) => n !== b.size[axis])) return false;
  for (let corner = 0; corner < 8; corner++) {
    const index: Vec3 = [
      corner & 1 ? a.size[0] - 1 : 0,
      corner & 2 ? a.size[1] - 1 : 0,
      corner & 4 ? a.size[2] - 1 : 0,
    ];
    const p = applyToPoint(a.affine, index);
    const q = applyToPoint(b.affine, index);
    if (Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) > toleranceMm) return false;
  }
  return true;
}
