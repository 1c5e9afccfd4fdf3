import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VisceraError, type Volume } from "@viscera/core";
import { buildNetwork, floatTensor, inferenceModel, initialWeights, type Weights } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { segmentVolume } from "@viscera/segment";
import { addModel, openModel } from "@viscera/segment/node";
import { readLearntNetwork } from "./open-model.js";
import { writeCheckpoint } from "./torch-checkpoint.testing.js";

type Json = Record<string, unknown>;

const NETWORK = {
  _target_: "monai.networks.nets.UNet",
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 3,
  channels: [4, 8],
  strides: [2],
  num_res_units: 1,
};

const METADATA = {
  version: "0.3.1",
  intended_use: "This is an example, not to be used for diagnostic purposes",
  network_data_format: {
    inputs: { image: { modality: "CT", num_channels: 1, channel_def: { "0": "image" } } },
    outputs: { pred: { channel_def: { "0": "background", "1": "Spleen", "2": "left kidney" } } },
  },
};

function inference(changes: Json = {}): Json {
  return {
    imports: ["$import glob"],
    bundle_root: ".",
    image_key: "image",
    highres: true,
    pixdim: "$[1.5, 1.5, 2.0] if @highres else [3.0, 3.0, 3.0]",
    output_dir: "$@bundle_root + '/eval'",
    device: "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
    network_def: NETWORK,
    network: "$@network_def.to(@device)",
    preprocessing: {
      _target_: "Compose",
      transforms: [
        { _target_: "LoadImaged", keys: "@image_key" },
        { _target_: "EnsureChannelFirstd", keys: "image" },
        { _target_: "Orientationd", keys: "image", axcodes: "RAS" },
        { _target_: "Spacingd", keys: "image", pixdim: "@pixdim", mode: "bilinear" },
        {
          _target_: "ScaleIntensityRanged",
          keys: ["image"],
          a_min: -57,
          a_max: 164,
          b_min: 0,
          b_max: 1,
          clip: true,
        },
        { _target_: "EnsureTyped", keys: "image" },
      ],
    },
    inferer: { _target_: "SlidingWindowInferer", roi_size: [8, 12, 16], sw_batch_size: 4, overlap: 0.5 },
    postprocessing: {
      _target_: "Compose",
      transforms: [
        { _target_: "Activationsd", keys: "pred", softmax: true },
        {
          _target_: "Invertd",
          keys: "pred",
          transform: "@preprocessing",
          orig_keys: "image",
          nearest_interp: false,
        },
        { _target_: "AsDiscreted", keys: "pred", argmax: true },
        { _target_: "SaveImaged", keys: "pred", output_dir: "@output_dir" },
      ],
    },
    checkpointloader: { _target_: "CheckpointLoader", load_path: "$@bundle_root + '/models/model.pt'" },
    ...changes,
  };
}

async function withBundle(
  config: Json,
  body: (folder: string, weights: Weights) => Promise<void>,
  { metadata = METADATA as Json, name = "spleen_small", target = NETWORK as Json } = {},
): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), "viscera-bundle-"));
  const folder = join(parent, name);
  try {
    await mkdir(join(folder, "configs"), { recursive: true });
    await mkdir(join(folder, "models"));
    const { _target_, ...options } = target;
    const weights = initialWeights(buildNetwork(String(_target_).split(".").at(-1)!, options), 3);
    await writeFile(join(folder, "configs", "metadata.json"), JSON.stringify(metadata));
    await writeFile(join(folder, "configs", "inference.json"), JSON.stringify(config));
    await writeFile(join(folder, "models", "model.pt"), writeCheckpoint(weights));
    await writeFile(join(folder, "LICENSE"), "Apache License, Version 2.0");
    await body(folder, weights);
  } finally {
    await rm(parent, { recursive: true });
  }
}

const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === code && pattern.test(error.message);

/** 13x11x9 voxels stored LPI, 1.2 x 1.5 x 2.5 mm. */
function scan(): Volume {
  const size = [13, 11, 9] as const;
  const affine = [-1.2, 0, 0, 20, 0, -1.5, 0, 30, 0, 0, -2.5, 7, 0, 0, 0, 1];
  const data = Int16Array.from({ length: 13 * 11 * 9 }, (_, i) => 200 * Math.sin(i / 7) + 60 * Math.cos(i));
  return { size, affine, data, modality: "CT", unit: "HU" };
}

