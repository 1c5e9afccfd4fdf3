// brainchop's networks on the real T1 scan, full size: agreement with the label maps that PyTorch 1.13 gave for
// the same weights (fp32, minimum and maximum to 0 and 1, zero padding, argmax), time and peak memory, in one go
// and in windows with a halo; and the same scan turned and resampled, so that it is conformed first.
// Each case runs in a process of its own, one after the other. Without the shared data it says so and passes.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { reorient, resampleVolume } from "@viscera/scan";
import { readScan } from "@viscera/scan/node";
import { segmentVolume } from "@viscera/segment";
import { openModel } from "@viscera/segment/node";

const HERE = fileURLToPath(import.meta.url);
const SHARED = process.env["VISCERA_SHARED"] ?? resolve(dirname(HERE), "../../../shared");
const SCAN = join(SHARED, "data/brain/t1_crop.nii.gz");
const MODELS = join(SHARED, "data/models/brainchop");
const REFERENCE = "t1_crop_labels_torch113.nii.gz";

/** Model, window, grid of the scan, least agreement with the reference (null: there is none). */
const CASES = [
  ["model18cls", "whole", "stored", 0.9999],
  ["model11_gw_ae", "whole", "stored", 0.9999],
  ["model11_gw_ae", "slabs", "stored", 0.9999],
  ["model11_gw_ae", "whole", "turned", 0.99],
  ["model5_gw_ae", "whole", "stored", null],
  ["mindgrab", "whole", "stored", null],
];

/** The scan as another program might have stored it: RAS, 0.9 x 1 x 1.2 mm. */
async function turned(volume) {
  const ras = reorient(volume, "RAS");
  const [sx, sy, sz] = [0.9, 1, 1.2];
  const affine = [...ras.affine];
  for (let row = 0; row < 3; row++) {
    affine[4 * row] *= sx;
    affine[4 * row + 1] *= sy;
    affine[4 * row + 2] *= sz;
  }
  const size = [Math.floor(256 / sx), 256, Math.floor(256 / sz)];
  const placed = await resampleVolume(ras, { size, affine }, { interpolation: "linear", outside: 0 });
  return { ...placed, data: Uint8Array.from(placed.data, Math.round) };
}

/** Agreement over all voxels, and the smallest Dice of a label. */
function compare(labels, reference) {
  const counts = new Map();
  const count = (label, key) => {
    const entry = counts.get(label) ?? { both: 0, sum: 0 };
    entry[key]++;
    counts.set(label, entry);
  };
  let equal = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === reference[i]) {
      equal++;
      count(labels[i], "both");
    }
    count(labels[i], "sum");
    count(reference[i], "sum");
  }
  const dice = Math.min(...[...counts.values()].map(({ both, sum }) => (2 * both) / sum));
  return { equal: equal / labels.length, dice };
}

async function runCase([name, window, grid]) {
  const scan = await readScan(SCAN);
  const volume = grid === "turned" ? await turned(scan.volume) : scan.volume;
  const model = await openModel(join(MODELS, name));
  const start = performance.now();
  const options = window === "slabs" ? { memoryBytes: 1.1e9 } : { window };
  const { labels, confidence } = await segmentVolume(volume, model, options);
  const seconds = (performance.now() - start) / 1000;
  await model.dispose();
  let agreement = null;
  if (existsSync(join(MODELS, name, REFERENCE))) {
    let { data } = (await readScan(join(MODELS, name, REFERENCE))).volume;
    if (grid === "turned") {
      const reference = (await readScan(join(MODELS, name, REFERENCE))).volume;
      data = (await resampleVolume(reference, volume, { interpolation: "nearest", outside: 0 })).data;
    }
    agreement = compare(labels.data, data);
  }
  const gigabytes = process.resourceUsage().maxRSS / 1e6;
  const found = labels.labels.length;
  const mean = [...confidence.values()].reduce((sum, value) => sum + value, 0) / found;
  console.log(JSON.stringify({ seconds, gigabytes, agreement, found, mean }));
}

const chosen = process.argv[2];
if (chosen !== undefined) {
  await runCase(CASES[Number(chosen)]);
} else if (!existsSync(SCAN)) {
  console.log("skipped: the shared data are not here");
} else {
  let failed = 0;
  console.log(
    "model           window  grid    equal voxels  least Dice  structures  confidence  seconds  peak GB",
  );
  for (const [index, [name, window, grid, least]] of CASES.entries()) {
    const { stdout, status, stderr } = spawnSync(process.execPath, [HERE, String(index)], {
      encoding: "utf8",
    });
    if (status !== 0) {
      console.log(`${name} ${window} ${grid}: failed\n${stderr}`);
      failed++;
      continue;
    }
    const { seconds, gigabytes, agreement, found, mean } = JSON.parse(stdout);
    const missed = least !== null && agreement.equal < least;
    if (missed) failed++;
    console.log(
      [
        name.padEnd(15),
        window.padEnd(7),
        grid.padEnd(7),
        (agreement ? `${(100 * agreement.equal).toFixed(4)} %` : "-").padStart(12),
        (agreement ? agreement.dice.toFixed(4) : "-").padStart(11),
        String(found).padStart(11),
        mean.toFixed(4).padStart(11),
        seconds.toFixed(1).padStart(8),
        gigabytes.toFixed(2).padStart(8),
        missed ? `  MISSED: less than ${100 * least} %` : "",
      ].join(" "),
    );
  }
  process.exit(failed === 0 ? 0 : 1);
}
