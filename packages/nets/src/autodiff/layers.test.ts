import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tape, Variable } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { Experiment, relativeDifference } from "./testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });

/** The result of a layer on x, whose numbers are given. */
async function forward(
  data: readonly number[],
  dims: readonly number[],
  build: (tape: Tape, x: Variable) => Variable,
): Promise<{ dims: readonly number[]; y: Float32Array }> {
  const inputs = { x: { dims, data: Float32Array.from(data) } };
  const experiment = await Experiment.create(open, inputs, (tape, { x }) => build(tape, x!));
  const { y } = await experiment.run(inputs, new Float32Array(experiment.size));
  await experiment.dispose();
  return { dims: experiment.dims, y: y! };
}

const picture = [1, 2, 4, 8, 16, 32];
const resampled: [string, (tape: Tape, x: Variable) => Variable, number[], number[]][] = [
  [
    "linear, factor 2",
    (t, x) => t.interpolate(x, [2, 2], "linear"),
    [4, 6],
    [
      1, 1.25, 1.75, 2.5, 3.5, 4, 2.75, 3.4375, 4.8125, 6.875, 9.625, 11, 6.25, 7.8125, 10.9375, 15.625,
      21.875, 25, 8, 10, 14, 20, 28, 32,
    ],
  ],
  [
    "linear, aligned corners",
    (t, x) => t.interpolate(x, { size: [3, 5] }, "linear", { alignCorners: true }),
    [3, 5],
    [1, 1.5, 2, 3, 4, 4.5, 6.75, 9, 13.5, 18, 8, 12, 16, 24, 32],
  ],
  [
    "linear, to a size",
    (t, x) => t.interpolate(x, { size: [3, 2] }, "linear"),
    [3, 2],
    [1.25, 3.5, 5.625, 15.75, 10, 28],
  ],
  [
    "linear, a factor that the extents do not hold exactly",
    (t, x) => t.interpolate(x, [1.5, 1.5], "linear"),
    [3, 4],
    [1, 1.5, 7 / 3, 11 / 3, 4.5, 6.75, 10.5, 16.5, 8, 12, 56 / 3, 88 / 3],
  ],
  [
    "nearest, to a size",
    (t, x) => t.interpolate(x, { size: [3, 5] }, "nearest"),
    [3, 5],
    [1, 1, 2, 2, 4, 1, 1, 2, 2, 4, 8, 8, 16, 16, 32],
  ],
  [
    "nearest, factor 1.5",
    (t, x) => t.interpolate(x, [1.5, 1.5], "nearest"),
    [3, 4],
    [1, 1, 2, 4, 1, 1, 2, 4, 8, 8, 16, 32],
  ],
  [
    "average pool",
    (t, x) => t.averagePool(x, { kernel: [2, 2], strides: [1, 2], pads: 1 }),
    [3, 2],
    [0.25, 1.5, 2.25, 13.5, 2, 12],
  ],
  [
    "average pool, padding not counted",
    (t, x) => t.averagePool(x, { kernel: [2, 2], strides: [1, 2], pads: 1, countPadding: false }),
    [3, 2],
    [1, 3, 4.5, 13.5, 8, 24],
  ],
  [
    "max pool",
    (t, x) => t.maxPool(x, { kernel: [2, 2], strides: [1, 2], pads: 1 }),
    [3, 2],
    [1, 4, 8, 32, 8, 32],
  ],
];

for (const [name, build, size, expected] of resampled) {
  test(`PyTorch's values: ${name}`, async () => {
    const { dims, y } = await forward(picture, [1, 1, 2, 3], build);
    assert.deepEqual(dims, [1, 1, ...size]);
    assert.ok(relativeDifference(y, expected) < 1e-6, `${[...y]}`);
  });
}

const moments = (values: number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length] as const;
};
const wave = (count: number) => Array.from({ length: count }, (_, i) => 3 * Math.sin(1.7 * i) + i / 10);

test("norms divide by the deviation of those that share statistics", async () => {
  const [batch, channels, voxels] = [2, 4, 6];
  const data = wave(batch * channels * voxels);
  const shares: [(t: Tape, x: Variable) => Variable, (n: number, c: number, i: number) => string][] = [
    [(t, x) => t.instanceNorm(x, null, null), (n, c) => `${n} ${c}`],
    [(t, x) => t.groupNorm(x, 2, null, null), (n, c) => `${n} ${Math.floor(c / 2)}`],
    [(t, x) => t.batchNorm(x, null, null).y, (_, c) => `${c}`],
    [(t, x) => t.layerNorm(x, null, null), (n, c, i) => `${n} ${c} ${Math.floor(i / 3)}`],
  ];
  for (const [build, shareOf] of shares) {
    const keys = data.map((_, flat) =>
      shareOf(Math.floor(flat / (channels * voxels)), Math.floor(flat / voxels) % channels, flat % voxels),
    );
    const expected = data.map((value, i) => {
      const [mean, variance] = moments(data.filter((_, j) => keys[j] === keys[i]));
      return (value - mean) / Math.sqrt(variance + 1e-5);
    });
    const { y } = await forward(data, [batch, channels, 2, 3], build);
    assert.ok(relativeDifference(y, expected) < 1e-6);
  }
});

test("batch norm gives the batch's own statistics", async () => {
  const data = wave(2 * 3 * 4);
  const expected = [0, 1, 2].map((c) => moments(data.filter((_, i) => Math.floor(i / 4) % 3 === c)));
  for (const [which, index] of [
    ["mean", 0],
    ["variance", 1],
  ] as const) {
    const { dims, y } = await forward(data, [2, 3, 4], (t, x) => t.batchNorm(x, null, null)[which]);
    assert.deepEqual(dims, [3]);
    assert.ok(
      relativeDifference(
        y,
        expected.map((both) => both[index]),
      ) < 1e-6,
    );
  }
});

test("attention equals its definition", async () => {
  const [tokens, channels, heads] = [3, 4, 2];
  const data = wave(tokens * channels).map((v) => v / 3);
  const at = (t: number, c: number) => data[t * channels + c]!;
  const size = channels / heads;
  const expected: number[] = [];
  for (let t = 0; t < tokens; t++) {
    for (let c = 0; c < channels; c++) {
      const head = Math.floor(c / size) * size;
      const weights = Array.from({ length: tokens }, (_, s) => {
        let dot = 0;
        for (let i = head; i < head + size; i++) dot += at(t, i) * at(s, i);
        return Math.exp(dot / Math.sqrt(size));
      });
      const total = weights.reduce((a, b) => a + b, 0);
      expected.push(weights.reduce((sum, weight, s) => sum + (weight / total) * at(s, c), 0));
    }
  }
  const { y } = await forward(data, [1, tokens, channels], (tape, x) => tape.attention(x, x, x, heads));
  assert.ok(relativeDifference(y, expected) < 1e-6);
});
