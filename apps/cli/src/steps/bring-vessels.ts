import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  applyToPoint,
  inputError,
  invert,
  type LabelMap,
  structureNameSchema,
  usageError,
  type VesselsFile,
} from "@viscera/core";
import { encodeVtp, importCentrelines, structureOf } from "@viscera/organ";
import { vesselsText } from "./make-vessels.js";

/** Centrelines of another tool, to be taken for a structure's. */
export interface GivenCentrelines {
  name: string;
  path: string;
}

/** The values of `--centrelines name=file...`. */
export function givenCentrelines(pairs: readonly string[]): GivenCentrelines[] {
  return pairs.map((pair) => {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
    if (!name || !path)
      throw usageError(
        `--centrelines takes name=file, not "${pair}".`,
        "For example: --centrelines aorta=aorta.vtp",
      );
    if (!structureNameSchema.safeParse(name).success)
      throw usageError(`"${name}" cannot be a vessel's name.`, "Letters, digits, _, - and . make one.");
    return { name, path };
  });
}

/** Millimetres in the units that `--centrelines-unit` takes. */
export const CENTRELINE_UNITS: Readonly<Record<string, number>> = { mm: 1, cm: 10, m: 1000 };

/**
 * Reads centrelines of VMTK, SimVascular and others and writes them as our own. Such files do not say their axes: those
 * are taken under which more of the points lie in labelled voxels.
 */
export async function bringVessels(
  labels: LabelMap,
  given: readonly GivenCentrelines[],
  unitMm: number,
  write: (name: string, content: string) => Promise<void>,
): Promise<{ vessels: VesselsFile[]; warnings: string[] }> {
  const vessels: VesselsFile[] = [];
  const warnings: string[] = [];
  for (const { name, path } of given) {
    const bytes = await readFile(path).catch((error) => {
      throw inputError("missing", `The centrelines "${path}" cannot be read.`, "Check the path.", error);
    });
    const snomed = structureOf(name)?.snomed ?? null;
    const frames = await Promise.all(
      (["RAS", "LPS"] as const).map(async (frame) => {
        const file = await importCentrelines(bytes, name, basename(path), { unitMm, frame, snomed });
        return { frame, file, share: shareLabelled(labels, file) };
      }),
    );
    const best = frames[1]!.share > frames[0]!.share ? frames[1]! : frames[0]!;
    if (best.frame === "LPS") warnings.push(`${name}: the centrelines' axes are LPS and were turned to RAS.`);
    if (best.share < 0.5)
      warnings.push(
        `${name}: only ${Math.round(100 * best.share)} % of the centrelines lie in labelled voxels: they may be another image's, or in another unit (--centrelines-unit).`,
      );
    await write(`${name}.json`, vesselsText(best.file));
    await write(`${name}.vtp`, encodeVtp(best.file));
    vessels.push(best.file);
  }
  return { vessels, warnings };
}

function shareLabelled({ data, size, affine }: LabelMap, { trees }: VesselsFile): number {
  const inverse = invert(affine);
  const points = trees.flatMap((tree) => tree.segments.flatMap((segment) => segment.pointsMm));
  const inside = points.filter((p) => {
    const [i, j, k] = applyToPoint(inverse, p).map(Math.round) as [number, number, number];
    if (i < 0 || j < 0 || k < 0 || i >= size[0] || j >= size[1] || k >= size[2]) return false;
    return data[i + size[0] * (j + size[1] * k)] !== 0;
  });
  return inside.length / points.length;
}
