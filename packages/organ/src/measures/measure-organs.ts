import {
  type Affine,
  applyToPoint,
  breathingPause,
  determinant,
  failedError,
  type Grid,
  isSingular,
  type JobOptions,
  type Label,
  type LabelMap,
  type OrganRecord,
  type Pause,
  sameGrid,
  type Volume,
  voxelCount,
} from "@viscera/core";
import { intensityPeaks, type PeakFinder } from "./intensity-peak.js";
import { meshSums } from "./mesh-sums.js";
import { moments } from "./moments.js";
import { morphology } from "./morphology.js";
import { findPieces } from "./pieces.js";
import { type Runs, runsOfLabels } from "./runs.js";
import { spatialAutocorrelation } from "./spatial-autocorrelation.js";
import { intensityStatistics, percentile, sortedIntensities } from "./statistics.js";

export interface MeasureOptions extends JobOptions {
  /**
   * Measures whose time grows faster than the number of voxels as well: Moran's I, Geary's C and the global
   * intensity peak. Minutes for a whole organ.
   */
  quadratic?: boolean;
  /** Mean probability of the network by id. */
  confidence?: Map<number, number>;
  /** Surfaces that were written, by id: what they enclose. */
  surfaces?: Map<number, { volumeMl: number }>;
}

/** What is made once for a grid and serves every structure on it. */
interface Tools {
  mesh: ReturnType<typeof meshSums>;
  peaks: PeakFinder | null;
  pause: Pause;
}

/** The box along the world's axes that encloses a structure's voxels with their extents, mm. */
function worldBox({ row, start, end, size }: Runs, affine: Affine): OrganRecord["boundingBoxMm"] {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let r = 0; r < row.length; r++) {
    const z = Math.floor(row[r]! / size[1]);
    const y = row[r]! - z * size[1];
    for (let axis = 0; axis < 3; axis++) {
      const origin = affine[4 * axis + 1]! * y + affine[4 * axis + 2]! * z + affine[4 * axis + 3]!;
      const first = origin + affine[4 * axis]! * start[r]!;
      const last = origin + affine[4 * axis]! * (end[r]! - 1);
      low[axis] = Math.min(low[axis]!, first, last);
      high[axis] = Math.max(high[axis]!, first, last);
    }
  }
  for (let axis = 0; axis < 3; axis++) {
    const half =
      (Math.abs(affine[4 * axis]!) + Math.abs(affine[4 * axis + 1]!) + Math.abs(affine[4 * axis + 2]!)) / 2;
    low[axis]! -= half;
    high[axis]! += half;
  }
  return [low, high];
}

async function measureOne(
  label: Label,
  runs: Runs,
  { affine }: Grid,
  scan: Volume | null,
  tools: Tools,
  options: MeasureOptions,
): Promise<OrganRecord> {
  const quadratic = options.quadratic ?? false;
  const mesh = tools.mesh(runs);
  const place = moments(runs, affine);
  const pieces = findPieces(runs);
  const measures: Record<string, number> = {
    voxels: runs.voxels,
    largest_piece_share: pieces.largestShare,
    ...morphology(runs, affine, mesh, place),
  };
  let intensity: OrganRecord["intensity"] = null;
  if (scan && tools.peaks) {
    const sorted = sortedIntensities(runs, scan.data);
    measures["excluded_voxels"] = sorted.excluded;
    if (sorted.total > 0) {
      const statistics = intensityStatistics(sorted);
      const weighted = applyToPoint(affine, sorted.weightedCentre);
      Object.assign(measures, statistics, {
        morph_com: Math.hypot(...weighted.map((value, axis) => value - place.centroidMm[axis]!)),
        morph_integ_int: mesh.volumeMm3 * statistics["stat_mean"]!,
        ...(await tools.peaks(runs, scan.data, statistics["stat_max"]!, quadratic, tools.pause)),
        ...(quadratic && (await spatialAutocorrelation(runs, scan.data, affine, tools.pause))),
      });
      intensity = {
        unit: scan.unit,
        mean: statistics["stat_mean"]!,
        sd: Math.sqrt(statistics["stat_var"]!),
        p05: percentile(sorted, 0.05),
        p50: statistics["stat_median"]!,
        p95: percentile(sorted, 0.95),
      };
    }
  }
  const surface = options.surfaces?.get(label.id);
  const { min, max } = runs.box;
  return {
    id: label.id,
    name: label.name,
    snomed: label.snomed,
    color: label.color,
    volumeMl: (runs.voxels * Math.abs(determinant(affine))) / 1000,
    surfaceVolumeMl: surface ? surface.volumeMl : mesh.volumeMm3 / 1000,
    areaMm2: mesh.areaMm2,
    centroidMm: place.centroidMm,
    boundingBoxMm: worldBox(runs, affine),
    principalAxesMm: place.varianceMm2.map((variance) => 4 * Math.sqrt(variance)) as [number, number, number],
    pieces: pieces.count,
    intensity,
    touchesBorder: runs.size.some(
      (length, axis) => length > 1 && (min[axis] === 0 || max[axis] === length - 1),
    ),
    confidence: options.confidence?.get(label.id) ?? null,
    mesh: surface ? `${label.name}.glb` : null,
    measures: Object.fromEntries(
      Object.entries(measures).map(([tag, value]) => [tag, Number.isFinite(value) ? value : null]),
    ),
  };
}

/**
 * Measures every structure of a label map, in the order of its labels; those without a voxel are left out
 * (`emptyLabels` names them). Shape follows the IBSI definitions on the unsmoothed surface, positions are
 * world RAS+ mm. Intensities come from `scan`, which must lie on the same grid; its NaN and infinite voxels
 * are left out and counted. Throws `failed.grid` when the grids differ or cannot be measured, `cancelled`.
 */
export async function measureOrgans(
  labelMap: LabelMap,
  scan: Volume | null,
  options: MeasureOptions = {},
): Promise<OrganRecord[]> {
  for (const image of scan ? [labelMap, scan] : [labelMap])
    if (image.data.length !== voxelCount(image.size))
      throw failedError(
        "grid",
        `An image of ${image.size.join(" x ")} voxels holds ${image.data.length} values.`,
      );
  if (scan && !sameGrid(labelMap, scan)) {
    throw failedError(
      "grid",
      "The labels and the scan do not lie on the same grid.",
      "Resample the labels to the scan's grid first.",
    );
  }
  if (isSingular(labelMap.affine))
    throw failedError("grid", "The labels' affine has no volume, so nothing can be measured.");
  const runs = runsOfLabels(labelMap.data, labelMap.size);
  const tools: Tools = {
    mesh: meshSums(labelMap.affine),
    peaks: scan && intensityPeaks(labelMap.affine),
    pause: breathingPause(options.signal),
  };
  const present = labelMap.labels.filter((label) => runs.has(label.id));
  const records: OrganRecord[] = [];
  for (const label of present) {
    options.onProgress?.({ stage: "measures", done: records.length, total: present.length });
    records.push(await measureOne(label, runs.get(label.id)!, labelMap, scan, tools, options));
    await tools.pause();
  }
  options.onProgress?.({ stage: "measures", done: present.length, total: present.length });
  return records;
}

/** The labels of which the map holds no voxel. */
export function emptyLabels({ data, labels }: LabelMap): Label[] {
  const present = new Set<number>();
  let last = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] === last) continue;
    last = data[i]!;
    present.add(last);
  }
  return labels.filter((label) => !present.has(label.id));
}
