import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildNetwork,
  floatTensor,
  inferenceModel,
  matchWeights,
  type Network,
  type ParameterSpec,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { MONAI_OUTPUTS } from "./monai-outputs.js";
import { runOnTape, waves } from "./testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });

function length(dims: readonly number[]): number {
  return dims.reduce((all, n) => all * n, 1);
}

/** The same numbers as in the run of MONAI: a wave that begins elsewhere in every tensor. */
function wave({ name, dims, role }: ParameterSpec, key: string): Float32Array {
  const n = length(dims);
  const scale = dims.length > 1 ? 1.5 / Math.sqrt(n / dims[0]!) : 0.3;
  const mean = role === "runningVariance" || (dims.length === 1 && name.endsWith("weight")) ? 1 : 0;
  return Float32Array.from({ length: n }, (_, i) => mean + scale * Math.sin(0.7 * i + key.length));
}

function waveWeights(network: Network): Weights {
  const weights: Weights = new Map();
  for (const parameter of network.parameters) {
    const key = parameter.aliases?.at(-1) ?? parameter.name;
    weights.set(key, floatTensor(wave(parameter, key), parameter.dims));
  }
  return matchWeights(network, weights);
}

for (const expected of MONAI_OUTPUTS) {
  const { kind, options, extents } = expected;
  test(`${kind} ${JSON.stringify(options)} as in MONAI`, async () => {
    const network = buildNetwork(kind, options);
    const trained = network.parameters.filter(({ role }) => !role.startsWith("running"));
    const parameters = trained.reduce((sum, { dims }) => sum + length(dims), 0);
    assert.equal(parameters, expected.parameters);

    const weights = waveWeights(network);
    const input = waves([1, network.channels, ...extents]);
    const [applied] = await runOnTape(open, network, weights, input);
    const session = await open(inferenceModel(network, weights, { patch: extents }));
    const { scores } = await session.run({ input });
    await session.dispose();
    for (const data of [applied!.data, scores!.data] as Float32Array[]) {
      const near = (value: number, golden: number) =>
        assert.ok(Math.abs(value - golden) <= 2e-5 * expected.deviation, `${value} for ${golden}`);
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      near(mean, expected.mean);
      const square = data.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      near(Math.sqrt(square / data.length), expected.deviation);
      expected.first.forEach((value, i) => {
        near(data[i]!, value);
      });
      expected.last.forEach((value, i) => {
        near(data[data.length - expected.last.length + i]!, value);
      });
    }
  });
}
