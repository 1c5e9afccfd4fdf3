import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { GraphBuilder, readOnnxModel, type Tensor } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";

const random = new RandomStream(3, "nets.test");
let draw = 0;
const randoms = (count: number) => Float32Array.from({ length: count }, () => random.normal(0, draw++));
const float = (data: Float32Array, dims: number[]): Tensor => ({ type: "float32", dims, data });

/** Dilated, strided 3D convolution with zero padding, written as its definition. */
function convolution(
  x: Float32Array,
  [channels, ...size]: readonly [number, number, number, number],
  w: Float32Array,
  filters: number,
  { kernel, stride, dilation, pad }: { kernel: number; stride: number; dilation: number; pad: number },
): Float32Array {
  const out = size.map((n) => Math.floor((n + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1);
  const y: number[] = [];
  for (let f = 0; f < filters; f++)
    for (let a = 0; a < out[0]!; a++)
      for (let b = 0; b < out[1]!; b++)
        for (let c = 0; c < out[2]!; c++) {
          let sum = 0;
          for (let ch = 0; ch < channels; ch++)
            for (let i = 0; i < kernel; i++)
              for (let j = 0; j < kernel; j++)
                for (let k = 0; k < kernel; k++) {
                  const p = a * stride + i * dilation - pad;
                  const q = b * stride + j * dilation - pad;
                  const r = c * stride + k * dilation - pad;
                  if (p < 0 || q < 0 || r < 0 || p >= size[0]! || q >= size[1]! || r >= size[2]!) continue;
                  sum +=
                    x[((ch * size[0]! + p) * size[1]! + q) * size[2]! + r]! *
                    w[(((f * channels + ch) * kernel + i) * kernel + j) * kernel + k]!;
                }
          y.push(sum);
        }
  return Float32Array.from(y);
}

/** Runs a graph of one input and one output. */
async function runGraph(
  input: Tensor,
  outputDims: (number | string)[],
  body: (graph: GraphBuilder, x: ReturnType<GraphBuilder["input"]>) => ReturnType<GraphBuilder["input"]>,
): Promise<Tensor> {
  const graph = new GraphBuilder();
  const x = graph.input("x", input.type, input.dims);
  graph.output(body(graph, x), "y", "float32", outputDims);
  const session = await openSession(graph.build(), { threads: 1 });
  const { y } = await session.run({ x: input });
  await session.dispose();
  return y!;
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `${i}: ${actual[i]} is not ${expected[i]}`);
  }
}

test("convolutions equal their definition", async () => {
  for (const option of [
    { kernel: 3, stride: 1, dilation: 1, pad: 1 },
    { kernel: 3, stride: 1, dilation: 2, pad: 2 },
    { kernel: 3, stride: 2, dilation: 1, pad: 1 },
    { kernel: 1, stride: 1, dilation: 1, pad: 0 },
  ]) {
    const x = randoms(2 * 5 * 6 * 7);
    const w = randoms(3 * 2 * option.kernel ** 3);
    const expected = convolution(x, [2, 5, 6, 7], w, 3, option);
    const three = (n: number) => [n, n, n];
    const y = await runGraph(float(x, [1, 2, 5, 6, 7]), [1, 3, "a", "b", "c"], (graph, value) =>
      graph.conv(value, graph.weights("w", w, [3, 2, ...three(option.kernel)]), null, {
        kernel: three(option.kernel),
        strides: three(option.stride),
        dilations: three(option.dilation),
        pads: option.pad,
      }),
    );
    assertNear(y.data as Float32Array, expected);
  }
});

