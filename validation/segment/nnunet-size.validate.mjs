// A CT of 512 x 512 x 300 voxels through networks of nnU-Net's size (PlainConvUNet, features 32 to 320):
// TotalSegmentator's task total_fast (3 mm, 118 classes, windows of 112 x 112 x 128), and an nnU-Net model of 1.5 mm,
// 25 classes and windows of 128^3, whose scores are resampled to the scan's grid. Time and peak memory of the whole
// process, which has to stay below 6 GB.
// Weights are random, which costs the same; background is favoured, so that labels fill about as much as organs do.
// Each case runs in a process of its own, one after the other.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RandomStream } from "@viscera/core";
import { buildNetwork, floatTensor, inferenceModel, initialWeights } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { segmentLikeNnUnet, segmentTask, taskNamed } from "@viscera/segment";

const HERE = fileURLToPath(import.meta.url);
const MOST_BYTES = 6e9;

/** mm, classes, step as a share of a window. */
const CASES = [
  [3, 118, 0.8],
  [1.5, 25, 1],
];
const patchOf = (mm) => (mm === 3 ? [112, 112, 128] : [128, 128, 128]);
const BACKGROUND = 1.5;

function network(classes, patch) {
  return buildNetwork("PlainConvUNet", {
    input_channels: 1,
    num_classes: classes,
    n_stages: 6,
    features_per_stage: [32, 64, 128, 256, 320, 320],
    conv_op: "torch.nn.modules.conv.Conv3d",
    kernel_sizes: Array(6).fill([3, 3, 3]),
    strides: [[1, 1, 1], ...Array(4).fill([2, 2, 2]), patch.map((n) => (n % 32 === 0 ? 2 : 1))],
    n_conv_per_stage: Array(6).fill(2),
    n_conv_per_stage_decoder: Array(5).fill(2),
    conv_bias: true,
    norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
    norm_op_kwargs: { eps: 1e-5, affine: true },
    dropout_op: null,
    dropout_op_kwargs: null,
    nonlin: "torch.nn.LeakyReLU",
    nonlin_kwargs: { inplace: true },
  });
}

function ct() {
  const size = [512, 512, 300];
  const random = new RandomStream(1, "validation.ct");
  const data = new Int16Array(512 * 512 * 300);
  for (let v = 0; v < data.length; v++) {
    const [x, y, z] = [v & 511, (v >> 9) & 511, v >> 18];
    data[v] =
      300 * Math.sin(x / 30) * Math.cos(y / 40) * Math.sin(z / 25) + 20 * random.uniform(0, v % 65536);
  }
  const affine = [0.7, 0, 0, 0, 0, 0.7, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  return { size, affine, data, modality: "CT", unit: "HU" };
}

async function one(mm, classes, step) {
  const patch = patchOf(mm);
  const rule = { orderZ: 0, forceSeparateZ: null };
  const properties = { mean: 0, std: 150, percentile_00_5: -250, percentile_99_5: 300 };
  const open = async () => {
    const net = network(classes, patch);
    const session = await openSession(inferenceModel(net, initialWeights(net, 1), { patch }));
    return {
      score: async (window) => {
        const { scores } = await session.run({ input: floatTensor(window, [1, 1, ...patch]) });
        for (let v = 0; v < window.length; v++) scores.data[v] += BACKGROUND;
        return scores.data;
      },
      close: () => session.dispose(),
    };
  };
  const model = {
    plan: {
      configuration: "3d_fullres",
      reader: "SimpleITKIO",
      transposeForward: [0, 1, 2],
      spacing: [mm, mm, mm],
      patch,
      normalisation: [{ kind: "CTNormalization", properties }],
      resampleData: { order: 3, ...rule },
      resampleScores: { order: 1, ...rule },
    },
    dataset: { channels: ["CT"], heads: classes, regionLabels: null, names: new Map() },
    mirrorAxes: [],
    folds: [open],
  };
  const scan = ct();
  const started = performance.now();
  const marks = { prepare: 0, windows: 0 };
  const options = {
    stepSize: step,
    onProgress: ({ stage }) => {
      marks[stage] = (performance.now() - started) / 1000;
    },
  };
  const { labels } =
    mm === 3
      ? await segmentTask(
          scan,
          taskNamed("total_fast"),
          async () => ({ model, close: async () => {} }),
          options,
        )
      : await segmentLikeNnUnet([scan], model, options);
  const labelled = labels.reduce((count, label) => count + (label ? 1 : 0), 0) / labels.length;
  const seconds = (performance.now() - started) / 1000;
  const peak = process.resourceUsage().maxRSS * 1024;
  return { labelled, prepare: marks.prepare, seconds, peak };
}

if (process.argv[2]) {
  console.log(JSON.stringify(await one(...process.argv.slice(2).map(Number))));
} else {
  console.log("grid, mm  classes  labelled, %  prepare, s  all, s  peak, GB");
  let failed = false;
  for (const [mm, classes, step] of CASES) {
    const run = spawnSync(process.execPath, [HERE, mm, classes, step].map(String), { encoding: "utf8" });
    if (run.status !== 0) {
      console.log(run.stderr);
      failed = true;
      continue;
    }
    const { labelled, prepare, seconds, peak } = JSON.parse(run.stdout);
    const cells = [
      mm,
      classes,
      (100 * labelled).toFixed(0),
      prepare.toFixed(1),
      seconds.toFixed(0),
      (peak / 1e9).toFixed(2),
    ];
    console.log(cells.map((cell, i) => String(cell).padStart([8, 9, 13, 12, 8, 10][i])).join(""));
    if (peak > MOST_BYTES) {
      console.log(`more than ${MOST_BYTES / 1e9} GB`);
      failed = true;
    }
  }
  process.exit(failed ? 1 : 0);
}
