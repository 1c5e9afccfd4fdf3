import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import type { Size3 } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { closePool } from "@viscera/kernels";
import { planTraining, type TrainingBatch, type TrainingPlan } from "../../../training/data/index.js";
import {
  BatchSource,
  fingerprintDataset,
  type PreparedDataset,
  preprocessDataset,
  readDataset,
} from "./index.js";
import { temporaryFolder, writeCases, writeJson } from "./testing.js";

const PATCH: Size3 = [16, 16, 8];
let folder: string;
let prepared: PreparedDataset;
let plan: TrainingPlan;

before(async () => {
  folder = await temporaryFolder();
  const size: Size3 = [24, 20, 14];
  await writeCases(folder, { size, ids: ["a", "b", "c"] });
  await writeCases(folder, { size, ids: ["d"], values: [2] });
  await writeJson(join(folder, "dataset.json"), {
    labels: { "1": "liver", "2": "spleen" },
    modality: "MR",
    partial: true,
    training: [{ image: "images/*.nii.gz", label: "labels/*.nii.gz" }],
  });
  const dataset = await readDataset(folder);
  plan = planTraining(await fingerprintDataset(dataset), { patch: PATCH, batch: 3, augmentation: "strong" });
  prepared = await preprocessDataset(dataset, plan, join(folder, "prepared"));
});
after(async () => {
  await closePool();
  await rm(folder, { recursive: true });
});

async function batches(
  steps: readonly number[],
  options: { seed?: number; cases?: string[]; threads?: number } = {},
  withPlan = plan,
): Promise<TrainingBatch[]> {
  const source = await BatchSource.open(prepared, withPlan, { seed: 1, ...options });
  try {
    const out: TrainingBatch[] = [];
    for (const step of steps) out.push(await source.next(step));
    return out;
  } finally {
    await source.close();
  }
}

test("a step's batch is the same for any number of threads and any order", async () => {
  const steps = [0, 1, 2, 3, 4, 5];
  const [inline, one, three] = [
    await batches(steps, { threads: 0 }),
    await batches(steps, { threads: 1 }),
    await batches(steps, { threads: 3 }),
  ];
  assert.deepEqual(one, inline);
  assert.deepEqual(three, inline);
  const shuffled = await batches([4, 0, 5, 5, 2], { threads: 2 });
  assert.deepEqual(shuffled, [inline[4], inline[0], inline[5], inline[5], inline[2]]);
  assert.notDeepEqual(inline[0], inline[1]);
  assert.notDeepEqual((await batches([0], { threads: 0, seed: 2 }))[0], inline[0]);
});

test("no patch comes twice: each step goes on where the last one ended", async () => {
  const made = await batches([0, 1, 2, 3], { threads: 0 });
  const voxels = 16 * 16 * 8;
  const patches = made.flatMap(({ data }) =>
    [0, 1, 2].map((i) => data.subarray(i * voxels, (i + 1) * voxels).join()),
  );
  assert.equal(new Set(patches).size, 12);
});

test("several steps asked for at once all come", async () => {
  const source = await BatchSource.open(prepared, plan, { seed: 1, threads: 2 });
  const far = [9, 100, 3, 50].map((step) => source.next(step));
  const got = await Promise.all(far);
  await source.close();
  const expected = await batches([9, 100, 3, 50], { threads: 0 });
  assert.deepEqual(got, expected);
});

test("batches have the shapes of the network's input, and say what is known", async () => {
  const [batch] = await batches([0], { threads: 0 });
  assert.equal(batch!.data.length, 3 * 16 * 16 * 8);
  assert.equal(batch!.target.length, 3 * 16 * 16 * 8);
  const partial = (await batches([0], { threads: 0, cases: ["d"] }))[0]!;
  assert.deepEqual(partial.known, Uint8Array.of(1, 0, 1, 1, 0, 1, 1, 0, 1));
  assert.ok(partial.target.every((value) => value === 0 || value === 2));
  const whole = { ...prepared, cases: prepared.cases.map((entry) => ({ ...entry, known: null })) };
  const source = await BatchSource.open(whole, plan, { seed: 1, threads: 0 });
  assert.equal((await source.next(0)).known, null);
});

