/** The bundled build: the package's main entry imports files without their endings, which Node refuses. */
declare module "quickhull3d/dist/quickhull3d.js" {
  export default function quickHull(points: number[][]): number[][];
}
