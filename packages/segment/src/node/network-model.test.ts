import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { affineOf, type ModelFile, VisceraError } from "@viscera/core";
import { readNpy, testWithShared } from "@viscera/core/testing";
import {
  buildNetwork,
  floatTensor,
  initialWeights,
  readSafetensors,
  type Weights,
  writeSafetensors,
} from "@viscera/nets";
import { type NetworkModel, segmentVolume } from "@viscera/segment";
import { addModel, openModel } from "@viscera/segment/node";

const OPTIONS = {
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 3,
  channels: [4, 8],
  strides: [2],
  num_res_units: 1,
};

function description(bytes: Uint8Array[], changes: Partial<ModelFile> = {}): ModelFile {
  const hash = createHash("sha256");
  for (const part of bytes) hash.update(part);
  return {
    schema: 1,
    name: "small",
    version: "1.0.0",
    architecture: { kind: "UNet", options: OPTIONS },
    weights: "weights.safetensors",
    input: {
      modality: [],
      orientation: "RAS",
      spacingMm: null,
      patch: [12, 10, 8],
      normalisation: { kind: "zscore" },
      conform: null,
      overlap: 0.5,
      haloVoxels: null,
      mirrorAxes: [],
    },
    labels: [
      { id: 1, name: "a", snomed: null },
      { id: 2, name: "b", snomed: null },
    ],
    licence: "CC BY 4.0",
    commercialUse: true,
    card: null,
    sha256: hash.digest("hex"),
    ...changes,
  };
}

/** Weight files "weights.safetensors", "fold1.safetensors", … in a folder with their description. */
async function withModel(
  members: Weights[],
  changes: Partial<ModelFile>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "viscera-network-"));
  try {
    const files = members.map((weights) => writeSafetensors(weights));
    for (const [i, bytes] of files.entries()) {
      await writeFile(join(folder, i === 0 ? "weights.safetensors" : `fold${i}.safetensors`), bytes);
    }
    await writeFile(join(folder, "viscera-model.json"), JSON.stringify(description(files, changes)));
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === code && pattern.test(error.message);

const scoresOf = async (model: NetworkModel, dims: number[]) => {
  const count = dims.reduce((all, n) => all * n, 1);
  const data = Float32Array.from({ length: count }, (_, i) => Math.sin(i * i));
  const { scores } = await model.session.run({ input: floatTensor(data, [1, 1, ...dims]) });
  return scores!;
};

test("a described architecture runs from its safetensors weights, in windows of any size that fits", async () => {
  const network = buildNetwork("UNet", OPTIONS);
  await withModel([initialWeights(network, 1)], {}, async (folder) => {
    const model = (await openModel(folder)) as NetworkModel;
    assert.deepEqual([model.channels, model.classes, model.description.name], [1, 3, "small"]);
    assert.deepEqual((await scoresOf(model, [8, 10, 12])).dims, [1, 3, 8, 10, 12]);
    const size = [15, 14, 9] as const;
    const data = Float32Array.from({ length: 15 * 14 * 9 }, (_, i) => Math.cos(i));
    const volume = { size, affine: affineOf([1, 1, 1], [0, 0, 0]), data, modality: null, unit: null };
    for (const window of [undefined, 8]) {
      const { labels } = await segmentVolume(volume, model, window ? { window } : {});
      assert.deepEqual(labels.size, size);
    }
    await assert.rejects(segmentVolume(volume, model, { window: 9 }), refused("input.shape", /./));
    await model.dispose();
  });
});

test("the scores of an ensemble are the mean of its members'", async () => {
  const network = buildNetwork("UNet", OPTIONS);
  const members = [1, 2, 3].map((seed) => initialWeights(network, seed));
  const single: Float32Array[] = [];
  for (const weights of members) {
    await withModel([weights], {}, async (folder) => {
      const model = (await openModel(folder)) as NetworkModel;
      single.push((await scoresOf(model, [8, 10, 12])).data as Float32Array);
      await model.dispose();
    });
  }
  const folds = ["fold1.safetensors", "fold2.safetensors"];
  await withModel(members, { folds }, async (folder) => {
    const model = (await openModel(folder)) as NetworkModel;
    const mean = (await scoresOf(model, [8, 10, 12])).data as Float32Array;
    mean.forEach((value, i) => {
      const expected = (single[0]![i]! + single[1]![i]! + single[2]![i]!) / 3;
      assert.ok(Math.abs(value - expected) < 1e-5);
    });
    await model.dispose();
    const before = process.env["VISCERA_HOME"];
    process.env["VISCERA_HOME"] = join(folder, "home");
    try {
      await addModel(folder);
      const stored = await openModel("small");
      await stored.dispose();
    } finally {
      if (before === undefined) delete process.env["VISCERA_HOME"];
      else process.env["VISCERA_HOME"] = before;
    }
  });
  await withModel(members, { folds: ["../fold1.safetensors"] }, async (folder) => {
    await assert.rejects(openModel(folder), refused("input.model", /outside its folder/));
  });
});

test("weights, options and labels that do not belong together are refused by name", async () => {
  const weights = initialWeights(buildNetwork("UNet", OPTIONS), 1);
  const less = new Map([...weights].slice(1));
  await withModel([less], {}, async (folder) => {
    await assert.rejects(openModel(folder), refused("input.weights", /missing/));
  });
  const wider = { architecture: { kind: "UNet", options: { ...OPTIONS, channels: [4, 16] } } };
  await withModel([weights], wider, async (folder) => {
    await assert.rejects(openModel(folder), refused("input.weights", /shape/));
  });
  await withModel([weights], { architecture: { kind: "Mystery", options: {} } }, async (folder) => {
    await assert.rejects(openModel(folder), refused("input.architecture", /Mystery/));
  });
  await withModel([weights], { labels: [{ id: 3, name: "c", snomed: null }] }, async (folder) => {
    await assert.rejects(openModel(folder), refused("input.model", /3 classes/));
  });
  await withModel([weights], { sha256: "0".repeat(64) }, async (folder) => {
    await assert.rejects(openModel(folder), refused("input.checksum", /SHA-256/));
  });
  await withModel([weights], { input: { ...description([]).input, patch: [12, 10, 9] } }, async (folder) => {
    await assert.rejects(openModel(folder), refused("input.shape", /./));
  });
});

testWithShared(
  "MONAI's UNet opened as a model gives PyTorch's logits",
  ["cases/nets/monai-unet"],
  async ([golden]) => {
    const weights = readSafetensors(await readFile(join(golden, "mini.init.safetensors")));
    const options = {
      ...OPTIONS,
      out_channels: 2,
      channels: [4, 8, 16, 32, 64],
      strides: [2, 2, 2, 2],
      num_res_units: 2,
    };
    const changes: Partial<ModelFile> = {
      architecture: { kind: "UNet", options },
      labels: [{ id: 1, name: "ball", snomed: null }],
      input: { ...description([]).input, patch: [32, 32, 32] },
    };
    await withModel([weights], changes, async (folder) => {
      const model = (await openModel(folder)) as NetworkModel;
      const image = await readNpy(join(golden, "image.npy"));
      const input = floatTensor(image.data as Float32Array, [1, 1, 32, 32, 32]);
      const { scores } = await model.session.run({ input });
      const expected = (await readNpy(join(golden, "mini.init.logits.npy"))).data as Float32Array;
      (scores!.data as Float32Array).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-4));
      await model.dispose();
    });
  },
);
