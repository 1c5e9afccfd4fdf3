// A network of one's own in half a minute: train on synthetic scans, segment a new one, and teach a new label from
// two cases. Run: node examples/04-train-and-finetune/train.mjs
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { affineOf, RandomStream } from "@viscera/core";
import { readScan, writeVolume } from "@viscera/scan/node";
import { segmentVolume } from "@viscera/segment";
import { finetuneModel, openModel, readDataset, readLearntNetwork, trainModel } from "@viscera/segment/node";

const folder = await mkdtemp(join(tmpdir(), "viscera-example-"));
const size = [24, 24, 24];

/** Scans of two ellipsoids in noise; the data set lists them in the way of the Medical Segmentation Decathlon. */
async function makeDataset(name, count, names) {
  const random = new RandomStream(4, name);
  const training = [];
  for (let n = 0; n < count; n++) {
    const scan = new Float32Array(24 ** 3);
    const labels = new Uint8Array(scan.length);
    const shift = (i) => 4 * random.uniform(n, i) - 2;
    const bodies = [
      { x: 7 + shift(0), y: 12 + shift(1), z: 12 + shift(2), brightness: 60 },
      { x: 17 + shift(3), y: 12 + shift(4), z: 12 + shift(5), brightness: -45 },
    ];
    for (let i = 0; i < scan.length; i++) {
      const [x, y, z] = [i % 24, Math.floor(i / 24) % 24, Math.floor(i / 576)];
      const inside = bodies.findIndex((b) => Math.hypot(x - b.x, (y - b.y) / 1.4, z - b.z) < 4.5);
      labels[i] = inside + 1;
      scan[i] = 100 + (inside < 0 ? 0 : bodies[inside].brightness) + 15 * random.normal(100 + n, i);
    }
    const grid = { size, affine: affineOf([2, 2, 2]) };
    const [image, label] = [`${name}_${n}_scan.nii.gz`, `${name}_${n}.nii.gz`];
    await writeVolume(join(folder, image), { ...grid, data: scan, modality: "MR", unit: null });
    await writeVolume(join(folder, label), { ...grid, data: labels, labels: [] });
    training.push({ image, label });
  }
  const labels = { 1: names[0], 2: names[1] };
  const path = join(folder, `${name}.json`);
  await writeFile(path, JSON.stringify({ name, modality: "MR", licence: "CC0-1.0", labels, training }));
  return readDataset(path);
}

try {
  const dataset = await makeDataset("organs", 10, ["spleen", "cyst"]);
  const trained = await trainModel(dataset, {
    out: join(folder, "model"),
    command: "node examples/04-train-and-finetune/train.mjs",
    budget: { steps: 100 },
    learningRate: 0.01,
    plan: { baseFeatures: 6, batch: 1, augmentation: "none" },
  });
  console.log(
    `trained: Dice ${trained.scores.mean.toFixed(2)} on ${trained.fold.validation.length} held-out cases`,
  );

  const model = await openModel(join(folder, "model"));
  const { volume } = await readScan(dataset.cases[0].images[0]);
  const { labels, confidence } = await segmentVolume(volume, model);
  for (const { id, name } of labels.labels)
    console.log(`${name}: ${Math.round(100 * confidence.get(id))} % sure`);
  await model.dispose();

  // Two cases of a data set with another name for one of the structures: "spleen" stays, "abscess" is new.
  const few = await makeDataset("clinic", 6, ["spleen", "abscess"]);
  const base = await readLearntNetwork(join(folder, "model"));
  const finer = await finetuneModel(base, few, {
    out: join(folder, "finetuned"),
    command: "node examples/04-train-and-finetune/train.mjs",
    budget: { steps: 40 },
    learningRate: 0.005,
    batch: 1,
    augmentation: "light",
    cases: 2,
    validation: 0.5,
  });
  const dice = finer.description.labels.map(
    ({ name }, i) => `${name} ${finer.scores.structures[i].toFixed(2)}`,
  );
  console.log(`fine-tuned with ${finer.fold.training.length} cases: Dice ${dice.join(", ")}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
