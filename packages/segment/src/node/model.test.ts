import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  affineOf,
  type LabelMap,
  type ModelFile,
  modelFileSchema,
  VisceraError,
  type Volume,
} from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { GraphBuilder } from "@viscera/nets";
import { readLabels, readScan, writeVolume } from "@viscera/scan/node";
import { type NetworkModel, segmentVolume } from "@viscera/segment";
import {
  addModel,
  listModels,
  modelStorePath,
  openModel,
  removeModel,
  segmentFolder,
} from "@viscera/segment/node";

/** Scores of three classes from one intensity: background below 1, bright from 3 on, dim between. */
function thresholds(): Uint8Array {
  const graph = new GraphBuilder();
  const x = graph.input("image", "float32", [1, 1, "d", "h", "w"]);
  const weights = graph.weights("w", Float32Array.of(-10, 0, 10), [3, 1, 1, 1, 1]);
  const bias = graph.weights("b", Float32Array.of(10, 0, -30), [3]);
  graph.output(graph.conv(x, weights, bias, { kernel: [1, 1, 1] }), "scores", "float32", [
    1,
    3,
    "d",
    "h",
    "w",
  ]);
  return graph.build();
}

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function description(weights: Uint8Array, changes: Partial<ModelFile> = {}): ModelFile {
  return {
    schema: 1,
    name: "bright",
    version: "2.0.0",
    architecture: { kind: "onnx", options: {} },
    weights: "weights.onnx",
    input: {
      modality: ["MR"],
      orientation: "RAS",
      spacingMm: null,
      patch: [8, 8, 8],
      normalisation: { kind: "none" },
      conform: null,
      overlap: 0.5,
      haloVoxels: null,
      mirrorAxes: [0],
    },
    labels: [
      { id: 1, name: "dim", snomed: null },
      { id: 2, name: "bright", snomed: "123", color: "#102030" },
    ],
    licence: "CC BY-NC 4.0",
    commercialUse: false,
    card: null,
    sha256: hash(weights),
    ...changes,
  };
}

