export { decimate } from "./decimate.js";
export { extractLabelSurfaces } from "./extract.js";
export { type LabelSurfaces, OUTSIDE } from "./label-surfaces.js";
export { type IndexMesh, marchingCubes } from "./marching-cubes.js";
export { labelTriangles, type Patches, triangulate } from "./patches.js";
export { type FacePieces, findPieces, type Pieces } from "./pieces.js";
export { type SmoothOptions, smoothSurfaces } from "./smooth.js";
export { FIXED, makeBlocky, type VertexBounds, vertexBounds } from "./vertex-bounds.js";
export { correctVolumes, pieceVolumes } from "./volumes.js";
