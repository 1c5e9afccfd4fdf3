/** What lies where: tissues, their shells and parts, lesions, and things in the air around the body. */
import { inputError, type Size3 } from "@viscera/core";
import type { Contrast } from "./contrast.js";
import type { Draws } from "./draws.js";
import { smoothField } from "./field.js";
import type { SynthesisSpec } from "./spec.js";
import { OUTSIDE, type SynthesisPart, type SynthesisTable, tissueOfValue, UNLISTED } from "./table.js";

/** A picture by numbers: every voxel's region, and each region's mean and texture. */
export interface Painting {
  regions: Uint16Array;
  /** Class of every voxel, 255 ignored. */
  target: Uint8Array;
  mean: Float32Array;
  /** Standard deviation of a region's texture. */
  sd: Float32Array;
  /** Random fields of large, medium and small extent. */
  fields: readonly Float32Array[];
}

/** Region of voxels beyond the label map. */
export const OUTSIDE_REGION = 0;

/** Extents of the fields, mm. */
const EXTENTS_MM = [42, 17, 7];

export function paint(
  labels: Uint8Array | Uint16Array,
  size: Size3,
  table: SynthesisTable,
  spec: SynthesisSpec,
  contrast: Contrast,
  draws: Draws,
): Painting {
  const tissueAt = tissueOfValue(table);
  const regions = new Uint16Array(labels.length);
  const target = new Uint8Array(labels.length);
  const mean: number[] = [0];
  const sd: number[] = [0];
  const add = (brightness: number, texture: number) => {
    sd.push(texture);
    return mean.push(brightness) - 1;
  };
  const fields = EXTENTS_MM.map((extent) => {
    const drawn = extent * draws.uniform(0.7, 1.4);
    return smoothField(
      draws,
      size,
      spec.spacingMm.map((s) => drawn / s),
    );
  });

  const looks = table.tissues.map((tissue) => {
    const own = tissue.air ? contrast.airMean(tissue) : contrast.mean(tissue, tissue.group);
    const region = add(own, tissue.air ? 0 : contrast.texture(tissue.texture));
    const parts = tissue.parts.filter((part) => draws.chance(part.probability));
    // A tissue may fall in two where contrasts are random, as a kidney does into cortex and medulla.
    if (contrast.look === "random" && !tissue.air && draws.chance(0.12)) parts.push(SPLIT);
    const shell =
      tissue.shell && draws.chance(tissue.shell.probability)
        ? add(contrast.mean(tissue.shell, tissue.group), contrast.texture(tissue.texture))
        : 0;
    return {
      region,
      shell,
      parts: parts.map((part) => ({
        region: add(contrast.mean(part), contrast.texture(tissue.texture)),
        ...where(part, fields, draws),
      })),
    };
  });

  const [nx, ny, nz] = size;
  const plane = nx * ny;
  const borders = (voxel: number, tissue: number) => {
    const other = tissueAt[labels[voxel]!]!;
    return other !== tissue && other !== UNLISTED;
  };
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const value = labels[i]!;
        const tissue = value > OUTSIDE ? UNLISTED : tissueAt[value]!;
        if (tissue === UNLISTED) {
          if (value !== OUTSIDE) throw unknownValue(value);
          regions[i] = OUTSIDE_REGION;
          target[i] = 255;
          continue;
        }
        const look = looks[tissue]!;
        target[i] = table.tissues[tissue]!.target;
        let region = look.region;
        for (const part of look.parts) {
          const at =
            (part.flip & 1 ? nx - 1 - x : x) +
            nx * (part.flip & 2 ? ny - 1 - y : y) +
            plane * (part.flip & 4 ? nz - 1 - z : z);
          if (part.field[at]! * part.sign > part.threshold) region = part.region;
        }
        if (look.shell > 0) {
          const edge =
            (x > 0 && borders(i - 1, tissue)) ||
            (x < nx - 1 && borders(i + 1, tissue)) ||
            (y > 0 && borders(i - nx, tissue)) ||
            (y < ny - 1 && borders(i + nx, tissue)) ||
            (z > 0 && borders(i - plane, tissue)) ||
            (z < nz - 1 && borders(i + plane, tissue));
          if (edge) region = look.shell;
        }
        regions[i] = region;
      }
    }
  }
  const painting = { regions, target, mean, sd, fields };
  const tissues = { labels, tissueAt, size, table };
  if (draws.chance(spec.lesions)) paintLesions(painting, tissues, spec, contrast, draws);
  if (draws.chance(spec.surroundings)) paintSurroundings(painting, tissues, spec, contrast, draws);
  return { ...painting, mean: Float32Array.from(mean), sd: Float32Array.from(sd) };
}

interface Tissues {
  labels: Uint8Array | Uint16Array;
  tissueAt: Uint8Array;
  size: Size3;
  table: SynthesisTable;
}

