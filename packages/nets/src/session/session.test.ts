import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { floatTensor, GraphBuilder } from "@viscera/nets";
import { listDevices, openSession } from "@viscera/nets/node";

const random = new RandomStream(5, "session.test");

/** Convolution, normalisation, a matrix product over all voxels: the operators whose sums threads could split. */
function network(): Uint8Array {
  const graph = new GraphBuilder();
  const weights = (name: string, dims: number[]) =>
    graph.weights(
      name,
      Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => random.normal(name.length, i)),
      dims,
    );
  const x = graph.input("x", "float32", [1, 1, "d", "h", "w"]);
  let y = graph.conv(x, weights("first", [16, 1, 3, 3, 3]), weights("bias", [16]), {
    kernel: [3, 3, 3],
    pads: 1,
  });
  y = graph.elu(graph.instanceNorm(y, weights("scale1", [16]), weights("shift11", [16])));
  y = graph.conv(y, weights("fourth__", [21, 16, 3, 3, 3]), null, {
    kernel: [3, 3, 3],
    dilations: [4, 4, 4],
    pads: 4,
  });
  graph.output(graph.relu(y), "y", "float32", [1, 21, "d", "h", "w"]);
  graph.output(graph.reduce("Mean", y, [2, 3, 4]), "mean", "float32", [1, 21, 1, 1, 1]);
  return graph.build();
}

const image = floatTensor(
  Float32Array.from({ length: 40 ** 3 }, (_, i) => random.uniform(1, i)),
  [1, 1, 40, 40, 40],
);

test("results are the same bits whatever the number of threads", async () => {
  const model = network();
  const results = [];
  for (const threads of [1, 2, 3]) {
    const session = await openSession(model, { threads });
    results.push(await session.run({ x: image }));
    await session.dispose();
  }
  assert.deepEqual(results[1]!["y"]!.data, results[0]!["y"]!.data);
  assert.deepEqual(results[2]!["y"]!.data, results[0]!["y"]!.data);
  assert.deepEqual(results[1]!["mean"]!.data, results[0]!["mean"]!.data);
});

test("a session names its tensors, gives the outputs asked for and may be closed twice", async () => {
  const session = await openSession(network(), { threads: 1 });
  assert.deepEqual(session.inputNames, ["x"]);
  assert.deepEqual(session.outputNames, ["y", "mean"]);
  const results = await session.run(
    { x: floatTensor(new Float32Array(1000), [1, 1, 10, 10, 10]) },
    { outputs: ["mean"] },
  );
  assert.deepEqual(Object.keys(results), ["mean"]);
  assert.deepEqual(results["mean"]!.dims, [1, 21, 1, 1, 1]);
  await session.dispose();
  await session.dispose();
  await assert.rejects(session.run({ x: image }), /closed/);
});

test("a fired signal ends a run with a cancelled error, and the session can be closed", async () => {
  const session = await openSession(network(), { threads: 1 });
  const controller = new AbortController();
  const running = session.run({ x: image }, { signal: controller.signal });
  controller.abort();
  const cancelled = (error: unknown) => error instanceof VisceraError && error.code === "cancelled";
  await assert.rejects(running, cancelled);
  await assert.rejects(session.run({ x: image }, { signal: controller.signal }), cancelled);
  await session.dispose();
});

test("wrong tensors and options are refused in a sentence", async () => {
  await assert.rejects(openSession(network(), { threads: 0 }), /number of threads/);
  const session = await openSession(network(), { threads: 1 });
  const failed = (error: unknown) => error instanceof VisceraError && error.code === "failed.inference";
  await assert.rejects(session.run({ x: floatTensor(new Float32Array(8), [1, 2, 2, 2]) }), failed);
  await assert.rejects(session.run({}), failed);
  await session.dispose();
  assert.throws(() => floatTensor(new Float32Array(3), [2, 2]), /2x2/);
  assert.ok((await listDevices()).includes("cpu"));
});
