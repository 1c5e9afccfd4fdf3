/** Points and directions in mm, as plain triples. */
export type Point = [number, number, number];

export const add = (a: Point, b: Point, factor = 1): Point => [
  a[0] + factor * b[0],
  a[1] + factor * b[1],
  a[2] + factor * b[2],
];
export const subtract = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Point, b: Point): Point => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const length = (a: Point): number => Math.hypot(a[0], a[1], a[2]);
export const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** The direction of a vector; along z for one without length. */
export function unit(a: Point): Point {
  const l = length(a);
  return l > 0 ? [a[0] / l, a[1] / l, a[2] / l] : [0, 0, 1];
}

/** Two directions that span the plane perpendicular to a direction. */
export function planeOf(direction: Point): [Point, Point] {
  const [x, y, z] = direction.map(Math.abs) as Point;
  const aside: Point = x <= y && x <= z ? [1, 0, 0] : y <= z ? [0, 1, 0] : [0, 0, 1];
  const a = unit(cross(direction, aside));
  return [a, cross(direction, a)];
}
