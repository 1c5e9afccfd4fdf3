#!/usr/bin/env node
/**
 * The data set of `headneck-ct`: a dataset.json over ct-headneck-openkbp, where it lies, and the held-out cases.
 * A structure that a patient lacks was not contoured: it is unknown there ("partial").
 *
 *   node training/headneck-ct/make-dataset.mjs <folder>
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { caseNumbers, everyFifth } from "../held-out.mjs";
import { dataPath, outputFolder } from "../shared-data.mjs";

const folder = outputFolder("node training/headneck-ct/make-dataset.mjs <folder>");
const data = dataPath("ct-headneck-openkbp", "nifti");
const numbers = await caseNumbers(data, /^pt_(\d+)_oar\.nii\.gz$/);
const id = (number) => `pt_${number}`;
const dataset = {
  name: "headneck-ct",
  description: "Organs at risk in head-and-neck radiotherapy CT: OpenKBP",
  licence: "MIT",
  channel_names: { 0: "CT" },
  partial: true,
  labels: {
    0: "background",
    1: "brainstem",
    2: "spinal_cord",
    3: "parotid_gland_right",
    4: "parotid_gland_left",
    5: "mandible",
    6: "larynx",
    7: "esophagus",
  },
  training: numbers.map((number) => ({
    id: id(number),
    image: join(data, `${id(number)}_ct.nii.gz`),
    label: join(data, `${id(number)}_oar.nii.gz`),
  })),
};
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "dataset.json"), `${JSON.stringify(dataset, null, 1)}\n`);
const held = everyFifth(numbers).map(id);
await writeFile(join(folder, "validation.txt"), `${held.join("\n")}\n`);
console.log(`${numbers.length} cases, ${held.length} of them held out: ${join(folder, "dataset.json")}`);
