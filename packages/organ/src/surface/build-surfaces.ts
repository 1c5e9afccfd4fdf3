import {
  determinant,
  failedError,
  inputError,
  isSingular,
  type JobOptions,
  type LabelMap,
  type Mesh,
  spacingOf,
  throwIfCancelled,
  voxelCount,
} from "@viscera/core";
import {
  correctVolumes,
  decimate,
  extractLabelSurfaces,
  findPieces,
  labelTriangles,
  makeBlocky,
  type Patches,
  type Pieces,
  smoothSurfaces,
  triangulate,
  type VertexBounds,
  vertexBounds,
} from "@viscera/kernels";
import { meshVolumeMm3 } from "./mesh-measures.js";
import { isClosedManifold, mergeEqualPositions } from "./watertight.js";

export interface OrganSurface {
  id: number;
  name: string;
  /** World RAS mm; watertight, with outward normals. */
  mesh: Mesh;
  /** Volume the mesh encloses. */
  volumeMl: number;
  /** Voxels of the structure. */
  voxels: number;
  /** The structure reaches the image's border and is closed there by a flat cap. */
  capped: boolean;
}

export interface SurfaceOptions extends JobOptions {
  /** Largest error of decimation in mm; 0 for none. Default: 0.15 of the smallest voxel spacing. */
  errorMm?: number;
  /** Default true. */
  smooth?: boolean;
  /** Ids wanted; default all. Their meshes are the same as when all are built. */
  only?: readonly number[];
}

/** Pieces of fewer voxels keep the voxels' own surface. */
const BLOCKY_BELOW = 8;
const DEFAULT_ERROR_SPACINGS = 0.15;

/**
 * The surface of every structure of a label map: smooth, watertight, enclosing the volume of its voxels, with
 * flat caps where the image ends. Structures that touch share the vertices and triangles between them.
 */
export async function buildSurfaces(
  labelMap: LabelMap,
  options: SurfaceOptions = {},
): Promise<OrganSurface[]> {
  const { size, affine, data } = labelMap;
  if (data.length !== voxelCount(size))
    throw inputError(
      "size",
      `The label map has ${data.length} voxels, but its size says ${size.join(" x ")}.`,
      "Write the file again with a header that fits its data.",
    );
  if (isSingular(affine))
    throw inputError(
      "affine",
      "The label map's affine is singular, so its voxels have no place in space.",
      "Mend the orientation in the file's header.",
    );
  const { signal, onProgress, smooth = true } = options;
  const errorMm = options.errorMm ?? DEFAULT_ERROR_SPACINGS * Math.min(...spacingOf(affine));
  /** Percent done, by what each part takes. */
  const report = (done: number): void => {
    throwIfCancelled(signal);
    onProgress?.({ stage: "surfaces", done, total: 100 });
  };
  /** The same between parts, where an abort may come through. */
  const step = async (done: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    report(done);
  };

  const { positions, bounds, pieces, full } = await undecimated(labelMap, smooth, step, report);
  let patches = full;
  if (errorMm > 0) {
    patches = decimate(toWorld(positions, affine), full, bounds.fixed, errorMm, () =>
      throwIfCancelled(signal),
    );
    await step(90);
    correctVolumes(positions, patches, pieces.voxels, bounds);
  }
  await step(95);
  let world = toWorld(positions, affine);
  // Two sheets through one cell may meet in one point; after decimation that can join what was apart.
  if (patches !== full && !isClosed(patches, pieces, world)) {
    patches = full;
    correctVolumes(positions, patches, pieces.voxels, bounds);
    world = toWorld(positions, affine);
  }
  if (patches === full && !isClosed(patches, pieces, world))
    throw failedError(
      "surface",
      "The surfaces cannot be kept apart in single precision.",
      "Check the label map's affine: its origin is too far away for its voxel size.",
    );
  const out = collect(labelMap, world, patches, pieces, options.only);
  await step(100);
  return out;
}

