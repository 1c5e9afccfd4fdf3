import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { floatTensor, readTfjsLayersModel, tfjsToOnnx } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";

const random = new RandomStream(11, "tfjs.test");

/** A layers model of one 1x1x1 or 3x3x3 convolution a list entry, each followed by its activation. */
function modelJson(layers: object[], weights: object[]): unknown {
  return {
    format: "layers-model",
    modelTopology: { model_config: { class_name: "Sequential", config: { layers } } },
    weightsManifest: [{ paths: ["a.bin", "b.bin"], weights }],
  };
}

const INPUT = {
  class_name: "InputLayer",
  config: { name: "in", batch_input_shape: [null, null, null, null, 1] },
};
const conv = (name: string, filters: number, kernel: number, activation = "linear", rate = 1) => ({
  class_name: "Conv3D",
  config: {
    name,
    filters,
    kernel_size: [kernel, kernel, kernel],
    strides: [1, 1, 1],
    dilation_rate: [rate, rate, rate],
    padding: "same",
    activation,
    use_bias: true,
  },
});

const bytesOf = (values: ArrayBufferView) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Serves one block of bytes as two shards, cut in the middle of a number. */
function shards(bytes: Uint8Array): (path: string) => Promise<Uint8Array> {
  return async (path) => (path === "a.bin" ? bytes.subarray(0, 5) : bytes.subarray(5));
}

test("a convolution's kernel is taken in the layout of the layers model, both axis orders", async () => {
  const kernel = Float32Array.from({ length: 27 * 2 }, (_, i) => random.normal(0, i));
  const bias = Float32Array.of(0.5, -1);
  const json = modelJson(
    [INPUT, conv("c", 2, 3)],
    [
      { name: "c/kernel", shape: [3, 3, 3, 1, 2], dtype: "float32" },
      { name: "c/bias", shape: [2], dtype: "float32" },
    ],
  );
  const source = await readTfjsLayersModel(json, shards(bytesOf(Float32Array.of(...kernel, ...bias))));
  const size = [3, 4, 5] as const;
  // A single 1 in the middle gives back the kernel, mirrored.
  const [a, b, c] = [1, 2, 3];
  for (const spatialAxes of ["stored", "reversed"] as const) {
    const dims = spatialAxes === "stored" ? size : [...size].reverse();
    const place = spatialAxes === "stored" ? (a * 4 + b) * 5 + c : (c * 4 + b) * 3 + a;
    const x = new Float32Array(60);
    x[place] = 1;
    const session = await openSession(tfjsToOnnx(source, { spatialAxes }).model, { threads: 1 });
    const { output } = await session.run({ input: floatTensor(x, [1, 1, ...dims]) });
    await session.dispose();
    for (let f = 0; f < 2; f++)
      for (const [di, dj, dk] of [
        [0, 0, 0],
        [1, 0, 0],
        [0, -1, 0],
        [-1, 1, 1],
      ] as const) {
        const at =
          spatialAxes === "stored"
            ? ((a + di) * 4 + b + dj) * 5 + c + dk
            : ((c + dk) * 4 + b + dj) * 3 + a + di;
        const tap = kernel[2 * (((1 - di) * 3 + 1 - dj) * 3 + 1 - dk) + f]!;
        const value = output!.data[60 * f + at] as number;
        assert.ok(Math.abs(value - (tap + bias[f]!)) < 1e-6, `${spatialAxes} ${f} ${di} ${dj} ${dk}`);
      }
  }
});

test("quantised and half-precision weights are decoded", async () => {
  const json = modelJson(
    [INPUT, conv("c", 2, 1)],
    [
      {
        name: "c/kernel",
        shape: [1, 1, 1, 1, 2],
        dtype: "float32",
        quantization: { dtype: "uint8", scale: 0.5, min: -3 },
      },
      { name: "c/bias", shape: [2], dtype: "float32", quantization: { dtype: "float16" } },
      { name: "spare", shape: [1], dtype: "float32", quantization: { dtype: "uint16", scale: 2, min: 1 } },
    ],
  );
  // Half precision: 1.5 is 0x3e00, -2^-24 is 0x8001.
  const bytes = Uint8Array.of(4, 255, 0x00, 0x3e, 0x01, 0x80, 0x10, 0x27);
  const { weights } = await readTfjsLayersModel(json, shards(bytes));
  assert.deepEqual([...weights.get("c/kernel")!.data], [-1, 124.5]);
  assert.deepEqual([...weights.get("c/bias")!.data], [1.5, -(2 ** -24)]);
  assert.deepEqual([...weights.get("spare")!.data], [20001]);
});

