import {
  failedError,
  inputError,
  isSingular,
  type JobOptions,
  type Label,
  type LabelMap,
  throwIfCancelled,
  type VesselsFile,
  type VesselTree,
  voxelCount,
} from "@viscera/core";
import { extractTree, surfaceOfPiece } from "./extract-tree.js";
import { piecesOf } from "./piece.js";
import { checkVesselSize } from "./plausible-size.js";

/** Pieces of fewer voxels are crumbs and no vessels ... */
const FEWEST_VOXELS = 12;
/** ... and those below this share of the largest piece islands of a segmentation. */
const SMALLEST_SHARE = 0.01;
/** A mask of more than this share of the image is everything but a vessel. */
const MOST_OF_IMAGE = 0.8;
/** A ball is two radii long, a cube along its diagonal about three. */
const LONGER_THAN_RADII = 3.5;

/**
 * Centrelines of one structure of a label map: a tree for each connected piece, in world mm, with what is unusual said
 * in `warnings`. Nothing need be pointed out in the image. Throws `input.no-vessel` where the structure is empty or too
 * small, `input.units` where its size shows that the spacing is not in millimetres, `failed.grid`, `cancelled`.
 */
export async function vesselsOf(map: LabelMap, label: Label, options: JobOptions = {}): Promise<VesselsFile> {
  if (map.data.length !== voxelCount(map.size) || isSingular(map.affine))
    throw failedError(
      "grid",
      "The labels' grid has no volume or not the voxels it says, so nothing can be measured.",
    );
  const { name } = label;
  if (Math.min(...map.size) < 3)
    throw inputError(
      "no-vessel",
      `The labels are ${map.size.join(" x ")} voxels, too flat for the course of a vessel.`,
      "Give the labels of a whole scan.",
    );
  const progress = (stage: string, done: number, total: number) =>
    options.onProgress?.({ stage: `${name}: ${stage}`, done, total });
  const quiet: JobOptions = {
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  progress("pieces", 0, 1);
  const found = await piecesOf(map, label.id, FEWEST_VOXELS, quiet);
  const largest = found.pieces[0];
  if (!largest) {
    throw inputError(
      "no-vessel",
      found.crumbs === 0
        ? `${name} has no voxel, so there is no vessel to follow.`
        : `${name} is only ${found.crumbVoxels === 1 ? "one voxel" : `${found.crumbVoxels} voxels`} in ${found.crumbs === 1 ? "one piece" : `${found.crumbs} pieces`}, too few to be a vessel.`,
      found.crumbs === 0 ? "Check the structure's name and the labels." : "Check the segmentation.",
    );
  }
  if (largest.voxels > MOST_OF_IMAGE * voxelCount(map.size)) {
    throw inputError(
      "no-vessel",
      `${name} fills almost the whole image, which no vessel does.`,
      "Check which label is the vessel's.",
    );
  }
  const pieces = found.pieces.filter((piece) => piece.voxels >= SMALLEST_SHARE * largest.voxels);
  const trees: VesselTree[] = [];
  let short = 0;
  for (const [n, piece] of pieces.entries()) {
    progress("distances", n, pieces.length);
    const made = await surfaceOfPiece(piece, quiet);
    if (n === 0) checkVesselSize(name, made.depth[made.thickest]!);
    throwIfCancelled(options.signal);
    progress("course", n, pieces.length);
    const tree = extractTree(piece, made, quiet);
    if (tree && !isRound(tree)) trees.push(tree);
    else short++;
  }
  progress("course", pieces.length, pieces.length);
  if (trees.length === 0) {
    throw inputError(
      "no-vessel",
      `${name} is as wide as it is long, so it has no course to follow.`,
      "Check the segmentation, or leave this structure out.",
    );
  }
  return {
    schema: 1,
    name,
    snomed: label.snomed,
    source: "labels",
    voxelMm: largest.voxelMm,
    trees,
    warnings: warningsOf(
      name,
      trees,
      largest.voxelMm,
      found.crumbs + found.pieces.length - pieces.length,
      short,
    ),
  };
}

/** Whether a whole piece is hardly longer than wide: a cut one may be a slice of a long vessel. */
function isRound({ nodes, segments, lengthMm, loops }: VesselTree): boolean {
  if (segments.length > 1 || loops > 0 || nodes.some((node) => node.cut)) return false;
  return lengthMm < LONGER_THAN_RADII * Math.max(...segments[0]!.radiusMm);
}

/** Sentences for people on what is unusual about a structure's trees. */
function warningsOf(
  name: string,
  trees: readonly VesselTree[],
  voxelMm: number,
  crumbs: number,
  short: number,
): string[] {
  const out: string[] = [];
  const pieces = (n: number, what: string) => `${n === 1 ? `one ${what} piece` : `${n} ${what} pieces`}`;
  if (trees.length > 1)
    out.push(`${name} is in ${trees.length} pieces that do not touch; each has a tree of its own.`);
  if (crumbs > 0) out.push(`${name}: ${pieces(crumbs, "tiny")} left out.`);
  if (short > 0) out.push(`${name}: ${pieces(short, "round")} without a course left out.`);
  const loops = trees.reduce((sum, tree) => sum + tree.loops, 0);
  if (loops > 0)
    out.push(
      `${name} runs in ${loops === 1 ? "a ring" : `${loops} rings`}: an anatomical one, or vessels that touch in the image, which cannot be told apart here.`,
    );
  const cut = trees.reduce((sum, tree) => sum + tree.nodes.filter((node) => node.cut).length, 0);
  if (cut > 0)
    out.push(
      `${name} is cut by the image border at ${cut} ${cut === 1 ? "end" : "ends"}: its length is a lower bound.`,
    );
  const segments = trees.flatMap((tree) => tree.segments);
  const leaks = segments.filter((segment) => segment.flags.includes("leak")).length;
  if (leaks > 0)
    out.push(
      `${name} widens abruptly in ${leaks} of ${segments.length} segments: a leak of the segmentation or an aneurysm.`,
    );
  const thin = segments.filter((segment) => segment.flags.includes("thin")).length;
  if (thin > 0)
    out.push(
      `${name} is about two voxels thin or less in ${thin} of ${segments.length} segments: radii there are good to half a voxel at best.`,
    );
  const coarse = segments
    .flatMap((segment) => segment.stenoses)
    .map(({ referenceRadiusMm }) => (50 * voxelMm) / referenceRadiusMm)
    .filter((percent) => percent > 15);
  if (coarse.length > 0)
    out.push(
      `${name}: half a voxel is ${Math.max(...coarse).toFixed(0)} % of the diameter where it is narrowed: so uncertain are its stenoses.`,
    );
  return out;
}
