// A training step (forward pass, cross-entropy, gradients, Adam) against PyTorch's on the same network and batch.
// PyTorch's side runs where VISCERA_BENCH_PYTHON names a Python that has torch. Both sides are processes of
// their own that step in turn; the least time of each counts, and the peak memory of the whole process.
// Goals: 1.0 of PyTorch's time on the UNet, 1.5 on PlainConvUNet, 2.5 of its memory.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buildNetwork, initialWeights, Trainer } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";

const THREADS = 2;
const STEPS = 6;

const NETWORKS = {
  unet: {
    title: "MONAI UNet",
    classes: 2,
    kind: "UNet",
    options: {
      spatial_dims: 3,
      in_channels: 1,
      out_channels: 2,
      channels: [16, 32, 64, 128, 256],
      strides: [2, 2, 2, 2],
      num_res_units: 2,
    },
  },
  plain: {
    title: "PlainConvUNet",
    classes: 3,
    kind: "PlainConvUNet",
    options: {
      input_channels: 1,
      n_stages: 6,
      features_per_stage: [32, 64, 128, 256, 320, 320],
      conv_op: "torch.nn.modules.conv.Conv3d",
      kernel_sizes: Array(6).fill([3, 3, 3]),
      strides: [[1, 1, 1], ...Array(5).fill([2, 2, 2])],
      n_conv_per_stage: Array(6).fill(2),
      num_classes: 3,
      n_conv_per_stage_decoder: Array(5).fill(2),
      conv_bias: true,
      norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
      norm_op_kwargs: { eps: 1e-5, affine: true },
      nonlin: "torch.nn.LeakyReLU",
      nonlin_kwargs: { inplace: true },
      deep_supervision: false,
    },
  },
};

/** Steps for every line on stdin, as bench/shared/training_step.py. */
async function work(name, edge) {
  const { kind, options, classes } = NETWORKS[name];
  const network = buildNetwork(kind, options);
  const weights = initialWeights(network, 0);
  const trainer = await Trainer.create(
    {
      network,
      patch: [edge, edge, edge],
      batch: 1,
      loss: { kind: "crossEntropy" },
      optimiser: { kind: "adam" },
    },
    weights,
    (model) => openSession(model, { threads: THREADS }),
  );
  const data = Float32Array.from({ length: edge ** 3 }, (_, i) => Math.sin(i * 0.37));
  const target = Uint8Array.from({ length: edge ** 3 }, (_, i) => i % classes);
  const reply = (values) => console.log(JSON.stringify(values));
  reply({ parameters: [...weights.values()].reduce((sum, tensor) => sum + tensor.data.length, 0) });
  let step = 0;
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = performance.now();
    const { loss } = await trainer.step({ data, target }, { step: step++, learningRate: 1e-3, seed: 0 });
    const seconds = (performance.now() - start) / 1000;
    reply({ seconds, loss, peakMb: process.resourceUsage().maxRSS / 1024 });
  }
}

/** A process that answers every line with one of JSON. */
async function start(command, args) {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      ...process.env,
      // Without these, both sides spend their time on page faults.
      MALLOC_MMAP_MAX_: "0",
      MALLOC_TRIM_THRESHOLD_: "17179869184",
      OPENBLAS_NUM_THREADS: "1",
      OMP_NUM_THREADS: String(THREADS),
    },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command} ended early`);
    return JSON.parse(value);
  };
  const first = await answer();
  return {
    first,
    step() {
      child.stdin.write("step\n");
      return answer();
    },
    end: () => child.stdin.end(),
  };
}

async function compare(name, edge, python) {
  const ours = await start(process.execPath, [fileURLToPath(import.meta.url), "work", name, String(edge)]);
  const script = fileURLToPath(new URL("shared/training_step.py", import.meta.url));
  const theirs = python ? await start(python, [script, name, String(edge), String(THREADS)]) : null;
  if (theirs && theirs.first.parameters !== ours.first.parameters) {
    throw new Error(`networks of ${ours.first.parameters} and ${theirs.first.parameters} parameters`);
  }
  const best = { ours: { seconds: Infinity }, theirs: { seconds: Infinity } };
  for (let i = 0; i < STEPS; i++) {
    for (const [who, side] of Object.entries({ ours, theirs })) {
      if (!side) continue;
      const result = await side.step();
      result.seconds = Math.min(result.seconds, best[who].seconds);
      best[who] = result;
      // Threads of the one side spin a while after their work; the other shall not pay for it.
      await sleep(50);
    }
  }
  ours.end();
  theirs?.end();
  const text = ({ seconds, peakMb }) => `${(1000 * seconds).toFixed(0)} ms, peak ${peakMb.toFixed(0)} MB`;
  const ratio = (key) => (best.ours[key] / best.theirs[key]).toFixed(2);
  console.log(
    `${NETWORKS[name].title}, ${edge}^3: ours ${text(best.ours)}` +
      (theirs
        ? `; PyTorch ${theirs.first.version} ${text(best.theirs)}; ratio of times ${ratio("seconds")}, of memory ${ratio("peakMb")}`
        : ""),
  );
}

if (process.argv[2] === "work") {
  await work(process.argv[3], Number(process.argv[4]));
} else {
  const python = process.env["VISCERA_BENCH_PYTHON"];
  if (!python) console.log("VISCERA_BENCH_PYTHON names no Python with torch: only our own times");
  // Arguments like "plain 64" choose one; default all three.
  const [name, edge] = process.argv.slice(2);
  const chosen = name
    ? [[name, Number(edge)]]
    : [
        ["unet", 64],
        ["unet", 96],
        ["plain", 64],
      ];
  for (const each of chosen) await compare(...each, python);
}
