import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import type { Tape, Variable } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { Experiment, type Numbers, relativeDifference } from "./testing.js";

const random = new RandomStream(7, "nets.gradients-test");

/**
 * Numbers that differ by at least 0.05 from each other and from 0, in drawn order: no kink of an activation and
 * no tie of a maximum lies within the step of the differences.
 */
function separated(dims: readonly number[], stream: number, positive = false): Numbers {
  const count = dims.reduce((a, b) => a * b, 1);
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => random.uniform(stream, a) - random.uniform(stream, b),
  );
  const lowest = positive ? 0.4 : -0.05 * Math.floor(count / 2) - 0.025;
  const scale = Math.min(1, 40 / count);
  return { dims, data: Float32Array.from(order, (i) => (lowest + 0.05 * i) * (positive ? 1 : scale)) };
}

interface Case {
  inputs: Record<string, readonly number[]>;
  positive?: boolean;
  build: (tape: Tape, v: Record<string, Variable>) => Variable;
}

const STEP = 0.01;
/** Of the largest entry of each gradient. Truncation of the differences and float32 both give about 1e-4. */
const TOLERANCE = 2e-3;

/** Central differences of Σ y · gy in every number of every input. */
async function check({ inputs: dims, positive, build }: Case): Promise<void> {
  const inputs = Object.fromEntries(
    Object.entries(dims).map(([name, d], i) => [name, separated(d, i, positive)]),
  );
  const experiment = await Experiment.create((model) => openSession(model, { threads: 1 }), inputs, build);
  const gy = Float32Array.from({ length: experiment.size }, (_, i) => random.normal(99, i));
  const lossAt = async () => {
    const y = (await experiment.run(inputs, gy))["y"]!;
    return y.reduce((sum, value, i) => sum + value * gy[i]!, 0);
  };
  const results = await experiment.run(inputs, gy);
  for (const [name, { data }] of Object.entries(inputs)) {
    const numeric: number[] = [];
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      data[i] = value + STEP;
      const [above, high] = [data[i]!, await lossAt()];
      data[i] = value - STEP;
      const [below, low] = [data[i]!, await lossAt()];
      data[i] = value;
      numeric.push((high - low) / (above - below));
    }
    const difference = relativeDifference(results[`g_${name}`]!, numeric);
    assert.ok(difference < TOLERANCE, `the gradient of ${name} is off by ${difference}`);
  }
  await experiment.dispose();
}

const x3 = [2, 3, 4];
const image = [2, 2, 3, 4, 3];
const plane = [2, 2, 5, 4];
const one = (
  build: (tape: Tape, x: Variable) => Variable,
  dims: readonly number[] = x3,
  positive = false,
): Case => ({
  inputs: { x: dims },
  positive,
  build: (tape, { x }) => build(tape, x!),
});
const two = (
  build: (tape: Tape, a: Variable, b: Variable) => Variable,
  a: readonly number[],
  b: readonly number[],
  positive = false,
): Case => ({ inputs: { a, b }, positive, build: (tape, v) => build(tape, v["a"]!, v["b"]!) });
const normed = (
  build: (tape: Tape, x: Variable, scale: Variable, shift: Variable) => Variable,
  dims: readonly number[],
  channels: number,
): Case => ({
  inputs: { x: dims, scale: [channels], shift: [channels] },
  build: (tape, v) => build(tape, v["x"]!, v["scale"]!, v["shift"]!),
});
const half = (tape: Tape, x: Variable) => tape.mul(x, tape.constant(0.5));

