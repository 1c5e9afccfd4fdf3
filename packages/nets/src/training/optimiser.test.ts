import assert from "node:assert/strict";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { assertClose, readNpz, testWithShared } from "@viscera/core/testing";
import {
  clipFactor,
  floatTensor,
  learningRateAt,
  normOf,
  type OptimiserSpec,
  optimiserStates,
  updateModel,
  updateNumbers,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";

/** The weights after each of some updates, and their moving average. */
async function updates(
  spec: OptimiserSpec,
  start: Float32Array,
  gradients: Float32Array[],
  learningRate: number,
  averageDecay: number | null = null,
) {
  const session = await openSession(updateModel(spec, averageDecay), { threads: 1 });
  const n = start.length;
  const vector = (data: Float32Array) => floatTensor(data, [n]);
  let state = Object.fromEntries(optimiserStates(spec).map((name) => [name, vector(new Float32Array(n))]));
  state["weights"] = vector(start);
  if (averageDecay !== null) state["average"] = vector(start);
  const weights: Float32Array[] = [];
  const averages: Float32Array[] = [];
  for (const [i, gradient] of gradients.entries()) {
    const numbers = updateNumbers(spec, { update: i + 1, learningRate, gradientFactor: 1 });
    const out = await session.run({ ...state, ...numbers, gradient: vector(gradient) });
    state = Object.fromEntries(Object.keys(state).map((name) => [name, out[`${name}_next`]!]));
    weights.push(state["weights"]!.data as Float32Array);
    averages.push(state["average"]?.data as Float32Array);
  }
  await session.dispose();
  return { weights, averages };
}

testWithShared(
  "optimisers, clipping and the polynomial schedule equal PyTorch's",
  ["cases/nets/layers/optimizers.npz"],
  async ([file]) => {
    const arrays = readNpz(file);
    const data = (name: string) => arrays.get(name)!.data as Float32Array;
    const gradients = Array.from({ length: 12 }, (_, i) => data("grads").slice(5 * i, 5 * i + 5));
    const cases: [string, OptimiserSpec, number][] = [
      ["adam", { kind: "adam" }, 1e-3],
      ["adamw", { kind: "adamw", weightDecay: 1e-2 }, 1e-3],
      ["sgd", { kind: "sgd" }, 0.01],
      ["sgd_nesterov", { kind: "sgd", momentum: 0.99, nesterov: true, weightDecay: 3e-5 }, 0.01],
    ];
    for (const [name, spec, rate] of cases) {
      const { weights } = await updates(spec, data("p0"), gradients, rate);
      const expected = arrays.get(`${name}_f64`)!.data;
      weights.forEach((row, i) => {
        row.forEach((value, j) => {
          const limit = { absolute: 1e-6, relative: 1e-6 };
          assertClose(value, expected[5 * i + j]!, limit, `${name} after update ${i + 1}`);
        });
      });
    }

    const parts = [data("clip_g0"), data("clip_g1")];
    const norm = normOf(parts);
    assertClose(norm, data("clip_total_norm")[0]!, { relative: 1e-6 });
    const factor = clipFactor(norm, 12);
    parts.forEach((part, i) => {
      part.forEach((g, j) => {
        assertClose(factor * g, data(`clip_out${i}`)[j]!, { relative: 1e-6 });
      });
    });
    assert.equal(clipFactor(11.9, 12), 1);
    assert.equal(clipFactor(500, null), 1);

    arrays.get("polylr_0p01_1000")!.data.forEach((rate, epoch) => {
      const spec = { kind: "polynomial", learningRate: 0.01, steps: 1000 } as const;
      assertClose(learningRateAt(spec, epoch), rate, { relative: 1e-12 });
    });
  },
);

test("Adam's weight decay joins the gradient", async () => {
  const spec: OptimiserSpec = { kind: "adam", weightDecay: 0.1 };
  const { weights } = await updates(spec, Float32Array.of(2, -1), [Float32Array.of(0.3, 0.3)], 0.01);
  // The first step is the rate in the direction of the sign of g + decay * weight.
  assertClose(weights[0]![0]!, 2 - 0.01, { absolute: 1e-6 });
  assertClose(weights[0]![1]!, -1 - 0.01, { absolute: 1e-6 });
  const turned = await updates(spec, Float32Array.of(2, -1), [Float32Array.of(-0.1, 0.05)], 0.01);
  assertClose(turned.weights[0]![0]!, 2 - 0.01, { absolute: 1e-6 });
  assertClose(turned.weights[0]![1]!, -1 + 0.01, { absolute: 1e-6 });
});

test("the moving average equals a plain loop", async () => {
  const gradients = Array.from({ length: 9 }, (_, i) => Float32Array.of(Math.sin(i), 1, -i));
  const start = Float32Array.of(1, 2, 3);
  const { weights, averages } = await updates({ kind: "sgd" }, start, gradients, 0.1, 0.9);
  const average = Float64Array.from(start);
  weights.forEach((row, i) => {
    row.forEach((value, j) => {
      average[j] = 0.9 * average[j]! + 0.1 * value;
      assertClose(averages[i]![j]!, average[j]!, { absolute: 1e-6 });
    });
  });
});

test("schedules warm up, fall and end", () => {
  const constant = { kind: "constant", learningRate: 0.1, steps: 10, warmUp: 4 } as const;
  const rates = Array.from({ length: 6 }, (_, i) => learningRateAt(constant, i));
  [0.025, 0.05, 0.075, 0.1, 0.1, 0.1].forEach((rate, i) => {
    assertClose(rates[i]!, rate, { relative: 1e-12 });
  });
  const cosine = { kind: "cosine", learningRate: 0.1, lowest: 0.02, steps: 12, warmUp: 2 } as const;
  assertClose(learningRateAt(cosine, 2), 0.1, { relative: 1e-12 });
  assertClose(learningRateAt(cosine, 7), 0.06, { relative: 1e-12 });
  assertClose(learningRateAt(cosine, 12), 0.02, { relative: 1e-12 });
  assertClose(learningRateAt(cosine, 50), 0.02, { relative: 1e-12 });
  const polynomial = { kind: "polynomial", learningRate: 1, steps: 10, exponent: 2 } as const;
  assertClose(learningRateAt(polynomial, 5), 0.25, { relative: 1e-12 });
  assert.equal(learningRateAt(polynomial, 10), 0);
});

test("impossible options are refused", () => {
  const usage = (error: unknown) => error instanceof VisceraError && error.code === "usage";
  assert.throws(() => updateModel({ kind: "sgd", nesterov: true }), usage);
  assert.throws(() => updateModel({ kind: "sgd", momentum: 1 }), usage);
  assert.throws(() => updateModel({ kind: "adam", betas: [0.9, 1] }), usage);
  assert.throws(() => updateModel({ kind: "adamw", weightDecay: -1 }), usage);
  assert.throws(() => learningRateAt({ kind: "cosine", learningRate: 1, steps: 5, warmUp: 5 }, 0), usage);
});
