/** Phantoms as label maps to make images from, and as cases with their own synthetic CT. */
import { RandomStream } from "@viscera/core";
import { createPhantom, TISSUES } from "@viscera/phantom";
import { crop } from "@viscera/scan";
import { PHANTOM_CLASSES } from "./classes.mjs";
import { GAS, LIVER_VEIN, LUNG_VESSEL } from "./phantom-tissues.mjs";

const SPACING_MM = 3;
const FIELDS = { torso: 200, abdomen: 136, chest: 108 };

const idsNamed = (pattern) =>
  new Set([...TISSUES.values()].filter(({ name }) => pattern.test(name)).map(({ labelId }) => labelId));
const STOMACH = idsNamed(/^stomach$/);
const COLON = idsNamed(/^colon$/);
const LIVER = idsNamed(/^liver$/);
const LUNG_LEFT = idsNamed(/^lung_.*_left$/);
const LUNG_RIGHT = idsNamed(/^lung_.*_right$/);

/** Drawn by the seed: which part of the body, and how it is scanned. */
function parametersOf(seed, random) {
  const u = random.uniform(seed, 0);
  const field = u < 0.6 ? "torso" : u < 0.85 ? "abdomen" : "chest";
  return { seed, field, size: [150, 116, FIELDS[field]], spacingMm: [SPACING_MM, SPACING_MM, SPACING_MM] };
}

/** A phantom's labels, with the parts told by a scan of it without noise. */
export async function phantomLabels(seed) {
  const random = new RandomStream(seed, "training.torso.phantom");
  const { scan, labels } = await createPhantom({
    ...parametersOf(seed, random),
    phase: "portal-venous",
    noiseHu: 0,
    blurMm: 0,
    couch: false,
  });
  const data = labels.data.slice();
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    const hu = scan.data[i];
    if (STOMACH.has(value) && hu < -400) data[i] = GAS.stomach;
    else if (COLON.has(value) && hu < -400) data[i] = GAS.colon;
    else if (LIVER.has(value) && hu > 128) data[i] = LIVER_VEIN;
    else if (hu > -500 && LUNG_LEFT.has(value)) data[i] = LUNG_VESSEL;
    else if (hu > -500 && LUNG_RIGHT.has(value)) data[i] = LUNG_VESSEL + 1;
  }
  return cropped({ ...labels, data });
}

/** A phantom's CT and its classes. */
export async function phantomScan(seed) {
  const random = new RandomStream(seed, "training.torso.phantom");
  const { scan, labels } = await createPhantom({
    ...parametersOf(seed, random),
    phase: random.uniform(seed, 1) < 0.5 ? "native" : "portal-venous",
    noiseHu: 5 + 25 * random.uniform(seed, 2),
    blurMm: 0.5 + 1.5 * random.uniform(seed, 3),
  });
  const data = labels.data.map((value) => PHANTOM_CLASSES.get(value) ?? 0);
  const box = bodyBox(labels);
  return { scan: crop(scan, box), classes: crop({ ...labels, labels: [], data }, box) };
}

/** Without most of the air around. */
const cropped = (labels) => crop(labels, bodyBox(labels));

function bodyBox({ data, size }) {
  const min = [...size];
  const max = [0, 0, 0];
  const [nx, ny] = size;
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))].forEach((at, axis) => {
      min[axis] = Math.min(min[axis], at);
      max[axis] = Math.max(max[axis], at);
    });
  }
  const margin = 8;
  return {
    min: min.map((at) => Math.max(0, at - margin)),
    max: max.map((at, axis) => Math.min(size[axis] - 1, at + margin)),
  };
}
