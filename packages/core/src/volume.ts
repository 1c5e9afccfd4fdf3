import type { Affine, Size3, Vec3 } from "./frames.js";

/** Number types a voxel can have. */
export type VoxelArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** Number types a label can have. */
export type LabelArray = Uint8Array | Uint16Array | Uint32Array;

/** Where voxels lie: `size` voxels, x fastest in memory, and the affine voxel -> world (RAS+ mm). */
export interface Grid {
  size: Size3;
  affine: Affine;
}

/** A scalar image. Values of a CT are Hounsfield units. */
export interface Volume extends Grid {
  /** `size[0] * size[1] * size[2]` values; voxel (i,j,k) at `i + size[0] * (j + size[1] * k)`. */
  data: VoxelArray;
  /** DICOM modality ("CT", "MR", "PT", ...), null when the file does not say. */
  modality: string | null;
  /** UCUM-like unit of the values ("HU"), null when unknown. */
  unit: string | null;
}

/** One structure of a label map. */
export interface Label {
  /** Voxel value; 0 is background and has no entry. */
  id: number;
  /** TotalSegmentator's name where it has one (`liver`, `kidney_left`); file-name safe. */
  name: string;
  /** SNOMED CT concept id, where one is known. */
  snomed: string | null;
  /** `#rrggbb`. */
  color: string;
  /** `model:<name>@<version>`, `import:<file name>`, `phantom` or `edited`. */
  source: string;
}

/** An image of structure ids and the table that says what they are. */
export interface LabelMap extends Grid {
  data: LabelArray;
  labels: Label[];
}

/** A closed triangle surface in world mm; triangles wind so that normals point outwards. */
export interface Mesh {
  /** 3 numbers a vertex. */
  positions: Float32Array;
  /** 3 vertex numbers a triangle. */
  indices: Uint32Array;
}

/** Axis-aligned box, inclusive voxel indices. */
export interface VoxelBox {
  min: Vec3;
  max: Vec3;
}

/** Number of voxels of a grid. */
export function voxelCount(size: Size3): number {
  return size[0] * size[1] * size[2];
}
