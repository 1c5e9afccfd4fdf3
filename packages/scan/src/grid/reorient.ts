import {
  type Affine,
  applyToPoint,
  axesOf,
  type Grid,
  multiply,
  type Size3,
  usageError,
  type Vec3,
  type VoxelArray,
} from "@viscera/core";

/** An array of the same type and `length` elements. */
export function arrayLike<T extends VoxelArray>(data: T, length: number): T {
  return new (data.constructor as new (length: number) => T)(length);
}

/**
 * The image with its axes in another order and direction, so that they run along `code` ("RAS": to the right,
 * anterior, superior); no voxel changes its place in the world or its value. An image that is that way
 * already comes back as it is. Throws `usage` for a code that is none.
 */
export function reorient<T extends Grid & { data: VoxelArray }>(image: T, code: string): T {
  const target = parseCode(code);
  const current = axesOf(image.affine);
  // New axis a runs along the old axis source[a], backwards where flip[a].
  const source = target.map(({ world }) => current.findIndex((axis) => axis.world === world));
  const flip = target.map(({ sign }, a) => current[source[a]!]!.sign !== sign);
  if (source.every((old, a) => old === a) && !flip.some(Boolean)) return image;

  const size = source.map((old) => image.size[old]!) as unknown as Size3;
  const strides = [1, image.size[0], image.size[0] * image.size[1]];
  const step = source.map((old, a) => (flip[a] ? -strides[old]! : strides[old]!));
  const first = source.reduce((sum, old, a) => sum + (flip[a] ? (size[a]! - 1) * strides[old]! : 0), 0);
  const data = arrayLike(image.data, image.data.length);
  let at = 0;
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      let from = first + k * step[2]! + j * step[1]!;
      for (let i = 0; i < size[0]; i++, from += step[0]!) data[at++] = image.data[from]!;
    }
  return { ...image, size, affine: multiply(image.affine, axisMap(source, flip, size)), data };
}

/** Voxel indices of the new grid -> voxel indices of the old one. */
function axisMap(source: readonly number[], flip: readonly boolean[], size: Size3): Affine {
  const map = new Array<number>(16).fill(0);
  map[15] = 1;
  for (let a = 0; a < 3; a++) {
    map[4 * source[a]! + a] = flip[a] ? -1 : 1;
    map[4 * source[a]! + 3] = flip[a] ? size[a]! - 1 : 0;
  }
  return map;
}

function parseCode(code: string): { world: number; sign: number }[] {
  const axes = [...code].map((letter) => {
    const world = ["LR", "PA", "IS"].findIndex((pair) => pair.includes(letter));
    return { world, sign: "RAS".includes(letter) ? 1 : -1 };
  });
  if (code.length !== 3 || new Set(axes.map((a) => a.world)).size !== 3 || axes.some((a) => a.world < 0)) {
    throw usageError(`"${code}" is no orientation.`, 'Give three letters such as "RAS" or "LPI".');
  }
  return axes;
}

/** The affine of a grid whose first voxel is voxel `index` of `grid`, its steps unchanged. */
export function shiftedAffine(affine: Affine, index: Vec3): Affine {
  const [x, y, z] = applyToPoint(affine, index);
  return affine.map((value, i) => ({ 3: x, 7: y, 11: z })[i] ?? value);
}
