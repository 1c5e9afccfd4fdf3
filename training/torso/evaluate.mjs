#!/usr/bin/env node
/**
 * Dice of a model on the real CT example_ct (never trained on; its labels are TotalSegmentator's) and on phantoms
 * whose seeds training never used.
 *
 *   node training/torso/evaluate.mjs <model> [--phantoms 6] [--out <file.json>]
 *
 * Structures that the model has as one class are compared as one.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { reorient } from "@viscera/scan";
import { readLabels, readScan } from "@viscera/scan/node";
import { diceOfClasses, meanOf, segmentVolume } from "@viscera/segment";
import { openModel } from "@viscera/segment/node";
import { dataPath } from "../shared-data.mjs";
import { CLASSES, classNumber, classOfStructure } from "./classes.mjs";
import { phantomScan } from "./phantoms.mjs";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { phantoms: { type: "string", default: "6" }, out: { type: "string" } },
});
if (positionals.length !== 1) {
  console.error("Usage: node training/torso/evaluate.mjs <model> [--phantoms 6] [--out <file.json>]");
  process.exit(2);
}
const model = await openModel(positionals[0]);
const report = {
  model: `${model.description.name}@${model.description.version}`,
  example_ct: null,
  phantoms: [],
};

const { volume } = await readScan(dataPath("ct-totalsegmentator", "example_ct.nii.gz"));
const reference = await readLabels(dataPath("ct-totalsegmentator", "example_seg_fast_force_split.nii.gz"));
const names = (await readFile(dataPath("ct-totalsegmentator", "label_names_total.tsv"), "utf8"))
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split("\t"));
const classOfId = new Map(names.map(([id, name]) => [Number(id), classOfStructure(name)]));
const truth = reorient(reference, "RAS").data.map((id) => classOfId.get(id) ?? 0);
report.example_ct = await compare(volume, truth);

for (let seed = 1; seed <= Number(flags.phantoms); seed++) {
  const { scan, classes } = await phantomScan(seed);
  report.phantoms.push({ seed, ...(await compare(scan, classes.data)) });
}
const phantomMeans = CLASSES.map((_, i) =>
  meanOf(report.phantoms.map(({ dice }) => dice[CLASSES[i]] ?? null)),
);

console.log("| structure | example_ct | false positive, mL | unseen phantoms |\n|---|---|---|---|");
CLASSES.forEach((name, i) => {
  const real = report.example_ct.dice[name];
  const extra = report.example_ct.falsePositiveMl[name];
  if (real === undefined && extra === undefined && phantomMeans[i] === null) return;
  console.log(`| ${name} | ${text(real)} | ${extra?.toFixed(0) ?? ""} | ${text(phantomMeans[i])} |`);
});
console.log(
  `| mean | ${text(meanOf(Object.values(report.example_ct.dice)))} | | ${text(meanOf(phantomMeans))} |`,
);
if (flags.out) await writeFile(flags.out, `${JSON.stringify(report, null, 1)}\n`);

/** Dice of the structures in the truth, and the volume given to structures that are not in it. */
async function compare(scan, truthClasses) {
  const started = performance.now();
  const { labels } = await segmentVolume(scan, model);
  const ids = new Map(
    labels.labels.map(({ id, name }) => [id, CLASSES.includes(name) ? classNumber(name) : 0]),
  );
  const predicted = reorient(labels, "RAS").data.map((id) => ids.get(id) ?? 0);
  const present = new Set(truthClasses);
  const all = diceOfClasses(predicted, truthClasses, CLASSES.length + 1);
  const voxelMl = Math.abs(scan.affine[0] * scan.affine[5] * scan.affine[10]) / 1000;
  const dice = {};
  const falsePositiveMl = {};
  CLASSES.forEach((name, i) => {
    if (present.has(i + 1)) dice[name] = all[i];
    else if (all[i] !== null) falsePositiveMl[name] = voxelMl * predicted.filter((c) => c === i + 1).length;
  });
  return { seconds: (performance.now() - started) / 1000, dice, falsePositiveMl };
}

function text(value) {
  return typeof value === "number" ? value.toFixed(3) : "";
}
