import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readNpz, testWithShared } from "@viscera/core/testing";
import type { Tape, Variable } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { Experiment, type Numbers, relativeDifference } from "./testing.js";

type Three = readonly number[];
interface Entry {
  op: string;
  attrs: Record<string, unknown>;
  arrays: Record<string, unknown>;
}

/** Every layer file by its operation, with torch's attributes. */
const layers: Record<
  string,
  (tape: Tape, v: Record<string, Variable>, attrs: Record<string, unknown>) => Variable
> = {
  conv3d: (tape, { x, w, b }, { stride, padding }) =>
    tape.conv(x!, w!, b ?? null, {
      strides: stride as Three,
      pads: [...(padding as Three), ...(padding as Three)],
    }),
  conv_transpose3d: (tape, { x, w, b }, { stride, padding, output_padding }) =>
    tape.convTranspose(x!, w!, b ?? null, {
      strides: stride as Three,
      pads: [...(padding as Three), ...(padding as Three)],
      outputPadding: output_padding as Three,
    }),
  avg_pool3d: (tape, { x }, { kernel, stride }) =>
    tape.averagePool(x!, { kernel: kernel as Three, strides: stride as Three }),
  instance_norm: (tape, { x, w, b }, { eps }) => tape.instanceNorm(x!, w ?? null, b ?? null, eps as number),
  prelu: (tape, { x, w }) => tape.prelu(x!, w!),
  leaky_relu: (tape, { x }, { negative_slope }) => tape.leakyRelu(x!, negative_slope as number),
  softmax: (tape, { x }, { axis }) => tape.softmax(x!, axis as number),
  sigmoid: (tape, { x }) => tape.sigmoid(x!),
};

/** The README's: 1e-5 of the largest value, but for two files whose numbers are nearly cancelled. */
const HARD = ["instancenorm3d_affine_constant_and_tiny_variance", "instancenorm3d_affine_offset1000"];

testWithShared("layers and their gradients equal PyTorch's", ["cases/nets/layers"], async ([folder]) => {
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as Record<string, Entry>;
  const names = Object.keys(index).filter((name) => layers[index[name]!.op]);
  assert.equal(names.length, 24);
  for (const name of names) {
    const { op, attrs, arrays } = index[name]!;
    const golden = readNpz(join(folder, `${name}.npz`));
    const inputs: Record<string, Numbers> = {};
    for (const key of ["x", "w", "b"].filter((key) => key in arrays)) {
      const { dims, data } = golden.get(key)!;
      inputs[key] = { dims, data: data as Float32Array };
    }
    const experiment = await Experiment.create(
      (model) => openSession(model, { threads: 1 }),
      inputs,
      (tape, v) => layers[op]!(tape, v, attrs),
    );
    const results = await experiment.run(inputs, golden.get("gy")!.data as Float32Array);
    await experiment.dispose();
    const tolerance = HARD.includes(name) ? 1e-4 : 1e-5;
    for (const key of Object.keys(results)) {
      const expected = golden.get(`${key.replace("_", "")}_f64`)!.data;
      const difference = relativeDifference(results[key]!, expected);
      assert.ok(difference <= tolerance, `${name}: ${key} is off by ${difference}`);
    }
  }
});
