/**
 * Cuts through a vessel perpendicular to its course. The outline is followed on the blurred mask at 0.5. Blur moves an
 * outline of any shape inwards as curve shortening does, which takes pi times the blur's variance from its area
 * (Gage, Duke Mathematical Journal 50, 1983): so much is given back. A vessel too thin to have an outline after
 * blurring is measured by what the blurred mask sums to in the plane, which blur does not change.
 */
import type { SmoothSurface } from "./signed-distance.js";
import { add, type Point, planeOf } from "./vector.js";

const RAYS = 32;
/** An outline further away than this many radii belongs to something else. */
const REACH = 3.5;

export interface Section {
  centre: Point;
  areaMm2: number;
  /** Of the circle of that area. */
  radiusMm: number;
  /** From the centre to the nearest point of the outline. */
  inscribedMm: number;
  /** From the centre to the furthest. */
  widestMm: number;
  /** True where no outline was found and the mask was summed up. */
  thin: boolean;
  /** Rays that met no wall within reach. */
  open: number;
}

/** The cut at a point, perpendicular to a unit direction; `radiusMm` is roughly the vessel's. */
export function sectionAt(
  surface: SmoothSurface,
  voxelMm: number,
  position: Point,
  direction: Point,
  radiusMm: number,
): Section | null {
  const variance = surface.blurAcross(direction);
  const outline = outlineAt(surface, voxelMm, position, direction, radiusMm, variance);
  if (outline && outline.areaMm2 > 3 * Math.PI * variance) return outline;
  return summedAt(surface, voxelMm, position, direction, radiusMm);
}

function outlineAt(
  { occupancy }: SmoothSurface,
  voxelMm: number,
  position: Point,
  direction: Point,
  radiusMm: number,
  variance: number,
): Section | null {
  const here = occupancy.at(position);
  if (here < 0.5) return null;
  const [a, b] = planeOf(direction);
  const step = 0.4 * voxelMm;
  const reach = REACH * radiusMm + 2 * voxelMm;
  const xs: number[] = [];
  const ys: number[] = [];
  let open = 0;
  for (let ray = 0; ray < RAYS; ray++) {
    const angle = (2 * Math.PI * ray) / RAYS;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const d: Point = [cos * a[0] + sin * b[0], cos * a[1] + sin * b[1], cos * a[2] + sin * b[2]];
    let before = here;
    let r = 0;
    for (;;) {
      const next = occupancy.at(add(position, d, r + step));
      if (next < 0.5) {
        r += (step * (before - 0.5)) / (before - next);
        break;
      }
      r += step;
      before = next;
      if (r > reach) {
        open++;
        break;
      }
    }
    xs.push(r * cos);
    ys.push(r * sin);
  }
  let [area, cx, cy] = [0, 0, 0];
  for (let i = 0; i < RAYS; i++) {
    const j = (i + 1) % RAYS;
    const w = xs[i]! * ys[j]! - xs[j]! * ys[i]!;
    area += w / 2;
    cx += (w * (xs[i]! + xs[j]!)) / 6;
    cy += (w * (ys[i]! + ys[j]!)) / 6;
  }
  if (!(area > 0)) return null;
  cx /= area;
  cy /= area;
  // A polygon in a circle lacks a known share of it.
  const sector = (2 * Math.PI) / RAYS;
  area *= sector / Math.sin(sector);
  const radii = xs.map((x, i) => Math.hypot(x - cx, ys[i]! - cy));
  const areaMm2 = area + Math.PI * variance;
  return {
    centre: add(add(position, a, cx), b, cy),
    areaMm2,
    radiusMm: Math.sqrt(areaMm2 / Math.PI),
    inscribedMm: Math.sqrt(Math.min(...radii) ** 2 + variance),
    widestMm: Math.sqrt(Math.max(...radii) ** 2 + variance),
    thin: false,
    open,
  };
}

function summedAt(
  { occupancy }: SmoothSurface,
  voxelMm: number,
  position: Point,
  direction: Point,
  radiusMm: number,
): Section | null {
  const [a, b] = planeOf(direction);
  const step = 0.25 * voxelMm;
  const reach = 2 * radiusMm + 3 * voxelMm;
  let [sum, cx, cy, widest] = [0, 0, 0, 0];
  for (let ray = 0; ray < RAYS; ray++) {
    const angle = (2 * Math.PI * ray) / RAYS;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const d: Point = [cos * a[0] + sin * b[0], cos * a[1] + sin * b[1], cos * a[2] + sin * b[2]];
    let least = Infinity;
    for (let r = step / 2; r < reach; r += step) {
      const value = occupancy.at(add(position, d, r));
      // Where the mask thickens again another vessel begins.
      if (value > least + 0.02 && r > voxelMm) break;
      least = Math.min(least, value);
      if (value < 1e-3) break;
      const w = value * r * step * ((2 * Math.PI) / RAYS);
      sum += w;
      cx += w * r * cos;
      cy += w * r * sin;
      if (value > 0.25) widest = Math.max(widest, r);
    }
  }
  if (!(sum > 0)) return null;
  const radius = Math.sqrt(sum / Math.PI);
  return {
    centre: add(add(position, a, cx / sum), b, cy / sum),
    areaMm2: sum,
    radiusMm: radius,
    inscribedMm: radius,
    widestMm: Math.max(radius, widest),
    thin: true,
    open: 0,
  };
}