const cases: Record<string, Case> = {
  "add, broadcasting both": two((t, a, b) => t.add(a, b), [2, 1, 4], [3, 1]),
  "sub, broadcasting": two((t, a, b) => t.sub(a, b), [3], [2, 3]),
  "mul, broadcasting a number": two((t, a, b) => t.mul(a, b), x3, []),
  "mul by itself": one((t, x) => t.mul(x, x)),
  "div, broadcasting": two((t, a, b) => t.div(a, b), x3, [3, 1], true),
  neg: one((t, x) => t.neg(x)),
  exp: one((t, x) => t.exp(x)),
  log: one((t, x) => t.log(x), x3, true),
  sqrt: one((t, x) => t.sqrt(x), x3, true),
  square: one((t, x) => t.square(x)),
  abs: one((t, x) => t.abs(x)),
  "minimum and maximum": one((t, x) => t.minimum(t.maximum(x, -0.35), 0.35)),
  "reduceSum, axes from the end": one((t, x) => t.reduceSum(t.square(x), [-1, 0])),
  "reduceMean without keeping": one((t, x) => t.reduceMean(t.square(x), [1], false)),
  "reduceMean of everything": one((t, x) => t.reduceMean(t.square(x), [0, 1, 2], false)),
  "reduceMax over two axes": one((t, x) => t.reduceMax(t.square(x), [0, 2], false)),
  "softmax, channel axis": one((t, x) => t.softmax(x, 1)),
  "logSoftmax, last axis": one((t, x) => t.logSoftmax(x, -1)),
  reshape: one((t, x) => t.square(t.reshape(x, [4, 6]))),
  transpose: one((t, x) => t.square(t.transpose(x, [2, 0, 1]))),
  slice: one((t, x) => t.square(t.slice(x, [1, -3], [3, 4], [1, 2]))),
  "slice with steps, one backwards": one(
    (t, x) => t.square(t.slice(x, [1, -1, 1], [9, -9, 6], [0, 1, 2], [1, -2, 3])),
    [2, 5, 7],
  ),
  "concat, one of them twice": two((t, a, b) => t.square(t.concat([a, b, a], 1)), [2, 3, 2], [2, 1, 2]),
  "pad, cropping at one end": one((t, x) => t.square(t.pad(x, [0, 1, -1, 0, 2, 1]))),
  "matMul, broadcasting the batch": two((t, a, b) => t.matMul(a, b), [2, 1, 3, 4], [3, 4, 2]),
  "matMul, one matrix for all": two((t, a, b) => t.matMul(a, b), [2, 3, 4], [4, 2]),
  relu: one((t, x) => t.relu(x)),
  leakyRelu: one((t, x) => t.leakyRelu(x, 0.2)),
  "prelu, one slope": two((t, a, b) => t.prelu(a, b), [2, 3, 2, 2], [1]),
  "prelu, a slope a channel": two((t, a, b) => t.prelu(a, b), [2, 3, 2, 2], [3]),
  gelu: one((t, x) => t.gelu(x)),
  silu: one((t, x) => t.silu(x)),
  sigmoid: one((t, x) => t.sigmoid(x)),
  tanh: one((t, x) => t.tanh(x)),
  "instance norm": normed((t, x, scale, shift) => t.instanceNorm(x, scale, shift), image, 2),
  "instance norm of planes, no shift": two((t, x, scale) => t.instanceNorm(x, scale, null), plane, [2]),
  "group norm": normed((t, x, scale, shift) => t.groupNorm(x, 2, scale, shift), [2, 4, 2, 3, 2], 4),
  "group norm of planes without parameters": one((t, x) => t.groupNorm(x, 1, null, null), plane),
  "batch norm": normed((t, x, scale, shift) => t.batchNorm(x, scale, shift).y, image, 2),
  "batch norm without space": normed((t, x, scale, shift) => t.batchNorm(x, scale, shift).y, [6, 3], 3),
  "layer norm": normed((t, x, scale, shift) => t.layerNorm(x, scale, shift), [2, 3, 5], 5),
  "layer norm without parameters": one((t, x) => t.layerNorm(x, null, null), [2, 3, 5]),
  "average pool": one((t, x) => t.averagePool(x, { kernel: [2, 3, 2] }), [2, 2, 4, 3, 5]),
  "average pool, overlapping, padded": one(
    (t, x) => t.averagePool(x, { kernel: [3, 3], strides: [2, 1], pads: [1, 1, 1, 0] }),
    plane,
  ),
  "average pool, padding not counted": one(
    (t, x) => t.averagePool(x, { kernel: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], countPadding: false }),
    plane,
  ),
  "max pool": one((t, x) => t.maxPool(x, { kernel: [2, 2, 2] }), [2, 2, 4, 3, 4]),
  "max pool, overlapping, padded": one(
    (t, x) => t.maxPool(x, { kernel: [3, 3], strides: [2, 1], pads: 1 }),
    plane,
  ),
  "interpolate nearest": one((t, x) => t.interpolate(x, [2, 3, 1], "nearest"), [1, 2, 2, 3, 2]),
  "interpolate nearest to a size": one((t, x) => t.interpolate(x, { size: [7, 3] }, "nearest"), plane),
  "interpolate linear": one((t, x) => t.interpolate(x, [2, 2, 1.5], "linear"), [1, 2, 2, 3, 4]),
  "interpolate linear, smaller": one((t, x) => t.interpolate(x, { size: [3, 3] }, "linear"), plane),
  "interpolate linear, aligned corners": one(
    (t, x) => t.interpolate(x, { size: [5, 4, 6] }, "linear", { alignCorners: true }),
    [1, 2, 3, 2, 1],
  ),
  dropout: two((t, a, b) => t.dropout(a, b), x3, x3),
  attention: {
    inputs: { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4] },
    build: (t, v) => t.attention(v["q"]!, v["k"]!, v["v"]!, 2),
  },
  "a value used in several places": one((t, x) => t.add(t.mul(t.exp(half(t, x)), x), t.add(x, t.square(x)))),
};

for (const [name, oneCase] of Object.entries(cases)) {
  test(`gradient: ${name}`, () => check(oneCase));
}
