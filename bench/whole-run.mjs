// The whole way for a real CT (122 x 101 x 112 voxels, 61 structures): labels, organs, drug, report.
// Goal: under 10 s on two cores.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureCommand, SHARED } from "./shared/command.mjs";

const data = join(SHARED, "data/ct-totalsegmentator");
if (!existsSync(data)) {
  console.log("shared data are missing: nothing to measure");
} else {
  const folder = mkdtempSync(join(tmpdir(), "viscera-bench-"));
  const runs = [0, 1, 2].map((i) =>
    measureCommand([
      "run",
      join(data, "example_ct.nii.gz"),
      "--labels",
      join(data, "example_seg_fast_force_split.nii.gz"),
      "--label-names",
      join(data, "label_names_total.tsv"),
      "--simulate",
      "drug",
      "--out",
      join(folder, `case${i}`),
    ]),
  );
  rmSync(folder, { recursive: true });
  const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
  console.log(
    `viscera run, median of 3: ${seconds[1].toFixed(1)} s (goal: under 10 s); peak ${Math.max(...runs.map((run) => run.peakGb)).toFixed(2)} GB`,
  );
}
