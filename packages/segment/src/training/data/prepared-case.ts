/** What is known of a prepared case without opening its voxels. */
import type { Affine, Size3, Vec3 } from "@viscera/core";
import type { SynthesisTable } from "../../synthesis/index.js";

/** Voxels of one class that patches may be cut around. */
export interface ClassVoxels {
  class: number;
  /** Voxels of the class in the case. */
  count: number;
  /** Where its listed voxels begin in the case's list, and how many they are. */
  from: number;
  listed: number;
}

export interface PreparedCase {
  id: string;
  size: Size3;
  affine: Affine;
  spacingMm: Vec3;
  /** 0 where images are made from the labels. */
  channels: number;
  /** Bytes of a label: 1, or 2 for label maps of many values that images are made from. */
  labelBytes: 1 | 2;
  voxels: ClassVoxels[];
  /** Known classes, background left out; null: all. */
  known: number[] | null;
  synthesis: SynthesisTable | null;
}

/** A box of voxels. */
export interface Box {
  start: Size3;
  size: Size3;
}

/** Reads parts of prepared cases; boxes lie within the case. */
export interface CaseReader {
  /** [channel, z, y, x]. */
  image(entry: PreparedCase, box: Box): Float32Array;
  /** [z, y, x]. */
  labels(entry: PreparedCase, box: Box): Uint8Array | Uint16Array;
  /** A voxel's index, from the case's list. */
  voxel(entry: PreparedCase, listed: number): number;
}
