#!/usr/bin/env node
/**
 * The data set of the foundation model `torso`: label maps of phantoms and of real people, from which training makes
 * images of random contrast, and some phantoms with a synthetic CT of their own.
 *
 *   node training/torso/make-dataset.mjs <folder>
 *
 * Nothing is made from ct-totalsegmentator (its patient is the test), from mr-hippocampus-msd or from
 * ct-headneck-openkbp (few-shot learning is measured on them). What is there already is not made again.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeVolume } from "@viscera/scan/node";
import { synthesisTableSchema } from "@viscera/segment";
import { outputFolder } from "../shared-data.mjs";
import { ABDOMEN, abdomenMaps, HEADS, headMaps, NECK, neckMaps, OAR, oarMaps } from "./atlases.mjs";
import { allBut, CLASSES } from "./classes.mjs";
import { phantomTissues } from "./phantom-tissues.mjs";
import { phantomLabels, phantomScan } from "./phantoms.mjs";

/** Seeds of training; those below are never trained on (evaluate.mjs). */
const FIRST_SEED = 1001;
const FIRST_SCAN_SEED = 2001;
const PHANTOM_MAPS = 48;
const PHANTOM_SCANS = 16;
/** Watched while training; the model is judged by evaluate.mjs. */
const HELD_OUT = ["phantom_1048", "scanned_2011", "scanned_2016"];
/** A phantom has no larynx, and nothing above it. */
const PHANTOM_KNOWN = allBut("larynx");

const folder = outputFolder("node training/torso/make-dataset.mjs <folder>");
await mkdir(join(folder, "labels"), { recursive: true });
await mkdir(join(folder, "images"), { recursive: true });

for (const [name, table] of Object.entries({
  abdomen: ABDOMEN.table,
  neck: NECK.table,
  heads: HEADS.table,
  // Grey and white matter are all but alike in a CT.
  brains: { ...HEADS.table, looks: { ct: 0.05, mr: 0.5 } },
  oar: OAR.table,
  phantom: phantomTissues(),
})) {
  await writeJson(`${name}-tissues.json`, synthesisTableSchema.parse(table));
}
const training = [];
for (const [source, maps] of Object.entries({
  abdomen: abdomenMaps,
  neck: neckMaps,
  heads: headMaps,
  oar: oarMaps,
})) {
  training.push(...(await sourceCases(source, maps)));
}
for (let i = 0; i < PHANTOM_MAPS; i++) {
  const id = `phantom_${FIRST_SEED + i}`;
  const label = `labels/${id}.nii.gz`;
  if (!existsSync(join(folder, label)))
    await writeVolume(join(folder, label), await phantomLabels(FIRST_SEED + i));
  training.push({ id, label, synthesis: "phantom-tissues.json", known: PHANTOM_KNOWN });
  console.log(id);
}
for (let i = 0; i < PHANTOM_SCANS; i++) {
  const id = `scanned_${FIRST_SCAN_SEED + i}`;
  const [image, label] = [`images/${id}.nii.gz`, `labels/${id}.nii.gz`];
  if (!existsSync(join(folder, label))) {
    const { scan, classes } = await phantomScan(FIRST_SCAN_SEED + i);
    await writeVolume(join(folder, image), scan);
    await writeVolume(join(folder, label), classes);
  }
  training.push({ id, image, label, known: PHANTOM_KNOWN });
  console.log(id);
}
await writeJson("dataset.json", {
  name: "torso",
  description: "Label maps of phantoms and atlases for training on images of random contrast, 3 mm",
  licence:
    "Phantoms: Apache-2.0. SPL atlases: 3D Slicer License. SynthSeg label maps: Apache-2.0. labels-headneck-oar: CC BY 4.0.",
  channel_names: { 0: "CT" },
  labels: Object.fromEntries([["0", "background"], ...CLASSES.map((name, i) => [String(i + 1), name])]),
  training,
});
await writeFile(join(folder, "validation.txt"), `${HELD_OUT.join("\n")}\n`);
console.log(`${training.length} cases, ${CLASSES.length} classes: ${join(folder, "dataset.json")}`);

/** The cases of an atlas, made unless its list is there: it is written when all its maps are. */
async function sourceCases(source, makeMaps) {
  const list = join(folder, `${source}-cases.json`);
  if (!existsSync(list)) {
    const cases = [];
    for (const { id, map, known, table = source } of await makeMaps()) {
      const label = `labels/${id}.nii.gz`;
      await writeVolume(join(folder, label), { ...map, labels: [] });
      cases.push({ id, label, synthesis: `${table}-tissues.json`, known });
      console.log(id);
    }
    await writeJson(`${source}-cases.json`, cases);
  }
  return JSON.parse(await readFile(list, "utf8"));
}

async function writeJson(name, value) {
  const path = join(folder, name);
  await writeFile(`${path}.part`, `${JSON.stringify(value, null, 1)}\n`);
  await rename(`${path}.part`, path);
}
