import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { GraphBuilder, type Session, Tape, type Tensor, type Variable } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { Experiment, type Numbers } from "./testing.js";

const tensor = (dims: readonly number[], data: readonly number[]): Tensor => ({
  type: "float32",
  dims,
  data: Float32Array.from(data),
});

/** Names of the operators in a model, counted; "Identity" nodes of the outputs left out. */
function operators(model: Uint8Array): Map<string, number> {
  const counts = new Map<string, number>();
  // Node names are "<operator>_<number>", each preceded by its length.
  for (const [, operator] of Buffer.from(model)
    .toString("latin1")
    .matchAll(/([A-Z]\w+?)_\d+"/g)) {
    counts.set(operator!, (counts.get(operator!) ?? 0) + 1);
  }
  return counts;
}

async function results(tape: Tape, variables: Record<string, Variable>, feeds: Record<string, Tensor>) {
  for (const [name, { value, dims }] of Object.entries(variables)) {
    tape.graph.output(value, `out ${name}`, "float32", dims);
  }
  const session = await openSession(tape.graph.build(), { threads: 1 });
  const out = await session.run(feeds);
  await session.dispose();
  return Object.fromEntries(
    Object.keys(variables).map((name) => [name, [...(out[`out ${name}`]!.data as Float32Array)]]),
  );
}

test("gradients of values in the middle, zeros where nothing depends, none through stopGradient", async () => {
  const tape = new Tape(new GraphBuilder());
  const a = tape.parameter("a", [2]);
  const b = tape.parameter("b", [2]);
  const unused = tape.parameter("unused", [2, 1]);
  const product = tape.mul(a, b);
  const loss = tape.reduceSum(tape.mul(tape.square(product), tape.stopGradient(b)), [0], false);
  const [da, db, middle, none] = tape.gradients(loss, [a, b, product, unused]);
  const got = await results(
    tape,
    { da: da!, db: db!, middle: middle!, none: none! },
    { a: tensor([2], [1, 2]), b: tensor([2], [3, -1]), unused: tensor([2, 1], [0, 0]) },
  );
  // loss = Σ (a b)² b, the last b held fixed.
  assert.deepEqual(got, {
    da: [2 * 9 * 3, -2 * 2],
    db: [2 * 3 * 3, 2 * 4 * -1 * -1],
    middle: [18, 4],
    none: [0, 0],
  });
});

test("where takes values and gradients from one side each", async () => {
  const tape = new Tape(new GraphBuilder());
  const a = tape.parameter("a", [3]);
  const b = tape.parameter("b", []);
  const condition = tape.graph.node("Greater", [a.value, tape.graph.scalar(0)]);
  const y = tape.where(condition, a, b);
  const loss = tape.reduceSum(tape.square(y), [0], false);
  const [da, db] = tape.gradients(loss, [a, b]);
  const got = await results(
    tape,
    { y, da: da!, db: db! },
    { a: tensor([3], [1, -1, -2]), b: tensor([], [5]) },
  );
  assert.deepEqual(got, { y: [1, 5, 5], da: [2, 0, 0], db: [20] });
});

/** Two convolutions in a row and the gradient of the second's or of both weights. */
function twoLayers(trainable: readonly [boolean, boolean]): Uint8Array {
  const tape = new Tape(new GraphBuilder());
  const image = tape.input("image", [1, 2, 4, 4]);
  const first = tape.parameter("first", [3, 2, 3, 3], { trainable: trainable[0] });
  const second = tape.parameter("second", [2, 3, 3, 3], { trainable: trainable[1] });
  const hidden = tape.relu(tape.conv(image, first, null, { pads: 1 }));
  const loss = tape.reduceMean(tape.conv(hidden, second, null, { pads: 1 }), [0, 1, 2, 3], false);
  const of = [first, second].filter((variable) => variable.needsGradient);
  for (const { value, dims } of tape.gradients(loss, of)) {
    tape.graph.output(value, `gradient ${value}`, "float32", dims);
  }
  return tape.graph.build();
}

test("nothing is computed for frozen layers and images", () => {
  const count = (model: Uint8Array, operator: string) => operators(model).get(operator) ?? 0;
  // Forward: two convolutions. Backward through the second only where the first is asked for.
  assert.equal(count(twoLayers([true, true]), "Conv"), 3);
  assert.equal(count(twoLayers([false, true]), "Conv"), 2);
  assert.equal(count(twoLayers([false, true]), "Where"), 0);
  assert.equal(count(twoLayers([true, true]), "Where"), 1);
  // A product for each gradient of weights, one to mirror the second's kernel.
  assert.equal(count(twoLayers([true, true]), "MatMul"), 3);
  assert.equal(count(twoLayers([false, true]), "MatMul"), 1);
  assert.equal(count(twoLayers([true, false]), "MatMul"), 2);
  assert.equal(count(twoLayers([true, false]), "Conv"), 3);
  assert.equal(count(twoLayers([false, false]), "MatMul"), 0);
});

test("no ConvTranspose is written, which is slow on the CPU and fails on WebGPU", async () => {
  const x: Numbers = { dims: [1, 2, 3, 4, 5], data: new Float32Array(120) };
  const w: Numbers = { dims: [2, 2, 3, 3, 3], data: new Float32Array(108) };
  let model: Uint8Array = new Uint8Array();
  const open = async (bytes: Uint8Array) => {
    model = bytes;
    return null as unknown as Session;
  };
  await Experiment.create(open, { x, w }, (tape, v) =>
    tape.conv(tape.convTranspose(v["x"]!, v["w"]!, null, { strides: [2, 2, 2] }), v["w"]!, null, {
      strides: [2, 2, 2],
    }),
  );
  assert.equal(operators(model).get("ConvTranspose"), undefined);
  assert.equal(operators(model).get("Conv"), 2);
});

test("the same bits with one and two threads", async () => {
  const random = new RandomStream(11, "nets.tape-test");
  const numbers = (dims: readonly number[], step: number): Numbers => ({
    dims,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => random.normal(step, i)),
  });
  const inputs = {
    x: numbers([1, 4, 16, 20, 24], 1),
    w: numbers([8, 4, 3, 3, 3], 2),
    down: numbers([8, 8, 3, 3, 3], 3),
    up: numbers([8, 8, 3, 3, 3], 4),
    patches: numbers([8, 4, 2, 2, 2], 5),
    scale: numbers([8], 6),
    slope: numbers([8], 7),
  };
  const build = (tape: Tape, v: Record<string, Variable>) => {
    const { x, w, down, up, patches, scale, slope } = v as Record<keyof typeof inputs, Variable>;
    const strides = [2, 2, 2];
    const wide = tape.prelu(tape.instanceNorm(tape.conv(x, w, null, { pads: 1 }), scale, null), slope);
    const narrow = tape.gelu(
      tape.groupNorm(tape.conv(wide, down, null, { strides, pads: 1 }), 2, scale, slope),
    );
    const outputPadding = [1, 1, 1];
    const back = tape.convTranspose(narrow, up, null, { strides, pads: 1, outputPadding });
    const blocks = tape.convTranspose(tape.silu(narrow), patches, null, { strides });
    const smooth = tape.interpolate(tape.maxPool(back, { kernel: [2, 2, 2] }), [2, 2, 2], "linear");
    const joined = tape.softmax(tape.concat([smooth, blocks], 1), 1);
    const tokens = tape.reshape(tape.averagePool(joined, { kernel: [4, 4, 4] }), [1, 12, 120]);
    const mixed = tape.attention(tokens, tokens, tokens, 3);
    return tape.layerNorm(tape.tanh(mixed), null, null);
  };
  const runs = [];
  for (const threads of [1, 2]) {
    const experiment = await Experiment.create((model) => openSession(model, { threads }), inputs, build);
    runs.push(await experiment.run(inputs, numbers(experiment.dims, 8).data));
    await experiment.dispose();
  }
  assert.equal(Object.keys(runs[0]!).length, 8);
  assert.deepEqual(runs[0], runs[1]);
});

