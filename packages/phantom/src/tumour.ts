/** A round, slightly lobulated tumour inside one organ. */
import { RandomStream, usageError } from "@viscera/core";
import type { Anatomy } from "./anatomy.js";
import type { Canvas } from "./rasterise.js";
import { recolour } from "./shapes.js";
import { idOf, TISSUES } from "./tissues.js";

/**
 * Adds the tumour's shape. `pilot` is the patient drawn coarsely: the place is one of the deepest in the organ,
 * by the seed, and the level is set so that the part inside the organ has the wanted volume. Throws `usage` when
 * the organ has no room for it.
 */
export function addTumour(anatomy: Anatomy, pilot: Canvas, organ: string, volumeMl: number): void {
  const { size, spacing, origin, tissue } = pilot;
  const organId = idOf(organ);
  const belongs = new Uint8Array(256);
  const pairs: [number, number][] = [];
  for (const { id, labelId } of TISSUES.values())
    if (labelId === organId) {
      belongs[id] = 1;
      pairs.push([id, idOf("tumor")]);
    }
  const at = (x: number, y: number, z: number): boolean => {
    const i = Math.round((x - origin[0]) / spacing[0]);
    const j = Math.round((y - origin[1]) / spacing[1]);
    const k = Math.round((z - origin[2]) / spacing[2]);
    if (i < 0 || j < 0 || k < 0 || i >= size[0] || j >= size[1] || k >= size[2]) return false;
    return belongs[tissue[i + size[0] * (j + size[1] * k)]!] === 1;
  };
  const voxels: number[] = [];
  for (let index = 0; index < tissue.length; index++) if (belongs[tissue[index]!] === 1) voxels.push(index);
  const radius = Math.cbrt((3000 * volumeMl) / (4 * Math.PI));
  const random = new RandomStream(anatomy.seed, "phantom.tumour");
  const tries = Math.min(160, voxels.length);
  let best: { centre: [number, number, number]; inside: number } | null = null;
  for (let trial = 0; trial < tries; trial++) {
    const index = voxels[random.integer(voxels.length, trial)]!;
    const x = origin[0] + (index % size[0]) * spacing[0];
    const y = origin[1] + (Math.floor(index / size[0]) % size[1]) * spacing[1];
    const z = origin[2] + Math.floor(index / (size[0] * size[1])) * spacing[2];
    let inside = 0;
    // 60 directions of a Fibonacci sphere, at the surface and half way.
    for (let n = 0; n < 60; n++) {
      const c = 1 - (2 * n + 1) / 60;
      const s = Math.sqrt(1 - c * c);
      const turn = n * 2.399963229728653;
      const [dx, dy, dz] = [s * Math.cos(turn), s * Math.sin(turn), c];
      for (const r of [0.55, 1.05])
        if (at(x + r * radius * dx, y + r * radius * dy, z + r * radius * dz)) inside++;
    }
    if (best === null || inside > best.inside) best = { centre: [x, y, z], inside };
    if (inside === 120 && trial > 5) break;
  }
  if (best === null || best.inside < 66)
    throw usageError(
      `A tumour of ${volumeMl} mL does not fit into this patient's ${organ}.`,
      "Ask for a smaller volume or another organ.",
    );
  const [cx, cy, cz] = best.centre;
  const [sx, sy, sz] = anatomy.body.scale;
  const { bumps } = anatomy;
  const lobes = radius * 0.16;
  const field = (u: number, v: number, w: number): number => {
    const [x, y, z] = [u * sx - cx, v * sy - cy, w * sz - cz];
    const d = Math.hypot(x, y, z);
    const n = 2.2 / Math.max(d, 1e-3);
    return d - radius + lobes * bumps.at(x * n + 9, y * n + 9, z * n + 9);
  };
  const values: number[] = [];
  const step = radius / 12;
  for (let k = -20; k <= 20; k++)
    for (let j = -20; j <= 20; j++)
      for (let i = -20; i <= 20; i++)
        if (at(cx + i * step, cy + j * step, cz + k * step))
          values.push(field((cx + i * step) / sx, (cy + j * step) / sy, (cz + k * step) / sz));
  const sorted = Float64Array.from(values).sort();
  const level = sorted[Math.min(sorted.length - 1, Math.round((volumeMl * 1000) / step ** 3))]!;
  anatomy.solid(
    "tumor",
    anatomy.around([cx / sx, cy / sy, cz / sz], (radius * 1.75) / Math.min(sx, sy, sz)),
    (u, v, w) => field(u, v, w) - level,
    { recolour: recolour(pairs) },
  );
}
