export { buildSurfaces, type OrganSurface, type SurfaceOptions } from "./build-surfaces.js";
export { decodeGlb, encodeGlb, type GlbStyle } from "./glb.js";
export { meshAreaMm2, meshVolumeMm3, vertexNormals } from "./mesh-measures.js";
export { encodeObj, encodePly } from "./ply-obj.js";
export { decodeStl, encodeStl } from "./stl.js";
export { isWatertight } from "./watertight.js";