/** The whole of MONAI's way for the bundle above, written as plain loops over [x, y, z]. */
async function reference(volume: Volume, weights: Weights): Promise<Uint8Array> {
  const dims = volume.size;
  // LPI to RAS turns every axis round.
  const at = (x: number, y: number, z: number) =>
    volume.data[dims[0] - 1 - x + dims[0] * (dims[1] - 1 - y + dims[1] * (dims[2] - 1 - z))]! as number;
  const from = [1.2, 1.5, 2.5];
  const to = [1.5, 1.5, 2];
  const size = dims.map((n, a) => Math.round(((n - 1) * from[a]!) / to[a]!) + 1);
  const index = (dim: readonly number[], x: number, y: number, z: number) => z + dim[2]! * (y + dim[1]! * x);
  const interpolate = (
    value: (x: number, y: number, z: number) => number,
    extent: readonly number[],
    place: readonly number[],
  ) => {
    let sum = 0;
    for (let corner = 0; corner < 8; corner++) {
      let share = 1;
      const voxel = place.map((p, a) => {
        const clamped = Math.min(extent[a]! - 1, p);
        const low = Math.floor(clamped);
        const up = (corner >> a) & 1;
        share *= up ? clamped - low : 1 - clamped + low;
        return Math.min(extent[a]! - 1, low + up);
      });
      if (share > 0) sum += share * value(voxel[0]!, voxel[1]!, voxel[2]!);
    }
    return sum;
  };
  const image = new Float32Array(size[0]! * size[1]! * size[2]!);
  for (let x = 0; x < size[0]!; x++)
    for (let y = 0; y < size[1]!; y++)
      for (let z = 0; z < size[2]!; z++) {
        const value = interpolate(
          at,
          dims,
          [x, y, z].map((n, a) => (n * to[a]!) / from[a]!),
        );
        image[index(size, x, y, z)] = Math.min(1, Math.max(0, (value + 57) / 221));
      }
  const roi = [8, 12, 16];
  const padded = size.map((n, a) => Math.max(n, roi[a]!));
  const margin = padded.map((n, a) => Math.floor((n - size[a]!) / 2));
  const { _target_, ...options } = NETWORK;
  const session = await openSession(inferenceModel(buildNetwork("UNet", options), weights, { patch: roi }));
  const sums = new Float64Array(3 * padded[0]! * padded[1]! * padded[2]!);
  const counts = new Float64Array(padded[0]! * padded[1]! * padded[2]!);
  const starts = padded.map((n, a) => {
    const list = [];
    for (let s = 0; s + roi[a]! < n; s += roi[a]! / 2) list.push(s);
    return [...list, n - roi[a]!];
  });
  for (const sx of starts[0]!)
    for (const sy of starts[1]!)
      for (const sz of starts[2]!) {
        const window = new Float32Array(roi[0]! * roi[1]! * roi[2]!);
        const each = (visit: (w: number, x: number, y: number, z: number) => void) => {
          for (let x = 0; x < roi[0]!; x++)
            for (let y = 0; y < roi[1]!; y++)
              for (let z = 0; z < roi[2]!; z++) visit(index(roi, x, y, z), x + sx, y + sy, z + sz);
        };
        each((w, x, y, z) => {
          const voxel = [x - margin[0]!, y - margin[1]!, z - margin[2]!];
          if (voxel.every((n, a) => n >= 0 && n < size[a]!))
            window[w] = image[index(size, voxel[0]!, voxel[1]!, voxel[2]!)]!;
        });
        const { scores } = await session.run({ input: floatTensor(window, [1, 1, ...roi]) });
        each((w, x, y, z) => {
          counts[index(padded, x, y, z)]! += 1;
          for (let c = 0; c < 3; c++) {
            sums[c * counts.length + index(padded, x, y, z)]! += scores!.data[
              c * window.length + w
            ] as number;
          }
        });
      }
  await session.dispose();
  const probability = (c: number) => (x: number, y: number, z: number) => {
    const voxel = index(padded, x + margin[0]!, y + margin[1]!, z + margin[2]!);
    const exp = [0, 1, 2].map((k) => Math.exp(sums[k * counts.length + voxel]! / counts[voxel]!));
    return exp[c]! / (exp[0]! + exp[1]! + exp[2]!);
  };
  const labels = new Uint8Array(volume.data.length);
  for (let x = 0; x < dims[0]; x++)
    for (let y = 0; y < dims[1]; y++)
      for (let z = 0; z < dims[2]; z++) {
        const place = [x, y, z].map((n, a) => (n * from[a]!) / to[a]!);
        const values = [0, 1, 2].map((c) => interpolate(probability(c), size, place));
        const voxel = dims[0] - 1 - x + dims[0] * (dims[1] - 1 - y + dims[1] * (dims[2] - 1 - z));
        labels[voxel] = values.indexOf(Math.max(...values));
      }
  return labels;
}

