import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readNpy, readNpz, testWithShared } from "@viscera/core/testing";
import {
  buildNetwork,
  floatTensor,
  inferenceModel,
  matchWeights,
  type Network,
  readSafetensors,
  readTorchFile,
  type Tensor,
  tensorsOf,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { largestDifference, runOnTape } from "./testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });

const MONAI = {
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 2,
  strides: [2, 2, 2, 2],
  num_res_units: 2,
};

async function checkLogits(network: Network, weights: Weights, input: Tensor, expected: ArrayLike<number>) {
  const [logits] = await runOnTape(open, network, weights, input);
  const session = await open(inferenceModel(network, weights, { patch: input.dims.slice(2) }));
  const { scores } = await session.run({ input });
  await session.dispose();
  for (const { data } of [logits!, scores!]) {
    const difference = largestDifference(data as Float32Array, expected);
    assert.ok(difference <= 1e-4, `off by ${difference}`);
  }
}

function tensor(array: { dims: readonly number[]; data: unknown }): Tensor {
  return floatTensor(array.data as Float32Array, array.dims);
}

for (const [name, width, count] of [
  ["mini", 4, 301_333],
  ["full", 16, 4_806_481],
] as const) {
  testWithShared(`MONAI UNet ${name}: untrained logits`, ["cases/nets/monai-unet"], async ([folder]) => {
    const network = buildNetwork("UNet", {
      ...MONAI,
      channels: [1, 2, 4, 8, 16].map((n) => n * width),
    });
    assert.equal(
      network.parameters.reduce((sum, { dims }) => sum + dims.reduce((all, n) => all * n, 1), 0),
      count,
    );
    const bytes = readFileSync(join(folder, `${name}.init.pth`));
    const weights = matchWeights(network, tensorsOf(readTorchFile(bytes)));
    const input = tensor(readNpy(join(folder, "image.npy")));
    const expected = readNpy(join(folder, `${name}.init.logits.npy`)).data as Float32Array;
    await checkLogits(network, weights, input, expected);
    if (name === "mini") {
      const same = readSafetensors(readFileSync(join(folder, "mini.init.safetensors")));
      assert.deepEqual(matchWeights(network, same), weights);
    }
  });
}

for (const [folderName, kind, count, names] of [
  ["plain", "PlainConvUNet", 227_148, 188],
  ["resenc", "ResidualEncoderUNet", 319_401, 300],
] as const) {
  testWithShared(
    `nnU-Net ${kind}: logits of a tile`,
    [`cases/nets/nnunet/${folderName}`],
    async ([folder]) => {
      const dataset = readdirSync(folder).find((each) => each.startsWith("Dataset"))!;
      const model = join(folder, dataset, readdirSync(join(folder, dataset))[0]!);
      const plans = JSON.parse(readFileSync(join(model, "plans.json"), "utf8"));
      const golden = readNpz(join(folder, "stages/5_tile.npz"));
      const input = golden.get("input")!;
      const logits = golden.get("logits")!;
      const dims = input.dims.length === 4 ? [1, ...input.dims] : input.dims;
      const network = buildNetwork(kind, {
        ...plans.configurations["3d_fullres"].architecture.arch_kwargs,
        input_channels: dims[1],
        num_classes: logits.dims.at(-4),
      });
      assert.equal(
        network.parameters.reduce((sum, { dims }) => sum + dims.reduce((all, n) => all * n, 1), 0),
        count,
      );
      const bytes = readFileSync(join(model, "fold_0/checkpoint_final.pth"));
      const tensors = tensorsOf(readTorchFile(bytes), "network_weights");
      assert.equal(tensors.size, names);
      const all = network.parameters.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
      assert.deepEqual(all.sort(), [...tensors.keys()].sort());
      const weights = matchWeights(network, tensors);
      await checkLogits(network, weights, tensor({ ...input, dims }), logits.data as Float32Array);
    },
  );
}
