// A synthetic patient with a liver tumour, measured: how far is the segmented volume from the analytic truth?
// Run: node examples/01-synthetic-patient/make.mjs
import { measureOrgans } from "@viscera/organ";
import { createPhantom } from "@viscera/phantom";

const phantom = await createPhantom({
  seed: 3,
  size: [64, 64, 64],
  tumour: { organ: "liver", volumeMl: 40 },
});
const organs = await measureOrgans(phantom.labels, phantom.scan);
for (const name of ["liver", "spleen", "kidney_left", "kidney_right"]) {
  const organ = organs.find((record) => record.name === name);
  console.log(`${name}: ${organ.volumeMl.toFixed(0)} mL at ${organ.intensity.mean.toFixed(0)} HU`);
}
