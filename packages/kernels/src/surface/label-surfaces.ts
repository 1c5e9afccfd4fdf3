import type { Size3 } from "@viscera/core";

/** Stands for "beyond the image" on the outer side of a face that lies on the image's border. */
export const OUTSIDE = 0xffffffff;

/** What a vertex is; the kinds between `SQUARE_VERTEX` and `FACE_VERTEX` tell a square's axis and corner. */
export const CELL_VERTEX = 0;
/** `SQUARE_VERTEX + 4 * axis + corner`: on the side shared by two cells, for the faces around a ring corner. */
export const SQUARE_VERTEX = 1;
/** In the middle of a face that has square vertices. */
export const FACE_VERTEX = 13;

/**
 * The surfaces of all labels of an image as one complex: every face between two labels is stored once, so
 * neighbours share it exactly. Coordinates are voxel indices (centres at whole numbers).
 */
export interface LabelSurfaces {
  size: Size3;
  /** 3 numbers a vertex. */
  positions: Float32Array;
  /**
   * Where the vertex lies on the voxels' own blocky surface, in half voxels: 3 numbers a vertex. Cell vertices
   * at a voxel corner, square vertices at the centre of their square, face vertices at that of their face.
   */
  home: Int16Array;
  /** `CELL_VERTEX`, `SQUARE_VERTEX + ...` or `FACE_VERTEX`. */
  kind: Uint8Array;
  /** Bit a set: the vertex lies on the image's border across axis a and stays in that plane. */
  capAxes: Uint8Array;
  /** 4 vertices a face; its normal points from the inside label to the outside label. */
  quads: Uint32Array;
  quadInside: Uint32Array;
  /** The smaller of the face's two labels (0 is background), or `OUTSIDE`. */
  quadOutside: Uint32Array;
  /** 3 vertices each: the faces that have square vertices, as fans. */
  triangles: Uint32Array;
  triangleInside: Uint32Array;
  triangleOutside: Uint32Array;
  /** 2 vertices each: what smoothing holds together. */
  edges: Uint32Array;
  /** 1 where three or more labels meet along the edge, or where a cap meets the surface. */
  edgeIsJunction: Uint8Array;
}