test("unchanged patches are cut from their case, image on label, a third around structures", async () => {
  const still = {
    ...plan,
    augmentation: planTraining({ ...fingerprintOf(), labels: [] }, { augmentation: "none" }).augmentation,
  };
  // Structures are 100 brighter than the rest: after z-scoring the label shows in the image.
  for (const { data, target } of await batches([0, 1, 2, 3], { threads: 0, cases: ["a", "b"] }, still)) {
    const structures = data.filter((_, i) => target[i] === 2);
    const rest = data.filter((_, i) => target[i] === 0 && data[i] !== 0);
    assert.ok(Math.min(...structures) > Math.max(...rest));
  }
});

const fingerprintOf = () => ({
  cases: [{ id: "a", size: [24, 20, 14] as Size3, spacingMm: [1, 1, 1] as const }],
  intensities: [],
  modality: ["MR"],
  channels: ["MR"],
  labels: [{ id: 1, name: "liver", values: [1] }],
  synthetic: false,
  warnings: [],
});

test("images are made of labels where there are none, with what lies beyond ignored", async () => {
  const file = join(folder, "made.json");
  const tissue = (name: string, value: number, hu: number) => ({
    name,
    values: [value],
    target: value,
    ct: [hu, hu],
    t1: [value / 2, value / 2],
  });
  await writeJson(file, {
    labels: { "1": "liver", "2": "spleen" },
    synthesis: {
      tissues: [{ ...tissue("air", 0, -1000), air: true }, tissue("liver", 1, 60), tissue("spleen", 2, 120)],
    },
    training: [{ label: "labels/*.nii.gz" }],
  });
  const dataset = await readDataset(file);
  const made = planTraining(await fingerprintDataset(dataset), { patch: [32, 32, 16], batch: 2 });
  const cases = await preprocessDataset(dataset, made, join(folder, "made"));
  const options = { seed: 4, threads: 0 };
  const source = await BatchSource.open(cases, made, options);
  const first = await source.next(0);
  assert.deepEqual([...new Set(first.target)].sort(), [0, 1, 2, 255]);
  assert.ok(first.data.every(Number.isFinite));
  const threaded = await BatchSource.open(cases, made, { seed: 4, threads: 1 });
  assert.deepEqual(await threaded.next(0), first);
  await threaded.close();
  await assert.rejects(BatchSource.open(cases, { ...made, synthesis: null }, options), { code: "usage" });
});

test("what goes wrong in a thread comes out as its sentence, and other steps go on", async () => {
  const dataset = await readDataset(join(folder, "dataset.json"));
  const broken = await preprocessDataset(dataset, plan, join(folder, "broken"));
  for (const { id } of broken.cases) await truncate(join(folder, "broken", `${id}.image.raw`), 64);
  const source = await BatchSource.open(broken, plan, { seed: 1, threads: 1 });
  for (const step of [0, 7]) {
    await assert.rejects(source.next(step), {
      code: "failed.prepared",
      message: /image\.raw is missing or not whole/,
      hint: /run again/,
    });
  }
  await source.close();
  await assert.rejects(source.next(0), { code: "cancelled" });
});

test("closing gives up what is waited for", async () => {
  const source = await BatchSource.open(prepared, plan, { seed: 1, threads: 1 });
  const waiting = assert.rejects(source.next(3), { code: "cancelled" });
  await source.close();
  await waiting;
  await source.close();
});

test("wrong options are refused", async () => {
  for (const options of [
    { seed: 1, cases: ["q"] },
    { seed: 1, cases: [] },
    { seed: 1, threads: 1.5 },
  ]) {
    await assert.rejects(BatchSource.open(prepared, plan, options), { code: "usage" });
  }
});

test("a program that waits for a batch gets it, and one that forgets to close ends", async () => {
  const script = join(folder, "program.mjs");
  const module = new URL("./index.js", import.meta.url).href;
  await writeFile(
    script,
    `import { BatchSource } from ${JSON.stringify(module)};
const { prepared, plan } = ${JSON.stringify({ prepared, plan })};
const source = await BatchSource.open(prepared, plan, { seed: 1, threads: 2 });
const { data } = await source.next(0);
console.log(data.length);
`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
  assertClose(Number(stdout), 3 * 16 * 16 * 8, {});
});
