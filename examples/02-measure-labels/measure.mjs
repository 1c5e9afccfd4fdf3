// From a label image to watertight models: a ball of known volume, its surface and its measures.
// Run: node examples/02-measure-labels/measure.mjs
import { affineOf } from "@viscera/core";
import { buildSurfaces, completeLabels, isWatertight, measureOrgans } from "@viscera/organ";

const n = 40;
const radiusMm = 24;
const data = new Uint8Array(n ** 3);
for (let k = 0; k < n; k++)
  for (let j = 0; j < n; j++)
    for (let i = 0; i < n; i++)
      if (1.5 * Math.hypot(i - 20, j - 20, k - 20) < radiusMm) data[i + n * (j + n * k)] = 1;
const labels = {
  size: [n, n, n],
  affine: affineOf([1.5, 1.5, 1.5]),
  data,
  labels: completeLabels([{ id: 1, name: "spleen" }], "edited"),
};

const [surface] = await buildSurfaces(labels);
const [spleen] = await measureOrgans(labels, null);
console.log(`analytic ${(((4 / 3) * Math.PI * radiusMm ** 3) / 1000).toFixed(2)} mL`);
console.log(`voxels   ${spleen.volumeMl.toFixed(2)} mL`);
console.log(
  `surface  ${surface.volumeMl.toFixed(2)} mL, ${isWatertight(surface.mesh) ? "watertight" : "open"}`,
);
