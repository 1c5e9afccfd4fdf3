export { type IndexMesh, marchingCubes } from "./marching-cubes.js";