type Canvas = Omit<Painting, "mean" | "sd"> & { mean: number[]; sd: number[] };

const SPLIT: SynthesisPart = {
  ct: [0, 0],
  t1: [0, 1],
  t2: [0, 1],
  share: [0.2, 0.6],
  sizeMm: [8, 40],
  probability: 1,
};

/** The field, turned some way, and the threshold above which a part lies. */
function where(part: SynthesisPart, fields: readonly Float32Array[], draws: Draws) {
  const extent = Math.log(draws.within(part.sizeMm));
  const distance = EXTENTS_MM.map((mm) => Math.abs(Math.log(mm) - extent));
  const field = fields[distance.indexOf(Math.min(...distance))]!;
  const sign = draws.chance(0.5) ? 1 : -1;
  const stride = Math.max(1, Math.floor(field.length / 997));
  const sample: number[] = [];
  for (let i = 0; i < field.length; i += stride) sample.push(sign * field[i]!);
  sample.sort((a, b) => a - b);
  const share = draws.within(part.share);
  const threshold = sample[Math.min(sample.length - 1, Math.floor((1 - share) * sample.length))]!;
  return { field, sign, flip: draws.integer(8), threshold };
}

function unknownValue(value: number): Error {
  return inputError(
    "synthesis-value",
    `The label map holds the value ${value}, which the table of tissues does not list.`,
    'Add the value to a tissue of the data set\'s "synthesis" table.',
  );
}

/** Ellipsoids with uneven borders in tissues that may have them; what reaches beyond the tissue is left out. */
function paintLesions(
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
    const middle = [centre % nx, Math.floor(centre / nx) % ny, Math.floor(centre / (nx * ny))];
    const radiusMm = Math.exp(draws.uniform(Math.log(4), Math.log(28)));
    const radii = spec.spacingMm.map((s) => Math.max(0.8, (radiusMm * draws.uniform(0.7, 1.3)) / s));
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
          const distance = Math.hypot(
            (x - middle[0]!) / radii[0]!,
            (y - middle[1]!) / radii[1]!,
            (z - middle[2]!) / radii[2]!,
          );
          if (distance > 1 + roughness * uneven[i]!) continue;
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

/** A couch below (curved or flat) and rods or limbs along the body, wherever there is air. */
function paintSurroundings(
  { regions, mean, sd }: Canvas,
  { labels, tissueAt, size, table }: Tissues,
  spec: SynthesisSpec,
  contrast: Contrast,
  draws: Draws,
): void {
  const air = table.tissues.map((tissue) => tissue.air);
  const [nx, ny, nz] = size;
  const add = (ct: readonly [number, number], texture: number) => {
    sd.push(contrast.texture([0, texture]));
    return mean.push(contrast.thingMean(ct)) - 1;
  };
  const couch = {
    present: draws.chance(0.7),
    y: draws.uniform(-0.2, 0.6) * ny,
    tilt: draws.normal(0, 0.05),
    lean: draws.normal(0, 0.05),
    curve: draws.chance(0.5) ? draws.uniform(0, 0.8) / nx : 0,
    x: draws.uniform(0, nx),
    thick: draws.uniform(1, 4),
    gap: draws.uniform(4, 12),
    shell: add([-800, 250], 10),
    core: add([-980, -500], 10),
    double: draws.chance(0.5),
  };
  const rods = Array.from({ length: draws.integer(4) }, () => {
    const radiusMm = Math.exp(draws.uniform(Math.log(3), Math.log(60)));
    return {
      x: draws.uniform(0, nx),
      y: draws.uniform(0, ny),
      leanX: draws.normal(0, 0.2),
      leanY: draws.normal(0, 0.2),
      radius: radiusMm / spec.spacingMm[0],
      core: draws.chance(0.6) ? draws.uniform(0.2, 0.9) : 0,
      outer: add([-120, 80], 15),
      inner: add([-100, 900], 30),
    };
  });
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const tissue = tissueAt[labels[i]!]!;
        if (tissue === UNLISTED || !air[tissue]) continue;
        if (couch.present) {
          const below = couch.y + couch.tilt * x + couch.lean * z + couch.curve * (x - couch.x) ** 2 - y;
          if (below >= 0 && below < couch.thick) regions[i] = couch.shell;
          else if (couch.double && below >= 0 && below < couch.thick + couch.gap)
            regions[i] = below > couch.gap ? couch.shell : couch.core;
        }
        for (const rod of rods) {
          const distance = Math.hypot(x - rod.x - rod.leanX * z, y - rod.y - rod.leanY * z) / rod.radius;
          if (distance < 1) regions[i] = distance < rod.core ? rod.inner : rod.outer;
        }
      }
    }
  }
}