test("activations equal their formulas", async () => {
  const x = Float32Array.from([-3, -1, -0.2, 0, 0.2, 1, 3]);
  const erf = (v: number) => {
    // Power series, enough terms for |v| < 3.
    let term = v;
    let sum = v;
    for (let n = 1; n < 80; n++) {
      term *= (-v * v) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const cases: [Parameters<typeof runGraph>[2], (v: number) => number][] = [
    [(g, v) => g.relu(v), (v) => Math.max(0, v)],
    [(g, v) => g.leakyRelu(v, 0.1), (v) => (v < 0 ? 0.1 * v : v)],
    [(g, v) => g.elu(v), (v) => (v < 0 ? Math.expm1(v) : v)],
    [(g, v) => g.gelu(v), (v) => 0.5 * v * (1 + erf(v / Math.SQRT2))],
    [(g, v) => g.sigmoid(v), (v) => 1 / (1 + Math.exp(-v))],
    [(g, v) => g.tanh(v), Math.tanh],
    [(g, v) => g.elu(v, 1.7), (v) => (v < 0 ? 1.7 * Math.expm1(v) : v)],
    [(g, v) => g.selu(v), (v) => 1.0507009873554805 * (v < 0 ? 1.6732632423543772 * Math.expm1(v) : v)],
    [(g, v) => g.prelu(v, g.floats([0.25])), (v) => (v < 0 ? 0.25 * v : v)],
    [(g, v) => g.mul(g.add(v, g.scalar(2)), g.scalar(-0.5)), (v) => (v + 2) * -0.5],
    [(g, v) => g.map("Exp", v), Math.exp],
  ];
  for (const [body, formula] of cases) {
    const y = await runGraph(float(x, [1, 7]), [1, 7], body);
    assertNear(y.data as Float32Array, Array.from(x, formula), 2e-5);
  }
});

test("instance norm, resize, concat, slice, pad, reduce, softmax", async () => {
  const x = randoms(2 * 2 * 2 * 2);
  const input = float(x, [1, 2, 2, 2, 2]);
  const norm = await runGraph(input, [1, 2, 2, 2, 2], (g, v) =>
    g.instanceNorm(v, g.floats([2, 1]), g.floats([0, 5]), 1e-5),
  );
  const expected = [0, 1].flatMap((c) => {
    const part = Array.from(x.subarray(8 * c, 8 * c + 8));
    const mean = part.reduce((a, b) => a + b) / 8;
    const variance = part.reduce((a, b) => a + (b - mean) ** 2, 0) / 8;
    return part.map((v) => ((v - mean) / Math.sqrt(variance + 1e-5)) * [2, 1][c]! + [0, 5][c]!);
  });
  assertNear(norm.data as Float32Array, expected);
  const spatial = await runGraph(input, [1, 2, 2, 2, 2], (g, v) => g.spatialNorm(v));
  assertNear(
    spatial.data as Float32Array,
    expected.map((v, i) => (i < 8 ? v / 2 : v - 5)),
  );

  const line = float(Float32Array.of(0, 4), [1, 1, 1, 1, 2]);
  const enlarged = await runGraph(line, [1, 1, 1, 1, 4], (g, v) => g.resize(v, [1, 1, 1, 1, 2], "linear"));
  assertNear(enlarged.data as Float32Array, [0, 1, 3, 4]);
  const nearest = await runGraph(line, [1, 1, 1, 1, 4], (g, v) => g.resize(v, [1, 1, 1, 1, 2], "nearest"));
  assertNear(nearest.data as Float32Array, [0, 0, 4, 4]);

  const joined = await runGraph(input, [1, 3, 2, 2, 2], (g, v) => g.concat([v, g.slice(v, [1], [2], [1])]));
  assertNear(joined.data as Float32Array, [...x, ...x.subarray(8)]);
  const padded = await runGraph(line, [1, 1, 1, 1, 4], (g, v) => g.pad(v, [0, 0, 0, 0, 1, 0, 0, 0, 0, 1]));
  assertNear(padded.data as Float32Array, [0, 0, 4, 0]);
  const mean = await runGraph(input, [1, 2, 1, 1, 1], (g, v) => g.reduce("Mean", v, [2, 3, 4]));
  assertNear(
    mean.data as Float32Array,
    [0, 1].map((c) => x.subarray(8 * c, 8 * c + 8).reduce((a, b) => a + b) / 8),
  );
  const soft = await runGraph(line, [1, 1, 1, 1, 2], (g, v) => g.softmax(v, 4));
  assertNear(soft.data as Float32Array, [1 / (1 + Math.exp(4)), 1 / (1 + Math.exp(-4))]);
});

test("the reader lists what the builder wrote", () => {
  const graph = new GraphBuilder({ opset: 18 });
  const x = graph.input("x", "float32", [1, "channels", 4]);
  const w = graph.weights("w", randoms(12), [3, 4]);
  graph.output(graph.gemm(graph.reshape(x, [-1, 4]), w, null, { transB: true }), "y", "float32", ["n", 3]);
  const info = readOnnxModel(graph.build());
  assert.equal(info.opset, 18);
  assert.deepEqual(info.inputs, [{ name: "x", type: "float32", dims: [1, "channels", 4] }]);
  assert.deepEqual(info.outputs, [{ name: "y", type: "float32", dims: ["n", 3] }]);
  assert.deepEqual(info.initialisers[0], { name: "w", type: "float32", dims: [3, 4] });
  assert.equal(info.initialisers[1]!.type, "int64");
  assert.deepEqual([...info.operators.keys()], ["Reshape", "Gemm", "Identity"]);
});

test("garbage and cut files are refused in a sentence", async () => {
  const graph = new GraphBuilder();
  graph.output(graph.relu(graph.input("x", "float32", [4])), "y", "float32", [4]);
  const model = graph.build();
  const refused = (error: unknown) => error instanceof VisceraError && error.code === "input.onnx";
  assert.throws(() => readOnnxModel(new Uint8Array(0)), refused);
  assert.throws(() => readOnnxModel(new TextEncoder().encode("<html>not found</html>")), refused);
  for (let length = 0; length < model.length; length++) {
    assert.throws(() => readOnnxModel(model.subarray(0, length)), refused, `${length} bytes`);
  }
  const noise = Uint8Array.from({ length: 500 }, (_, i) => random.integer(256, 9, i));
  assert.throws(() => readOnnxModel(noise), refused);
  await assert.rejects(openSession(noise), refused);
});

test("mistakes in a graph are found when it is built", () => {
  const graph = new GraphBuilder();
  graph.input("x", "float32", [1]);
  const failed = (error: unknown) => error instanceof VisceraError && error.code === "failed.graph";
  assert.throws(() => graph.input("x", "float32", [1]), failed);
  assert.throws(() => graph.weights("w", new Float32Array(3), [2, 2]), failed);
});

test("normalisation over space keeps its digits on a large volume with an offset", async () => {
  const edge = 128;
  const x = Float32Array.from(
    { length: edge ** 3 },
    (_, i) => ((i % 977) / 977) * 0.3 + (i % 13 === 0 ? 2 : 0) + 0.7,
  );
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const sd = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length + 1e-5);
  const y = await runGraph(float(x, [1, 1, edge, edge, edge]), [1, 1, edge, edge, edge], (g, v) =>
    g.spatialNorm(v),
  );
  let worst = 0;
  for (let i = 0; i < x.length; i++)
    worst = Math.max(worst, Math.abs((y.data[i] as number) - (x[i]! - mean) / sd));
  assert.ok(worst < 2e-6, `off by ${worst}`);
});