test("the head for labels gives the class and probability of the scores", async () => {
  const shape = [3, 3, 3, 1, 4];
  const head = [1, 1, 1, 4, 5];
  const count = 27 * 4 + 4 + 20 + 5;
  const json = modelJson(
    [INPUT, conv("c", 4, 3, "elu", 2), conv("out", 5, 1)],
    [
      { name: "c/kernel", shape, dtype: "float32" },
      { name: "c/bias", shape: [4], dtype: "float32" },
      { name: "out/kernel", shape: head, dtype: "float32" },
      { name: "out/bias", shape: [5], dtype: "float32" },
    ],
  );
  const numbers = Float32Array.from({ length: count }, (_, i) => random.normal(2, i));
  const source = await readTfjsLayersModel(json, shards(bytesOf(numbers)));
  const scores = tfjsToOnnx(source);
  assert.equal(scores.receptiveRadius, 2);
  assert.equal(scores.classes, 5);
  const x = floatTensor(
    Float32Array.from({ length: 990 }, (_, i) => random.normal(3, i)),
    [1, 1, 9, 10, 11],
  );
  const plain = await openSession(scores.model, { threads: 1 });
  const labelled = await openSession(tfjsToOnnx(source, { head: "labels" }).model, { threads: 1 });
  const { output } = await plain.run({ input: x });
  const { label, probability } = await labelled.run({ input: x });
  const data = output!.data as Float32Array;
  for (let v = 0; v < 990; v++) {
    const column = [0, 1, 2, 3, 4].map((k) => data[k * 990 + v]!);
    const top = Math.max(...column);
    assert.equal(label!.data[v], column.indexOf(top));
    const expected = 1 / column.reduce((sum, s) => sum + Math.exp(s - top), 0);
    assert.ok(Math.abs((probability!.data[v] as number) - expected) < 1e-5);
  }
  await plain.dispose();
  await labelled.dispose();
});

test("what cannot be translated is refused by name", async () => {
  const refused = (pattern: RegExp) => (error: unknown) =>
    error instanceof VisceraError && error.code === "input.tfjs" && pattern.test(error.message);
  const none = async () => new Uint8Array(0);
  await assert.rejects(readTfjsLayersModel({ format: "graph-model" }, none), refused(/graph model/));
  await assert.rejects(readTfjsLayersModel([], none), refused(/no object/));
  await assert.rejects(
    readTfjsLayersModel(modelJson([INPUT], [{ name: 1 }]), none),
    refused(/weightsManifest/),
  );
  const weights = [{ name: "c/kernel", shape: [1, 1, 1, 1, 2], dtype: "float32" }];
  await assert.rejects(
    readTfjsLayersModel(modelJson([INPUT], weights), async () => new Uint8Array(3)),
    refused(/6 bytes where the model needs 8/),
  );
  const translate = async (layer: object) =>
    tfjsToOnnx(await readTfjsLayersModel(modelJson([INPUT, layer], []), none));
  await assert.rejects(translate({ class_name: "Dense", config: { name: "d" } }), refused(/"d".*Dense/));
  await assert.rejects(translate(conv("c", 2, 1)), refused(/"c".*kernel is missing/));
  await assert.rejects(
    translate({ class_name: "Activation", config: { name: "a", activation: "swish" } }),
    refused(/swish/),
  );
});

testWithShared(
  "every brainchop model is read and translated",
  ["data/models/brainchop"],
  async ([folder]) => {
    const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    assert.equal(names.length, 8);
    const radii: Record<string, number | null> = {};
    for (const { name } of names) {
      const json = JSON.parse(await readFile(join(folder, name, "model.json"), "utf8"));
      const source = await readTfjsLayersModel(json, (path) => readFile(join(folder, name, path)));
      const { model, inputSize, receptiveRadius } = tfjsToOnnx(source, {
        spatialAxes: "reversed",
        head: "labels",
      });
      assert.deepEqual(inputSize, [256, 256, 256]);
      radii[name] = receptiveRadius;
      const session = await openSession(model, { threads: 1 });
      assert.deepEqual(session.outputNames, ["label", "probability"]);
      await session.dispose();
    }
    assert.deepEqual([radii["model18cls"], radii["model11_gw_ae"], radii["mindgrab"]], [46, 24, null]);
  },
);