test("the same bits with one and three threads where a thread gets few voxels", async () => {
  const random = new RandomStream(12, "nets.tape-test");
  const numbers = (dims: readonly number[], step: number): Numbers => ({
    dims,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => random.normal(step, i)),
  });
  const inputs = {
    x: numbers([1, 40, 5, 5, 6], 1),
    w: numbers([32, 40, 3, 3, 3], 2),
    tokens: numbers([20, 600], 3),
    matrix: numbers([600, 100], 4),
  };
  const runs = [];
  for (const threads of [1, 3]) {
    const experiment = await Experiment.create(
      (model) => openSession(model, { threads }),
      inputs,
      (tape, v) => {
        const conv = tape.conv(v["x"]!, v["w"]!, null, { pads: 1 });
        const product = tape.matMul(v["tokens"]!, v["matrix"]!);
        return tape.concat([tape.reshape(conv, [4800]), tape.reshape(product, [2000])], 0);
      },
    );
    runs.push(await experiment.run(inputs, numbers(experiment.dims, 5).data));
    await experiment.dispose();
  }
  assert.deepEqual(runs[0], runs[1]);
});

test("what does not fit is refused while the graph is built", () => {
  const tape = new Tape(new GraphBuilder());
  const x = tape.parameter("x", [1, 4, 5, 5]);
  const w = tape.parameter("w", [6, 4, 3, 3]);
  const refused = (call: () => unknown, text: RegExp) =>
    assert.throws(call, (error) => error instanceof VisceraError && text.test(error.message));
  refused(() => tape.add(x, tape.input("y", [3, 5])), /cannot be combined/);
  refused(() => tape.gradients(x, [x]), /A loss is one number/);
  refused(() => tape.conv(x, w, null, { groups: 2 }), /should be \[6, 2, 3, 3\]/);
  refused(() => tape.conv(x, w, null, { dilations: [4, 4] }), /does not fit/);
  refused(() => tape.conv(x, w, tape.input("b", [4])), /bias/);
  refused(() => tape.conv(x, w, null, { strides: [1] }), /1 strides/);
  refused(() => tape.reshape(x, [3, 5]), /cannot become/);
  refused(() => tape.softmax(x, 4), /no axis 4/);
  refused(() => tape.groupNorm(x, 3, null, null), /3 groups/);
  refused(() => tape.matMul(x, x.dims.length ? tape.input("m", [4, 5]) : x), /cannot be multiplied/);
  refused(() => tape.concat([x, w], 1), /cannot be joined/);
  refused(() => tape.maxPool(x, { kernel: [6, 2] }), /larger than/);
  refused(() => tape.attention(tape.input("q", [1, 2, 3]), x, x, 2), /heads/);
});
