#!/usr/bin/env node
/**
 * The data set of `hippocampus-mr`: a dataset.json over mr-hippocampus-msd, where it lies, and the held-out cases.
 *
 *   node training/hippocampus-mr/make-dataset.mjs <folder>
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { caseNumbers, everyFifth } from "../held-out.mjs";
import { dataPath, outputFolder } from "../shared-data.mjs";

const folder = outputFolder("node training/hippocampus-mr/make-dataset.mjs <folder>");
const data = dataPath("mr-hippocampus-msd");
const numbers = await caseNumbers(join(data, "labels"), /^hippocampus_(\d+)\.nii\.gz$/);
const id = (number) => `hippocampus_${number}`;
const dataset = {
  name: "hippocampus-mr",
  description: "Hippocampus in cropped T1-weighted MR: Medical Segmentation Decathlon, task 4",
  licence: "CC-BY-SA-4.0",
  channel_names: { 0: "MR" },
  labels: { 0: "background", 1: "hippocampus_anterior", 2: "hippocampus_posterior" },
  training: numbers.map((number) => ({
    id: id(number),
    image: join(data, "images", `${id(number)}.nii.gz`),
    label: join(data, "labels", `${id(number)}.nii.gz`),
  })),
};
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "dataset.json"), `${JSON.stringify(dataset, null, 1)}\n`);
const held = everyFifth(numbers).map(id);
await writeFile(join(folder, "validation.txt"), `${held.join("\n")}\n`);
console.log(`${numbers.length} cases, ${held.length} of them held out: ${join(folder, "dataset.json")}`);
