// Ten training steps of MONAI's UNet at full size (4.8 M parameters, 32^3) by both trainings of the shared golden
// files, against PyTorch's own run in double precision: the loss at every step, then the logits.
// Without the shared data it says so and passes.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readNpy } from "@viscera/core/testing";
import {
  buildNetwork,
  inferenceModel,
  matchWeights,
  monaiDiceCrossEntropy,
  readTorchFile,
  Trainer,
  tensorsOf,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";

const HERE = fileURLToPath(import.meta.url);
const SHARED = process.env["VISCERA_SHARED"] ?? resolve(dirname(HERE), "../../../shared");
const FOLDER = join(SHARED, "cases/nets/monai-unet");

/** Tolerance of the loss by step counted from 0 (relative), and of the final logits. */
const TRAININGS = {
  ce_adam: {
    loss: { kind: "crossEntropy" },
    optimiser: { kind: "adam" },
    learningRate: 1e-3,
    tolerance: (step) => (step === 0 ? 1e-6 : step < 3 ? 2e-5 : 5e-4),
    // PyTorch in single precision is off by a third of this.
    meanLogit: (expected) => 3 * expected.mean_abs_diff_final_logits_f32_vs_f64,
  },
  dicece_sgd: {
    loss: monaiDiceCrossEntropy(),
    optimiser: { kind: "sgd", momentum: 0.99, nesterov: true, weightDecay: 3e-5 },
    learningRate: 0.01,
    tolerance: () => 5e-6,
    largestLogit: 5e-3,
  },
};

if (!existsSync(FOLDER)) {
  console.log(`no shared data at ${FOLDER}: nothing validated`);
  process.exit(0);
}
const open = (model) => openSession(model, { threads: 2 });
const results = JSON.parse(readFileSync(join(FOLDER, "full.results.json"), "utf8"));
const network = buildNetwork("UNet", results.network);
const checkpoint = readTorchFile(readFileSync(join(FOLDER, "full.init.pth")));
const weights = matchWeights(network, tensorsOf(checkpoint));
const image = readNpy(join(FOLDER, "image.npy"));
const batch = { data: image.data, target: readNpy(join(FOLDER, "label.npy")).data };

let failed = 0;
const row = (what, reached, limit) => {
  const right = reached <= limit;
  if (!right) failed++;
  console.log(
    `${what.padEnd(34)} ${reached.toExponential(2).padStart(10)} ${limit.toExponential(1).padStart(9)} ${right ? "ok" : "FAILED"}`,
  );
};
console.log(`${"".padEnd(34)} ${"reached".padStart(10)} ${"allowed".padStart(9)}`);
for (const [name, training] of Object.entries(TRAININGS)) {
  const expected = results[name];
  const trainer = await Trainer.create(
    { network, patch: [32, 32, 32], batch: 1, loss: training.loss, optimiser: training.optimiser },
    weights,
    open,
  );
  for (let step = 0; step < 10; step++) {
    const { loss } = await trainer.step(batch, { step, learningRate: training.learningRate, seed: 0 });
    const error = Math.abs(loss / expected.loss_per_step_f64[step] - 1);
    row(`${name} loss ${step + 1}, relative`, error, training.tolerance(step));
  }
  const model = inferenceModel(network, await trainer.weights(), { patch: [32, 32, 32] });
  await trainer.dispose();
  const session = await open(model);
  const { scores } = await session.run({ input: { type: "float32", dims: image.dims, data: image.data } });
  await session.dispose();
  const reference = readNpy(join(FOLDER, `full.${name}.final_logits.npy`)).data;
  let sum = 0;
  let largest = 0;
  let otherClass = 0;
  const voxels = reference.length / 2;
  for (let i = 0; i < reference.length; i++) {
    const error = Math.abs(scores.data[i] - reference[i]);
    sum += error;
    largest = Math.max(largest, error);
    const foreground = (logits) => logits[i] < logits[i + voxels];
    if (i < voxels && foreground(scores.data) !== foreground(reference)) otherClass++;
  }
  if (training.meanLogit)
    row(`${name} logits, mean error`, sum / reference.length, training.meanLogit(expected));
  if (training.largestLogit) row(`${name} logits, largest error`, largest, training.largestLogit);
  row(`${name} voxels of another class`, otherClass / voxels, 0.01);
}
process.exit(failed === 0 ? 0 : 1);