/** The surfaces before decimation; a function by itself, so that the faces' own arrays are given up after it. */
async function undecimated(
  { data, size }: LabelMap,
  smooth: boolean,
  step: (done: number) => Promise<void>,
  report: (done: number) => void,
): Promise<{ positions: Float32Array; bounds: VertexBounds; pieces: Pieces; full: Patches }> {
  await step(0);
  const surfaces = extractLabelSurfaces(data, size);
  const faces = findPieces(surfaces);
  await step(10);
  const bounds = vertexBounds(surfaces, makeBlocky(surfaces, faces, BLOCKY_BELOW));
  if (smooth)
    smoothSurfaces(surfaces, bounds, {
      onStep: (done, total) => report(10 + Math.floor((35 * done) / total)),
    });
  await step(45);
  const full = triangulate(surfaces, faces);
  const { positions } = surfaces;
  const pieces = { label: faces.label, voxels: faces.voxels };
  correctVolumes(positions, full, pieces.voxels, bounds);
  await step(60);
  return { positions, bounds, pieces, full };
}

/** True when every structure's surface is a closed edge-manifold once equal positions are merged. */
function isClosed(patches: Patches, pieces: Pieces, world: Float32Array): boolean {
  const merged = mergeEqualPositions(world);
  return labelsOf(pieces).every((label) => isClosedManifold(labelTriangles(patches, pieces, label), merged));
}

/** Labels that have a surface, in ascending order. */
function labelsOf(pieces: Pieces): number[] {
  return [...new Set(pieces.label.subarray(1))].sort((a, b) => a - b);
}

/** Voxel coordinates to world RAS mm. */
function toWorld(positions: Float32Array, m: readonly number[]): Float32Array {
  const out = new Float32Array(positions.length);
  for (let p = 0; p < positions.length; p += 3) {
    const x = positions[p]!;
    const y = positions[p + 1]!;
    const z = positions[p + 2]!;
    for (let r = 0; r < 3; r++)
      out[p + r] = m[4 * r]! * x + m[4 * r + 1]! * y + m[4 * r + 2]! * z + m[4 * r + 3]!;
  }
  return out;
}

function collect(
  labelMap: LabelMap,
  world: Float32Array,
  patches: Patches,
  pieces: Pieces,
  only: readonly number[] | undefined,
): OrganSurface[] {
  const mirrored = determinant(labelMap.affine) < 0;
  const names = new Map(labelMap.labels.map(({ id, name }) => [id, name]));
  return labelsOf(pieces)
    .filter((id) => !only || only.includes(id))
    .map((id) => {
      const mesh = compact(world, labelTriangles(patches, pieces, id), mirrored);
      return {
        id,
        name: names.get(id) ?? `label_${id}`,
        mesh,
        volumeMl: meshVolumeMm3(mesh) / 1000,
        voxels: pieces.voxels.reduce((sum, voxels, i) => sum + (pieces.label[i] === id ? voxels : 0), 0),
        capped: patches.isCap.some((cap, patch) => cap === 1 && pieces.label[patches.inside[patch]!] === id),
      };
    });
}

/** A mesh of just the vertices used; turned inside out where the affine mirrors. */
function compact(world: Float32Array, triangles: Uint32Array, mirrored: boolean): Mesh {
  const numberOf = new Map<number, number>();
  const indices = triangles.map((v) => {
    let number = numberOf.get(v);
    if (number === undefined) {
      number = numberOf.size;
      numberOf.set(v, number);
    }
    return number;
  });
  const positions = new Float32Array(3 * numberOf.size);
  let at = 0;
  for (const v of numberOf.keys()) {
    positions.set(world.subarray(3 * v, 3 * v + 3), at);
    at += 3;
  }
  if (mirrored)
    for (let t = 0; t < indices.length; t += 3)
      [indices[t + 1], indices[t + 2]] = [indices[t + 2]!, indices[t + 1]!];
  return { positions, indices };
}