test("a bundle gives the labels of MONAI's own steps, with names, licence and intended use", async () => {
  await withBundle(inference(), async (folder, weights) => {
    const model = await openModel(folder);
    assert.deepEqual(model.description.input.modality, ["CT"]);
    assert.deepEqual(
      model.description.labels.map(({ name }) => name),
      ["spleen", "left_kidney"],
    );
    assert.equal(model.description.licence, "Apache-2.0");
    assert.match(model.warnings.join(), /not to be used for diagnostic/);
    const volume = scan();
    const { labels, confidence } = await segmentVolume(volume, model);
    const expected = await reference(volume, weights);
    let different = 0;
    labels.data.forEach((label, v) => {
      if (label !== expected[v]) different++;
    });
    assert.ok(new Set(expected).size > 1, "the random network must find something");
    assert.ok(different <= 1, `${different} of ${expected.length} voxels differ`);
    for (const share of confidence.values()) assert.ok(share > 1 / 3 && share <= 1);
    await model.dispose();
  });
});

const change = (config: Json, path: string[], value: unknown): Json => {
  const copy = structuredClone(config);
  const last = path.at(-1)!;
  let here = copy;
  for (const key of path.slice(0, -1)) here = here[key] as Json;
  if (value === undefined) delete here[last];
  else here[last] = value;
  return copy;
};

test("what a bundle asks for and cannot be honoured is refused by quoting it", async () => {
  const base = inference();
  const post = ["postprocessing", "transforms", "2"];
  const pre = ["preprocessing", "transforms", "4"];
  for (const [config, why] of [
    [change(base, ["network_def", "_target_"], "SegResNetDS"), /SegResNetDS/],
    [change(base, ["network_def", "_target_"], "scripts.nets.UNet"), /scripts\.nets\.UNet/],
    [change(base, ["network_def"], undefined), /no network_def/],
    [change(base, ["pixdim"], "$__import__('os').system('touch /tmp/owned')"), /__import__/],
    [change(base, ["pixdim"], "$[float(x) for x in @values]"), /for/],
    [change(base, ["pixdim"], "$@nowhere"), /nowhere/],
    [change(base, ["pixdim"], "%configs/other.json::pixdim"), /other files/],
    [change(base, ["pixdim"], "@pixdim"), /leads? back/],
    [change(base, ["pixdim"], [1, 1]), /three axes/],
    [change(base, pre, { _target_: "Lambdad", keys: "image", func: "$lambda x: x" }), /lambda x/],
    [change(base, pre, { _target_: "RandFlipd", keys: "image" }), /RandFlipd/],
    [change(base, post, { _target_: "Lambdad", keys: "pred", func: "$lambda x: x" }), /lambda x/],
    [change(base, post, { _target_: "AsDiscreted", keys: "pred", threshold: 0.5 }), /overlap/],
    [change(base, ["inferer", "_target_"], "SaliencyInferer"), /SaliencyInferer/],
    [change(base, ["inferer", "overlap"], 1), /overlap/],
    [change(base, ["inferer", "roi_size"], 1e308), /more than any scan/],
    [change(base, pre, { _target_: "CropForegroundd", keys: "image", margin: -1 }), /margin/],
    [change(base, ["checkpointloader", "load_path"], "$@bundle_root + '/../../etc/model.pt'"), /outside/],
  ] as const) {
    await withBundle(config, async (folder) => {
      await assert.rejects(openModel(folder), refused("input.bundle", why));
    });
  }
  await withBundle(change(base, ["network_def", "filters"], 3), async (folder) => {
    await assert.rejects(openModel(folder), refused("input.architecture", /filters/));
  });
  await withBundle(change(base, ["network_def", "channels"], [4, 16]), async (folder) => {
    await assert.rejects(openModel(folder), refused("input.weights", /shape/));
  });
  await withBundle(base, async (folder) => {
    await rm(join(folder, "configs", "inference.json"));
    await writeFile(join(folder, "configs", "inference.yaml"), "a: 1");
    await assert.rejects(openModel(folder), refused("input.bundle", /YAML/));
    await assert.rejects(
      openModel(join(folder, "models", "model.pt")),
      refused("input.model", /weights alone/),
    );
    await writeFile(join(folder, "models", "model.ts"), "PK");
    await assert.rejects(
      openModel(join(folder, "models", "model.ts")),
      refused("input.torchscript", /never run/),
    );
  });
});

