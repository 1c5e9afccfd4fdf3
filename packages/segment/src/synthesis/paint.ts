/** What lies where: tissues, their shells and parts, lesions, and things in the air around the body. */
import { inputError, type Size3 } from "@viscera/core";
import type { Contrast } from "./contrast.js";
import type { Draws } from "./draws.js";
import { smoothField } from "./field.js";
import { paintLesions } from "./lesions.js";
import type { SynthesisSpec } from "./spec.js";
import { paintSurroundings } from "./surroundings.js";
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

  const sortedFields = fields.map(sortedField);
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
      target: tissue.target,
      parts: parts.map((part) => ({
        region: add(contrast.mean(part), contrast.texture(tissue.texture)),
        ...where(part, sortedFields, draws),
      })),
    };
  });

  const [nx, ny, nz] = size;
  const plane = nx * ny;
  const ownRegion = Uint16Array.from(looks, (look) => look.region);
  const ownTarget = Uint8Array.from(looks, (look) => look.target);
  const uniform = looks.map(({ parts, shell }) => parts.length === 0 && shell === 0);
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
        target[i] = ownTarget[tissue]!;
        let region = ownRegion[tissue]!;
        if (!uniform[tissue]) {
          const { parts, shell } = looks[tissue]!;
          for (let p = 0; p < parts.length; p++) {
            const part = parts[p]!;
            const at =
              (part.flip & 1 ? nx - 1 - x : x) +
              nx * (part.flip & 2 ? ny - 1 - y : y) +
              plane * (part.flip & 4 ? nz - 1 - z : z);
            if (part.field[at]! * part.sign > part.threshold) region = part.region;
          }
          if (
            shell > 0 &&
            ((x > 0 && borders(i - 1, tissue)) ||
              (x < nx - 1 && borders(i + 1, tissue)) ||
              (y > 0 && borders(i - nx, tissue)) ||
              (y < ny - 1 && borders(i + nx, tissue)) ||
              (z > 0 && borders(i - plane, tissue)) ||
              (z < nz - 1 && borders(i + plane, tissue)))
          ) {
            region = shell;
          }
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

export interface Tissues {
  labels: Uint8Array | Uint16Array;
  tissueAt: Uint8Array;
  size: Size3;
  table: SynthesisTable;
}

/** A painting that further regions are added to. */
export type Canvas = Omit<Painting, "mean" | "sd"> & { mean: number[]; sd: number[] };

const SPLIT: SynthesisPart = {
  ct: [0, 0],
  t1: [0, 1],
  t2: [0, 1],
  share: [0.2, 0.6],
  sizeMm: [8, 40],
  probability: 1,
};

/** A field and an ascending sample of its values. */
interface SortedField {
  values: Float32Array;
  sorted: Float32Array;
}

function sortedField(values: Float32Array): SortedField {
  const stride = Math.max(1, Math.floor(values.length / 997));
  const sorted = Float32Array.from(
    { length: Math.ceil(values.length / stride) },
    (_, i) => values[i * stride]!,
  );
  return { values, sorted: sorted.sort() };
}

/** The field, turned some way, and the threshold above which a part lies. */
function where(part: SynthesisPart, fields: readonly SortedField[], draws: Draws) {
  const extent = Math.log(draws.within(part.sizeMm));
  const distance = EXTENTS_MM.map((mm) => Math.abs(Math.log(mm) - extent));
  const { values, sorted } = fields[distance.indexOf(Math.min(...distance))]!;
  const sign = draws.chance(0.5) ? 1 : -1;
  const share = draws.within(part.share);
  const rank = Math.floor((sign > 0 ? 1 - share : share) * sorted.length);
  const threshold = sign * sorted[Math.min(sorted.length - 1, rank)]!;
  return { field: values, sign, flip: draws.integer(8), threshold };
}

function unknownValue(value: number): Error {
  return inputError(
    "synthesis-value",
    `The label map holds the value ${value}, which the table of tissues does not list.`,
    'Add the value to a tissue of the data set\'s "synthesis" table.',
  );
}
