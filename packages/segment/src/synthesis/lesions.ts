/** Lesions in organs. */
import type { Contrast } from "./contrast.js";
import type { Draws } from "./draws.js";
import type { Canvas, Tissues } from "./paint.js";
import type { SynthesisSpec } from "./spec.js";
import { type SynthesisTable, UNLISTED } from "./table.js";

/** Ellipsoids with uneven borders in tissues that may have them; what reaches beyond the tissue is left out. */
export function paintLesions(
  { regions, target, mean, sd, fields }: Canvas,
  { labels, tissueAt, size, table }: Tissues,
  spec: SynthesisSpec,
  contrast: Contrast,
  draws: Draws,
): void {
  const [nx, ny] = size;
  const uneven = fields[2]!;
  for (let lesion = 1 + draws.integer(5); lesion > 0; lesion--) {
    const centre = lesionCentre(labels, tissueAt, table, draws);
    if (centre === null) return;
    const host = tissueAt[labels[centre]!]!;
    const [cx, cy, cz] = [centre % nx, Math.floor(centre / nx) % ny, Math.floor(centre / (nx * ny))];
    const middle = [cx, cy, cz];
    const radiusMm = Math.exp(draws.uniform(Math.log(4), Math.log(28)));
    const radius = (spacing: number) => Math.max(0.8, (radiusMm * draws.uniform(0.7, 1.3)) / spacing);
    const [rx, ry, rz] = [radius(spec.spacingMm[0]), radius(spec.spacingMm[1]), radius(spec.spacingMm[2])];
    const radii = [rx, ry, rz];
    const roughness = draws.uniform(0, 0.3);
    const region = mean.length;
    mean.push(contrast.lesionMean(mean[regions[centre]!]!));
    sd.push(contrast.texture(table.tissues[host]!.texture) * draws.uniform(0.5, 2));
    const box = size.map((n, axis) => [
      Math.max(0, Math.floor(middle[axis]! - 1.5 * radii[axis]!)),
      Math.min(n - 1, Math.ceil(middle[axis]! + 1.5 * radii[axis]!)),
    ]);
    for (let z = box[2]![0]!; z <= box[2]![1]!; z++) {
      for (let y = box[1]![0]!; y <= box[1]![1]!; y++) {
        for (let x = box[0]![0]!, i = x + nx * (y + ny * z); x <= box[0]![1]!; x++, i++) {
          if (tissueAt[labels[i]!] !== host) continue;
          const [dx, dy, dz] = [(x - cx) / rx, (y - cy) / ry, (z - cz) / rz];
          if (Math.sqrt(dx * dx + dy * dy + dz * dz) > 1 + roughness * uneven[i]!) continue;
          regions[i] = region;
          if (table.lesionTarget !== null) target[i] = table.lesionTarget;
        }
      }
    }
  }
}

/** A voxel of a tissue that may have lesions, null when none is found soon. */
function lesionCentre(
  labels: Uint8Array | Uint16Array,
  tissueAt: Uint8Array,
  table: SynthesisTable,
  draws: Draws,
): number | null {
  for (let attempt = 0; attempt < 40; attempt++) {
    const at = draws.integer(labels.length);
    const tissue = tissueAt[labels[at]!]!;
    if (tissue !== UNLISTED && table.tissues[tissue]!.lesions) return at;
  }
  return null;
}
