/** The lungs' lobes, and the vessels and airways drawn into them. */
import { RandomStream, type Vec3 } from "@viscera/core";
import type { Anatomy } from "./anatomy.js";
import { type Control, recolour } from "./shapes.js";
import { LUNG_AIRWAY, LUNG_LOBES, LUNG_VESSEL } from "./tissues.js";

const [UPPER_LEFT, LOWER_LEFT, UPPER_RIGHT, MIDDLE_RIGHT, LOWER_RIGHT] = LUNG_LOBES;

/** Says which lobe a point of the lungs belongs to: oblique fissures on both sides, a horizontal one on the right. */
export function lobeFinder(anatomy: Anatomy): (u: number, v: number, w: number) => number {
  const { bumps, body } = anatomy;
  const down = 0.35 * body.inflation;
  const leftTop = 283 + anatomy.vary(6) - down * 0.5;
  const rightTop = 277 + anatomy.vary(6) - down * 0.5;
  const horizontal = 226 + anatomy.vary(7) - down;
  return (u, v, w) => {
    const wave = 9 * bumps.at(u / 55 + 3, v / 55, w / 55);
    if (u < 0) return w > leftTop - 0.8 * (v + 95) + wave ? UPPER_LEFT : LOWER_LEFT;
    if (w <= rightTop - 0.74 * (v + 95) + wave) return LOWER_RIGHT;
    return w > horizontal + 0.1 * (u - 60) - wave * 0.5 ? UPPER_RIGHT : MIDDLE_RIGHT;
  };
}

interface Twig {
  position: Vec3;
  direction: Vec3;
  radius: number;
  length: number;
  depth: number;
}

/** Grows a bronchovascular tree from the hilum of each side outwards; arteries and airways run side by side. */
export function addLungVessels(anatomy: Anatomy): void {
  const random = new RandomStream(anatomy.seed, "phantom.lung-tree");
  const vessels = recolour(LUNG_LOBES.map((id) => [id, id + LUNG_VESSEL]));
  const airways = recolour(
    LUNG_LOBES.flatMap((id) => [
      [id, id + LUNG_AIRWAY],
      [id + LUNG_VESSEL, id + LUNG_AIRWAY],
    ]),
  );
  const down = -0.35 * anatomy.body.inflation;
  let draws = 0;
  const uniform = () => 2 * random.uniform(draws++) - 1;
  const queue: Twig[] = [];
  const outward: Vec3[] = [
    [0.5, 0.25, 0.85],
    [0.7, 0.75, 0.15],
    [0.85, -0.4, 0.5],
    [0.6, 0.35, -0.75],
    [0.55, -0.35, -0.75],
    [0.9, -0.15, -0.35],
  ];
  for (const side of [1, -1])
    for (const [x, y, z] of outward)
      queue.push({
        position: [side * 46, -6, 232 + down + 10 * z],
        direction: [side * x, y, z],
        radius: 4.6,
        length: 34,
        depth: 0,
      });
  for (let i = 0; i < queue.length; i++) {
    const { position, direction, radius, length, depth } = queue[i]!;
    const norm = Math.hypot(...direction);
    const end: Vec3 = [
      position[0] + (direction[0] / norm) * length,
      position[1] + (direction[1] / norm) * length,
      position[2] + (direction[2] / norm) * length,
    ];
    const line: Control[] = [
      [...position, radius],
      [...end, radius * 0.78],
    ];
    anatomy.tube("lung_vessels", line, { recolour: vessels, stepMm: length });
    if (depth < 2) {
      const offset = radius * 1.7;
      anatomy.tube(
        "lung_airways",
        line.map(([u, v, w, r]) => [u, v - offset * 0.5, w + offset * 0.8, r * 0.62] as const),
        { recolour: airways, stepMm: length },
      );
    }
    if (depth === 5 || radius < 0.75) continue;
    const children = depth === 0 ? 3 : 2;
    for (let child = 0; child < children; child++)
      queue.push({
        position: end,
        direction: [
          direction[0] / norm + 0.75 * uniform(),
          direction[1] / norm + 0.75 * uniform(),
          direction[2] / norm + 0.75 * uniform(),
        ],
        radius: radius * (child === 0 ? 0.76 : 0.64),
        length: length * (0.78 + 0.12 * uniform()),
        depth: depth + 1,
      });
  }
}
