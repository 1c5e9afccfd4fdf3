// What a session costs over the bare ONNX Runtime call, on the same model and tensors in the same run.
// Alternating calls, medians. The goal, a ratio below 1.05, is for a network of ordinary size (the first line);
// the second network is so small that the difference is the session's own work.
import { createRequire } from "node:module";
import { floatTensor, GraphBuilder } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";

const runtime = createRequire(import.meta.resolve("@viscera/nets"))("onnxruntime-node");
const THREADS = 2;

/** Two convolutions of `channels`, 3x3x3, over edge^3 voxels. */
function network(channels) {
  const graph = new GraphBuilder();
  const numbers = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const x = graph.input("x", "float32", [1, 1, "d", "h", "w"]);
  const first = graph.weights("first", numbers(channels * 27), [channels, 1, 3, 3, 3]);
  const second = graph.weights("second", numbers(channels * channels * 27), [channels, channels, 3, 3, 3]);
  const options = { kernel: [3, 3, 3], pads: 1 };
  const hidden = graph.relu(graph.conv(x, first, null, options));
  graph.output(graph.conv(hidden, second, null, options), "y", "float32", [1, channels, "d", "h", "w"]);
  return graph.build();
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function timed(call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

async function compare(label, channels, edge, repetitions) {
  const model = network(channels);
  const data = Float32Array.from({ length: edge ** 3 }, (_, i) => Math.cos(i));
  const dims = [1, 1, edge, edge, edge];
  const session = await openSession(model, { threads: THREADS });
  const bare = await runtime.InferenceSession.create(model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: THREADS,
    enableMemPattern: false,
  });
  const ours = () => session.run({ x: floatTensor(data, dims) });
  const theirs = () => bare.run({ x: new runtime.Tensor("float32", data, dims) });
  for (let i = 0; i < 3; i++) {
    await ours();
    await theirs();
  }
  const times = { ours: [], theirs: [] };
  for (let i = 0; i < repetitions; i++) {
    // The order alternates, so that neither always follows the other.
    for (const who of i % 2 ? ["ours", "theirs"] : ["theirs", "ours"]) {
      times[who].push(await timed(who === "ours" ? ours : theirs));
    }
  }
  const [a, b] = [median(times.ours), median(times.theirs)];
  console.log(
    `${label}: session ${a.toFixed(3)} ms, bare call ${b.toFixed(3)} ms, ratio ${(a / b).toFixed(3)}, ${(1000 * (a - b)).toFixed(1)} us more`,
  );
  await session.dispose();
  await bare.release();
}

await compare("16 channels, 48^3 voxels", 16, 48, 60);
await compare("1 channel, 8^3 voxels", 1, 8, 2000);
