/**
 * Surface extraction of all structures of a label map, against vtk.js marching cubes run once a structure.
 * Extraction only on both sides; this side's is also shown with what follows it here, the triangle mesh of each
 * structure by closed pieces. The two alternate in one process; CPU time counts, which other work on the machine disturbs least, the best of the
 * rounds. vtk.js is measured on each structure's mask both over the whole image and cropped to the structure
 * (cropping itself is not timed).
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import vtkDataArray from "@kitware/vtk.js/Common/Core/DataArray.js";
import vtkImageData from "@kitware/vtk.js/Common/DataModel/ImageData.js";
import vtkImageMarchingCubes from "@kitware/vtk.js/Filters/General/ImageMarchingCubes.js";
import { extractLabelSurfaces, findPieces, labelTriangles, OUTSIDE, triangulate } from "@viscera/kernels";

const ROUNDS = 8;
/** Rounds of the slow run over whole-image masks. */
const WHOLE_ROUNDS = 2;
const FILE = "data/ct-totalsegmentator/example_seg_fast_force_split.nii.gz";
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const path = join(process.env.VISCERA_SHARED ?? resolve(root, "../shared"), FILE);
if (!existsSync(path)) {
  console.log(`surface extraction: skipped, shared data missing: ${FILE}`);
  process.exit(0);
}

const bytes = gunzipSync(readFileSync(path));
const size = [42, 44, 46].map((at) => bytes.readInt16LE(at));
const from = bytes.readFloatLE(108);
const data = new Uint8Array(bytes.subarray(from, from + size[0] * size[1] * size[2]));
const labels = [...new Set(data)].filter((label) => label > 0).sort((a, b) => a - b);

/** Mask of one label over a box of voxels, as a vtk image. */
function imageOf(label, [x0, y0, z0], [x1, y1, z1]) {
  const extent = [x1 - x0 + 1, y1 - y0 + 1, z1 - z0 + 1];
  const values = new Uint8Array(extent[0] * extent[1] * extent[2]);
  for (let z = z0, at = 0; z <= z1; z++)
    for (let y = y0; y <= y1; y++)
      for (let x = x0; x <= x1; x++, at++)
        values[at] = data[x + size[0] * (y + size[1] * z)] === label ? 1 : 0;
  const image = vtkImageData.newInstance();
  image.setOrigin([x0, y0, z0]);
  image.setDimensions(extent);
  image.getPointData().setScalars(vtkDataArray.newInstance({ name: "mask", numberOfComponents: 1, values }));
  return image;
}

/** First and last voxel of a label, widened by one voxel within the image. */
function boxOf(label) {
  const low = [...size];
  const high = [-1, -1, -1];
  for (let z = 0, i = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[0]; x++, i++)
        if (data[i] === label)
          [x, y, z].forEach((at, axis) => {
            low[axis] = Math.min(low[axis], at);
            high[axis] = Math.max(high[axis], at);
          });
  return [low.map((at) => Math.max(0, at - 1)), high.map((at, axis) => Math.min(size[axis] - 1, at + 1))];
}

function marchVtk(images) {
  let triangles = 0;
  for (const image of images) {
    const filter = vtkImageMarchingCubes.newInstance({
      contourValue: 0.5,
      computeNormals: false,
      mergePoints: true,
    });
    filter.setInputData(image);
    triangles += filter.getOutputData().getPolys().getNumberOfCells();
  }
  return triangles;
}

/** Two triangles a face, counted for each of the two structures that it parts. */
function extractFaces() {
  const { quadInside, quadOutside } = extractLabelSurfaces(data, size);
  let sides = 0;
  for (let f = 0; f < quadInside.length; f++) {
    if (quadInside[f] > 0) sides++;
    if (quadOutside[f] > 0 && quadOutside[f] !== OUTSIDE) sides++;
  }
  return 2 * sides;
}

function extractAll() {
  const surfaces = extractLabelSurfaces(data, size);
  const pieces = findPieces(surfaces);
  const patches = triangulate(surfaces, pieces);
  return labels.reduce((sum, label) => sum + labelTriangles(patches, pieces, label).length / 3, 0);
}

// vtk.js prints each run's time.
console.time = () => {};
console.timeEnd = () => {};

const whole = labels.map((label) =>
  imageOf(
    label,
    [0, 0, 0],
    size.map((n) => n - 1),
  ),
);
const cropped = labels.map((label) => imageOf(label, ...boxOf(label)));
const runs = {
  "viscera, extraction alone (one pass, faces shared by two labels)": extractFaces,
  "viscera, with a triangle mesh of each structure's pieces": extractAll,
  "vtk.js marching cubes, masks over the whole image": () => marchVtk(whole),
  "vtk.js marching cubes, masks cropped to the structure": () => marchVtk(cropped),
};
const best = {};
const triangles = {};
for (let round = 0; round < ROUNDS; round++)
  for (const [name, run] of Object.entries(runs)) {
    if (name.endsWith("whole image") && round >= WHOLE_ROUNDS) continue;
    const start = process.cpuUsage();
    triangles[name] = run();
    const { user, system } = process.cpuUsage(start);
    best[name] = Math.min(best[name] ?? Infinity, (user + system) / 1000);
  }

const [alone, meshed] = Object.keys(runs);
console.log(
  `surface extraction of ${labels.length} structures in ${size.join(" x ")} voxels, best of ${ROUNDS} (whole image: ${WHOLE_ROUNDS}):`,
);
for (const name of Object.keys(runs)) {
  const ratios = [alone, meshed].map((own) => (best[name] / best[own]).toFixed(1)).join(" and ");
  console.log(
    `  ${name}: ${best[name].toFixed(0)} ms CPU, ${triangles[name]} triangles; ratio to ours ${ratios}`,
  );
}