test("other ways of bundles: labels before the way back, one sigmoid score, Gaussian windows, a saved trainer", async () => {
  const early = [
    { _target_: "Activationsd", keys: "pred", softmax: true },
    { _target_: "AsDiscreted", keys: "pred", argmax: true },
    { _target_: "KeepLargestConnectedComponentd", keys: "pred" },
    { _target_: "Invertd", keys: "pred", transform: "@preprocessing" },
  ];
  const windows = {
    _target_: "SlidingWindowInferer",
    roi_size: [8, 12, 16],
    overlap: 0.25,
    mode: "gaussian",
  };
  const config = {
    ...inference(),
    inferer: windows,
    postprocessing: { _target_: "Compose", transforms: early },
  };
  await withBundle(config, async (folder) => {
    const model = await openModel(folder);
    assert.match(model.warnings.join(), /KeepLargestConnectedComponentd is left out/);
    const volume = scan();
    const { labels } = await segmentVolume(volume, model);
    assert.equal(labels.data.length, volume.data.length);
    await model.dispose();
  });
  const single = { ...NETWORK, out_channels: 1 };
  const threshold = [
    { _target_: "Activationsd", keys: "pred", sigmoid: true },
    { _target_: "Invertd", keys: "pred", nearest_interp: false },
    { _target_: "AsDiscreted", keys: "pred", threshold: "$1 / 2" },
  ];
  const marking = { ...inference({ network_def: single }), postprocessing: { transforms: threshold } };
  const metadata = {
    network_data_format: { outputs: { pred: { channel_def: { "0": "tumour" } } } },
  };
  await withBundle(
    marking,
    async (folder, weights) => {
      await writeFile(join(folder, "models", "model.pt"), writeCheckpoint(weights, "model"));
      await rm(join(folder, "LICENSE"));
      const model = await openModel(folder);
      assert.deepEqual(
        model.description.labels.map(({ id, name }) => [id, name]),
        [[1, "tumour"]],
      );
      assert.match(model.warnings.join(), /licence .* is not stated/);
      await segmentVolume({ ...scan(), modality: null }, model);
      await model.dispose();
    },
    { metadata, target: single },
  );
});

test("voxels too small for any memory are refused when a scan comes", async () => {
  await withBundle(change(inference(), ["pixdim"], [1e-300, 1, 1]), async (folder) => {
    const model = await openModel(folder);
    await assert.rejects(segmentVolume(scan(), model), refused("input.bundle", /along an axis/));
    await model.dispose();
  });
});

test("a bundle finds its weights also by a root of its own, and says where labels would have stayed", async () => {
  const post = [{ _target_: "AsDiscreted", keys: "pred", argmax: true }];
  const config = inference({
    bundle_root: "/workspace/bundle",
    checkpointloader: undefined,
    handlers: [
      { _target_: "StatsHandler" },
      {
        _target_: "monai.handlers.CheckpointLoader",
        load_path: "$os.path.join(@bundle_root, 'models', 'model.pt')",
      },
    ],
    postprocessing: { _target_: "Compose", transforms: post },
  });
  await withBundle(config, async (folder) => {
    const model = await openModel(folder);
    assert.match(model.warnings.join(), /on the network's grid/);
    await model.dispose();
  });
});

test("a bundle's folder is stored with what it needs", async () => {
  const before = process.env["VISCERA_HOME"];
  await withBundle(inference(), async (folder) => {
    process.env["VISCERA_HOME"] = join(folder, "home");
    try {
      await mkdir(join(folder, "docs"));
      await writeFile(join(folder, "docs", "data_license.txt"), "CC BY-NC-SA");
      await writeFile(join(folder, "models", "model.ts"), "unused");
      const stored = await addModel(folder);
      assert.equal(stored.name, "spleen_small");
      const model = await openModel("spleen_small");
      assert.match(model.warnings.join(), /licence of their own/);
      assert.equal(model.description.sha256, stored.description!.sha256);
      await model.dispose();
    } finally {
      if (before === undefined) delete process.env["VISCERA_HOME"];
      else process.env["VISCERA_HOME"] = before;
    }
  });
});

test("a bundle's network is handed on for training with its input in our terms", async () => {
  await withBundle(inference(), async (folder, weights) => {
    const learnt = await readLearntNetwork(folder);
    assert.deepEqual([...learnt.weights.keys()], [...weights.keys()]);
    const { orientation, spacingMm, patch, normalisation } = learnt.description.input;
    assert.deepEqual([orientation, spacingMm, patch], ["SAR", [2, 1.5, 1.5], [16, 12, 8]]);
    // 164 HU and more are 1 in MONAI, -57 and less 0.
    assert.deepEqual(normalisation, { kind: "ct", low: -57, high: 164, mean: -57, sd: 221 });
  });
  const turned = change(inference(), ["preprocessing", "transforms", "2"], {
    _target_: "Identityd",
    keys: "image",
  });
  await withBundle(turned, async (folder) => {
    await assert.rejects(readLearntNetwork(folder), refused("input.base", /as its file has them/));
  });
});