/** A temporary folder with a model in `model`; removed afterwards. */
async function withModel(
  body: (folder: string) => Promise<void>,
  changes: Partial<ModelFile> = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "viscera segment ü "));
  try {
    const weights = thresholds();
    await mkdir(join(folder, "model"));
    await writeFile(join(folder, "model", "weights.onnx"), weights);
    await writeFile(
      join(folder, "model", "viscera-model.json"),
      JSON.stringify(description(weights, changes)),
    );
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** 12x10x9 voxels stored PIR, so that the network's RAS is another axis order. */
function scan(): Volume {
  const size = [12, 10, 9] as const;
  const affine = [0, 0, 2, -20, -1.5, 0, 0, 30, 0, -1, 0, 7, 0, 0, 0, 1];
  const data = Int16Array.from({ length: 12 * 10 * 9 }, (_, i) => i % 5);
  return { size, affine, data, modality: "MR", unit: null };
}

const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === code && pattern.test(error.message);

test("labels come out on the scan's own grid and axis order, with names, confidence and the licence", async () => {
  await withModel(async (folder) => {
    const volume = scan();
    for (const path of ["model", "model/weights.onnx", "model/viscera-model.json"]) {
      const model = await openModel(join(folder, path));
      for (const options of [{}, { window: "whole" }, { window: 10 }, { mirror: true }] as const) {
        const { labels, confidence, warnings } = await segmentVolume(volume, model, options);
        assert.deepEqual(labels.affine, volume.affine);
        assert.ok(labels.data instanceof Uint8Array);
        labels.data.forEach((label, i) => assert.equal(label, [0, 0, 1, 1, 2][i % 5]));
        assert.deepEqual(
          labels.labels.map(({ id, name, source }) => [id, name, source]),
          [
            [1, "dim", "model:bright@2.0.0"],
            [2, "bright", "model:bright@2.0.0"],
          ],
        );
        assert.equal(labels.labels[1]!.color, "#102030");
        assert.ok(confidence.get(2)! > 0.99 && confidence.get(1)! > 0.49);
        assert.match(warnings.join(), /not for commercial use/);
      }
      await model.dispose();
    }
  });
});

test("a scan of another kind is refused; one that does not say is looked at", async () => {
  await withModel(async (folder) => {
    const model = await openModel(join(folder, "model"));
    const volume = scan();
    await assert.rejects(
      segmentVolume({ ...volume, modality: "CT" }, model),
      refused("input.modality", /CT.*MR/),
    );
    const unsaid: Volume = { ...volume, modality: null };
    assert.doesNotMatch((await segmentVolume(unsaid, model)).warnings.join(), /CT/);
    const airy = { ...unsaid, data: volume.data.map((v) => v - 1000) as Int16Array };
    assert.match((await segmentVolume(airy, model)).warnings.join(), /look like a CT/);
    const flat = { ...volume, data: new Float32Array(volume.data.length).fill(Number.NaN) };
    await assert.rejects(segmentVolume(flat, model), refused("input.not-finite", /not numbers/));
    await model.dispose();
  });
});

test("what is not a usable model is refused in a sentence", async () => {
  await withModel(async (folder) => {
    const at = (path: string) => openModel(join(folder, path));
    await assert.rejects(at("nothing"), refused("input.model", /no model/));
    await assert.rejects(openModel(folder), refused("input.model", /holds no model/));
    await writeFile(join(folder, "lone.onnx"), thresholds());
    await assert.rejects(at("lone.onnx"), refused("input.model", /no viscera-model.json/));
    await writeFile(join(folder, "weights.pth"), "x");
    await assert.rejects(at("weights.pth"), refused("input.model", /not a model/));
    await writeFile(join(folder, "model", "weights.onnx"), thresholds().subarray(0, 100));
    await assert.rejects(at("model"), refused("input.checksum", /SHA-256/));
    await rm(join(folder, "model", "weights.onnx"));
    await assert.rejects(at("model"), refused("input.missing", /does not exist/));
    await writeFile(join(folder, "model", "viscera-model.json"), "{");
    await assert.rejects(at("model"), refused("input.json", /not valid JSON/));
  });
  const garbage = new TextEncoder().encode("not a network");
  await withModel(
    async (folder) => {
      await writeFile(join(folder, "model", "weights.onnx"), garbage);
      await assert.rejects(openModel(join(folder, "model")), refused("input.onnx", /ONNX/));
    },
    { sha256: hash(garbage) },
  );
  await withModel(
    async (folder) => {
      await assert.rejects(openModel(join(folder, "model")), refused("input.architecture", /PlainConvUNet/));
    },
    { architecture: { kind: "PlainConvUNet", options: {} }, weights: "weights.safetensors" },
  );
  await withModel(
    async (folder) => {
      await assert.rejects(openModel(join(folder, "model")), refused("input.model", /3 classes/));
    },
    { labels: [{ id: 3, name: "x", snomed: null }] },
  );
});

test("the store adds, lists, opens by name and removes models", async () => {
  const before = process.env["VISCERA_HOME"];
  await withModel(async (folder) => {
    process.env["VISCERA_HOME"] = join(folder, "home");
    try {
      assert.equal(modelStorePath({ XDG_DATA_HOME: "/x" }), join("/x", "viscera", "models"));
      assert.equal(modelStorePath(), join(folder, "home", "models"));
      const stored = await addModel(join(folder, "model"));
      assert.equal(stored.name, "bright");
      await assert.rejects(addModel(join(folder, "model")), refused("input.model", /already/));
      await addModel(join(folder, "model", "weights.onnx"), { name: "second" });
      const listed = (await listModels()).filter(({ shipped }) => !shipped);
      assert.deepEqual(
        listed.map(({ name, problem }) => [name, problem]),
        [
          ["bright", null],
          ["second", null],
        ],
      );
      assert.equal(listed[0]!.description!.licence, "CC BY-NC 4.0");
      const model = await openModel("second");
      assert.equal(model.classes, 3);
      await model.dispose();
      await removeModel("second");
      await assert.rejects(openModel("second"), refused("input.model", /no model "second"/));
      await assert.rejects(removeModel("second"), refused("input.model", /no model/));
      await assert.rejects(removeModel("../home"), refused("usage", /name/));
      assert.deepEqual(await readdir(modelStorePath()), ["bright"]);
    } finally {
      if (before === undefined) delete process.env["VISCERA_HOME"];
      else process.env["VISCERA_HOME"] = before;
    }
  });
});

test("a folder of scans becomes a folder of labels; failures are told, finished scans are skipped", async () => {
  await withModel(async (folder) => {
    const scans = join(folder, "scans");
    const labels = join(folder, "labels");
    await mkdir(scans);
    const volume = { ...scan(), modality: null };
    for (const name of ["a.nii.gz", "b.nrrd", "c.nii"]) await writeVolume(join(scans, name), volume);
    await writeFile(join(scans, "broken.nii.gz"), "no image");
    await writeFile(join(scans, "notes.txt"), "no scan");
    const model = await openModel(join(folder, "model"));
    const first = await segmentFolder(scans, labels, model);
    assert.deepEqual(
      first.finished.map(({ output }) => output),
      ["a.nii.gz", "b.nrrd", "c.nii"],
    );
    assert.deepEqual(
      first.failed.map(({ scan }) => scan),
      ["broken.nii.gz"],
    );
    const written: LabelMap = await readLabels(join(labels, "b.nrrd")).then((file) => ({
      ...file,
      labels: [],
    }));
    written.data.forEach((label, i) => assert.equal(label, [0, 0, 1, 1, 2][i % 5]));

    // c is changed afterwards, a label file that is not ours stands in the way of d.
    const later = new Date(Date.now() + 60_000);
    await utimes(join(scans, "c.nii"), later, later);
    await writeVolume(join(scans, "d.nii"), volume);
    await writeFile(join(labels, "d.nii"), "precious");
    const written1 = (await stat(join(labels, "a.nii.gz"))).mtimeMs;
    const second = await segmentFolder(scans, labels, model);
    assert.deepEqual(
      second.skipped.map(({ scan }) => scan),
      ["a.nii.gz", "b.nrrd"],
    );
    assert.deepEqual(
      second.finished.map(({ scan }) => scan),
      ["c.nii"],
    );
    assert.deepEqual(
      second.failed.map(({ scan }) => scan),
      ["broken.nii.gz", "d.nii"],
    );
    assert.equal(await readFile(join(labels, "d.nii"), "utf8"), "precious");
    assert.equal((await stat(join(labels, "a.nii.gz"))).mtimeMs, written1);
    const record = JSON.parse(await readFile(join(labels, "segmentation.json"), "utf8"));
    assert.deepEqual(
      record.scans.map((entry: { scan: string }) => entry.scan),
      ["a.nii.gz", "b.nrrd", "c.nii"],
    );
    await assert.rejects(segmentFolder(scans, scans, model), refused("usage", /replace the scans/));
    await model.dispose();
  });
});

testWithShared(
  "brainchop's networks give the reference labels wherever a block's border cannot reach",
  ["data/brain/t1_crop.nii.gz", "data/models/brainchop/model11_gw_ae", "data/models/brainchop/model18cls"],
  async ([brain, small, large]) => {
    const { volume } = await readScan(brain);
    for (const [path, edge, start] of [
      [small, 80, [88, 78, 98]],
      [large, 98, [79, 73, 83]],
    ] as const) {
      const model = await openModel(path);
      modelFileSchema.parse(model.description);
      assert.deepEqual(model.warnings, []);
      const reach = (model as NetworkModel).receptiveRadius!;
      const reference = await readScan(join(path, "t1_crop_labels_torch113.nii.gz"));
      const at = (x: number, y: number, z: number) =>
        start[0] + x + 256 * (start[1] + y + 256 * (start[2] + z));
      const block = new Uint8Array(edge ** 3);
      for (let v = 0; v < block.length; v++) {
        block[v] = volume.data[at(v % edge, Math.floor(v / edge) % edge, Math.floor(v / edge / edge))]!;
      }
      // The whole scan's minimum and maximum are 0 and 255; the block is not conformed again.
      const { input } = model.description;
      const normalisation = { kind: "ct", low: 0, high: 255, mean: 0, sd: 255 } as const;
      const cut = {
        ...model,
        description: { ...model.description, input: { ...input, conform: null, normalisation } },
      };
      const affine = volume.affine;
      const { labels } = await segmentVolume(
        { size: [edge, edge, edge], affine, data: block, modality: null, unit: null },
        cut,
        { window: "whole" },
      );
      await model.dispose();
      let compared = 0;
      let different = 0;
      for (let z = reach; z < edge - reach; z++)
        for (let y = reach; y < edge - reach; y++)
          for (let x = reach; x < edge - reach; x++) {
            compared++;
            if (labels.data[x + edge * (y + edge * z)] !== reference.volume.data[at(x, y, z)]) different++;
          }
      assert.equal(compared, (edge - 2 * reach) ** 3);
      assert.ok(different <= compared * 1e-4, `${path}: ${different} of ${compared} voxels differ`);
    }
  },
);

testWithShared(
  "a stored TensorFlow.js model takes its licence and names along",
  ["data/models/brainchop"],
  async ([folder]) => {
    const before = process.env["VISCERA_HOME"];
    const home = await mkdtemp(join(tmpdir(), "viscera-home-"));
    process.env["VISCERA_HOME"] = home;
    try {
      const stored = await addModel(join(folder, "model30chan50cls"));
      assert.ok((await readdir(stored.folder)).includes("LICENSE"));
      const model = await openModel("model30chan50cls");
      assert.equal(model.description.licence, "MIT");
      assert.equal(model.description.sha256, stored.description!.sha256);
      assert.deepEqual(model.description.labels[4]!.name, "thalamus_proper");
      assert.equal(model.description.labels.length, 49);
      await model.dispose();
      await cp(join(folder, "model5_gw_ae", "model.json"), join(home, "cut", "model.json"));
      await assert.rejects(openModel(join(home, "cut")), refused("input.missing", /group1-shard1of1.bin/));
    } finally {
      if (before === undefined) delete process.env["VISCERA_HOME"];
      else process.env["VISCERA_HOME"] = before;
      await rm(home, { recursive: true });
    }
  },
);

test("affines are compared by value: a conformed copy of a scan comes back on the scan's own grid", async () => {
  await withModel(
    async (folder) => {
      const model = await openModel(join(folder, "model"));
      const size = [16, 14, 12] as const;
      const data = new Float32Array(16 * 14 * 12);
      for (let k = 0; k < 12; k++)
        for (let j = 0; j < 14; j++)
          for (let i = 0; i < 16; i++) data[i + 16 * (j + 14 * k)] = i >= 6 && i < 11 ? 4 : 0;
      const { labels } = await segmentVolume(
        { size, affine: affineOf([2, 2, 2], [3, 4, 5]), data, modality: "MR", unit: null },
        model,
      );
      assert.deepEqual(labels.size, size);
      let equal = 0;
      labels.data.forEach((label, v) => {
        if (label === (data[v] === 4 ? 2 : 0)) equal++;
      });
      // Only the two faces of the slab may move, by less than a voxel.
      assert.ok(equal >= data.length * (14 / 16), `${equal} of ${data.length}`);
      await model.dispose();
    },
    {
      input: {
        modality: ["MR"],
        orientation: "LIA",
        spacingMm: [1, 1, 1],
        patch: null,
        normalisation: { kind: "ct", low: 0, high: 255, mean: 0, sd: 64 },
        conform: { size: [48, 48, 48] },
        overlap: 0,
        haloVoxels: 0,
        mirrorAxes: [],
      },
    },
  );
});
