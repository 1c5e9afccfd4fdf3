import assert from "node:assert/strict";
import { test } from "node:test";
import { buildNetwork, type Network } from "@viscera/nets";
import { foldConstants } from "./fold-constants.js";
import { initialWeights } from "./initial-weights.js";

function norms({ layers }: Network): number {
  return layers.filter(({ operation }) => operation.kind === "batchNorm").length;
}

test("batch norms go into convolutions that nobody else reads, transposed ones too", () => {
  const mesh = buildNetwork("MeshNet", { n_channels: 1, n_classes: 2, channels: 4 });
  assert.equal(norms(mesh), 9);
  const folded = foldConstants(mesh, initialWeights(mesh, 1));
  assert.equal(norms(folded.network), 0);
  assert.equal(folded.network.layers.length, mesh.layers.length - 9);
  assert.deepEqual(folded.network.outputs, [folded.network.layers.length]);

  const options = { spatial_dims: 3, in_channels: 1, out_channels: 2, channels: [4, 8], strides: [2] };
  const transposed = buildNetwork("UNet", { ...options, num_res_units: 1, norm: "BATCH" });
  assert.ok(transposed.layers.some(({ operation }) => operation.kind === "convTranspose"));
  assert.equal(norms(foldConstants(transposed, initialWeights(transposed, 1)).network), 0);

  const after = buildNetwork("UNet", { ...options, norm: "BATCH", adn_ordering: "AN" });
  assert.equal(norms(foldConstants(after, initialWeights(after, 1)).network), norms(after));
});

test("the numbers: factor scale / sqrt(variance + epsilon) on weights and bias", () => {
  const network = buildNetwork("MeshNet", { n_channels: 1, n_classes: 1, channels: 1, dilations: [1] });
  const weights = initialWeights(network, 1);
  const set = (name: string, value: number) => weights.get(name)!.data.fill(value as never);
  set("model.0.conv.weight", 3);
  set("model.0.conv.bias", 5);
  set("model.0.bnorm.weight", 2);
  set("model.0.bnorm.bias", 7);
  set("model.0.bnorm.running_mean", 1);
  set("model.0.bnorm.running_var", 0.25 - 1e-5);
  const folded = foldConstants(network, weights);
  const { operation } = folded.network.layers[0]!;
  assert.ok(operation.kind === "conv");
  assert.equal(folded.weights.get(operation.weight)!.data[0], 12);
  // (5 - 1) · 4 + 7
  assert.equal(folded.weights.get(operation.bias!)!.data[0], 23);
  assert.equal(weights.get("model.0.conv.weight")!.data[0], 3);
});

test("a PReLU of one slope is a leaky rectifier, of more stays", () => {
  const options = { spatial_dims: 3, in_channels: 1, out_channels: 2, channels: [4, 4], strides: [2] };
  const kinds = (act: unknown) => {
    const network = buildNetwork("UNet", { ...options, act });
    const folded = foldConstants(network, initialWeights(network, 1)).network.layers;
    return folded
      .map(({ operation }) => operation)
      .filter(({ kind }) => kind === "leakyRelu" || kind === "prelu");
  };
  assert.deepEqual(kinds("prelu"), [
    { kind: "leakyRelu", slope: 0.25 },
    { kind: "leakyRelu", slope: 0.25 },
  ]);
  assert.deepEqual(
    kinds(["prelu", { num_parameters: 4 }]).map(({ kind }) => kind),
    ["prelu", "prelu"],
  );
});
