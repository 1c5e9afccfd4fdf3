// A synthetic CT of 512 x 512 x 600 voxels through `run` with its true labels. Goal: peak memory under 2.5 GB.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureCommand } from "./shared/command.mjs";

const folder = mkdtempSync(join(tmpdir(), "viscera-bench-"));
const patient = join(folder, "patient");
const made = measureCommand(["phantom", "--size", "512,512,600", "--out", patient]);
console.log(`phantom: ${made.seconds.toFixed(0)} s, peak ${made.peakGb.toFixed(2)} GB`);
const run = measureCommand([
  "run",
  join(patient, "scan.nii.gz"),
  "--labels",
  join(patient, "labels.nii.gz"),
  "--label-names",
  join(patient, "labels.json"),
  "--simulate",
  "drug",
  "--out",
  join(folder, "case"),
]);
rmSync(folder, { recursive: true });
console.log(`run: ${run.seconds.toFixed(0)} s, peak ${run.peakGb.toFixed(2)} GB (goal: under 2.5 GB)`);
console.log(
  run.stderr
    .split("\n")
    .filter((line) => line.startsWith("✓"))
    .join("\n"),
);
