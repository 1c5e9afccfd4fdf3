import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3, VisceraError } from "@viscera/core";
import { floatTensor, GraphBuilder } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { type BlendParameters, predictBlended, type ScoreWindow } from "@viscera/segment";
import { cutBox, flipped, type NetworkImage } from "./image.js";
import { gaussianWindow, windowStarts } from "./windows.js";

const random = new RandomStream(21, "blend.test");
let draw = 0;
const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal(0, draw++));

/** A small random network of two convolutions, without any symmetry. */
async function randomNetwork(classes: number) {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [1, 1, "d", "h", "w"]);
  const three = { kernel: [3, 3, 3], pads: 1 };
  const hidden = graph.relu(graph.conv(x, graph.weights("a", normal(6 * 27), [6, 1, 3, 3, 3]), null, three));
  const bias = graph.weights("bias", normal(classes), [classes]);
  const y = graph.conv(
    hidden,
    graph.weights("b", normal(classes * 6 * 27), [classes, 6, 3, 3, 3]),
    bias,
    three,
  );
  graph.output(y, "y", "float32", [1, classes, "d", "h", "w"]);
  const session = await openSession(graph.build(), { threads: 1 });
  const score: ScoreWindow = async (data, size) => {
    const result = await session.run({ x: floatTensor(data, [1, 1, size[2], size[1], size[0]]) });
    return result["y"]!.data as Float32Array;
  };
  return { score, dispose: () => session.dispose() };
}

/** The same by its definition: every class of the whole padded volume in double precision at once. */
async function naive(score: ScoreWindow, image: NetworkImage, p: BlendParameters) {
  const padded = image.size.map((n, a) => Math.max(n, p.patch[a]!)) as unknown as Size3;
  const margin = image.size.map((n, a) => Math.floor((padded[a]! - n) / 2));
  const [nx, ny, nz] = padded;
  const sums = new Float64Array(p.classes * nx * ny * nz);
  const weights = new Float64Array(nx * ny * nz);
  const [gx, gy, gz] = p.patch.map(gaussianWindow) as [Float32Array, Float32Array, Float32Array];
  const flips = [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]].filter((set) =>
    set.every((axis) => (p.mirrorAxes as readonly number[]).includes(axis)),
  );
  const starts = padded.map((n, a) => windowStarts(n, p.patch[a]!, p.overlap));
  for (const z of starts[2]!)
    for (const y of starts[1]!)
      for (const x of starts[0]!) {
        const window = cutBox(image, [x - margin[0]!, y - margin[1]!, z - margin[2]!], p.patch);
        const runs = [];
        for (const axes of flips)
          runs.push(flipped(await score(flipped(window, p.patch, axes), p.patch), p.patch, axes));
        for (let k = 0; k < p.patch[2]; k++)
          for (let j = 0; j < p.patch[1]; j++)
            for (let i = 0; i < p.patch[0]; i++) {
              const weight = gx[i]! * gy[j]! * gz[k]!;
              const voxel = x + i + nx * (y + j + ny * (z + k));
              weights[voxel]! += weight;
              for (let c = 0; c < p.classes; c++) {
                const at = i + p.patch[0] * (j + p.patch[1] * (k + p.patch[2] * c));
                const mean = runs.reduce((sum, run) => sum + run[at]!, 0) / runs.length;
                sums[voxel + nx * ny * nz * c]! += weight * mean;
              }
            }
      }
  const labels: number[] = [];
  const confidence = new Map<number, { sum: number; count: number }>();
  const margins: number[] = [];
  for (let k = 0; k < image.size[2]; k++)
    for (let j = 0; j < image.size[1]; j++)
      for (let i = 0; i < image.size[0]; i++) {
        const voxel = i + margin[0]! + nx * (j + margin[1]! + ny * (k + margin[2]!));
        const scores = Array.from(
          { length: p.classes },
          (_, c) => sums[voxel + nx * ny * nz * c]! / weights[voxel]!,
        );
        const top = Math.max(...scores);
        const label = scores.indexOf(top);
        labels.push(label);
        margins.push(top - [...scores].sort((a, b) => b - a)[1]!);
        const entry = confidence.get(label) ?? { sum: 0, count: 0 };
        entry.sum += 1 / scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
        entry.count++;
        confidence.set(label, entry);
      }
  return { labels, margins, confidence };
}

const cases: { name: string; size: Size3; parameters: Omit<BlendParameters, "classes"> }[] = [
  {
    name: "odd sizes, anisotropic windows",
    size: [17, 13, 19],
    parameters: { patch: [8, 6, 7], overlap: 0.5, mirrorAxes: [], accumulatorBytes: 1e9 },
  },
  {
    name: "mirroring along two axes",
    size: [12, 11, 9],
    parameters: { patch: [8, 8, 8], overlap: 0.3, mirrorAxes: [0, 2], accumulatorBytes: 1e9 },
  },
  {
    name: "mirroring along all axes",
    size: [9, 9, 9],
    parameters: { patch: [8, 8, 8], overlap: 0.5, mirrorAxes: [0, 1, 2], accumulatorBytes: 1e9 },
  },
  {
    name: "smaller than the window along every axis",
    size: [5, 3, 6],
    parameters: { patch: [8, 6, 7], overlap: 0.5, mirrorAxes: [1], accumulatorBytes: 1e9 },
  },
  {
    name: "smaller along one axis, many windows along another, no overlap",
    size: [30, 4, 9],
    parameters: { patch: [8, 6, 7], overlap: 0, mirrorAxes: [], accumulatorBytes: 1e9 },
  },
  {
    name: "little memory: strips of two rows",
    size: [17, 13, 19],
    parameters: { patch: [8, 6, 7], overlap: 0.5, mirrorAxes: [], accumulatorBytes: 4 * 6 * 17 * 7 * 2.5 },
  },
];

for (const { name, size, parameters } of cases) {
  test(`blended windows equal the full accumulation: ${name}`, async () => {
    const classes = 5;
    const { score, dispose } = await randomNetwork(classes);
    const image = { size, channels: 1, data: normal(size[0] * size[1] * size[2]) };
    const all = { ...parameters, classes };
    const expected = await naive(score, image, all);
    const { labels, confidence } = await predictBlended(score, image, all);
    await dispose();
    for (let v = 0; v < labels.length; v++) {
      // Single against double precision may differ where two classes tie.
      assert.ok(labels[v] === expected.labels[v] || expected.margins[v]! < 1e-4, `voxel ${v}`);
    }
    for (const [label, mean] of confidence) {
      const { sum, count } = expected.confidence.get(label)!;
      assert.ok(Math.abs(mean - sum / count) < 1e-3, `confidence of ${label}`);
    }
    assert.ok(!confidence.has(0));
  });
}

test("windows reach from border to border, evenly, with at least the overlap asked for", () => {
  assert.deepEqual(windowStarts(10, 10, 0.5), [0]);
  assert.deepEqual(windowStarts(4, 10, 0.5), [0]);
  // nnU-Net's documented case: 110 voxels, window 64, half a window at most between starts.
  assert.deepEqual(windowStarts(110, 64, 0.5), [0, 23, 46]);
  for (const [extent, window, overlap] of [
    [101, 32, 0.5],
    [300, 128, 0.2],
    [65, 64, 0.9],
  ] as const) {
    const starts = windowStarts(extent, window, overlap);
    assert.equal(starts[0], 0);
    assert.equal(starts.at(-1), extent - window);
    for (let i = 1; i < starts.length; i++) {
      assert.ok(starts[i]! - starts[i - 1]! <= window * (1 - overlap) + 1);
    }
  }
});

test("progress counts windows and a fired signal stops between them", async () => {
  const controller = new AbortController();
  const image = { size: [8, 8, 8] as const, channels: 1, data: normal(512) };
  const parameters = {
    classes: 2,
    patch: [4, 4, 4] as const,
    overlap: 0.5,
    mirrorAxes: [],
    accumulatorBytes: 1e9,
  };
  const zeros: ScoreWindow = async () => new Float32Array(2 * 64);
  const seen: number[] = [];
  await predictBlended(zeros, image, parameters, {
    onProgress: ({ done, total }) => {
      assert.equal(total, 27);
      seen.push(done);
    },
  });
  assert.equal(seen.at(-1), 27);
  let windows = 0;
  const stopping: ScoreWindow = async (data, size) => {
    if (++windows === 3) controller.abort();
    return zeros(data, size);
  };
  await assert.rejects(
    predictBlended(stopping, image, parameters, { signal: controller.signal }),
    (error) => error instanceof VisceraError && error.code === "cancelled",
  );
  assert.equal(windows, 3);
});

test("a network of the wrong number of classes is refused", async () => {
  const image = { size: [4, 4, 4] as const, channels: 1, data: normal(64) };
  const parameters = {
    classes: 3,
    patch: [4, 4, 4] as const,
    overlap: 0.5,
    mirrorAxes: [],
    accumulatorBytes: 1e9,
  };
  await assert.rejects(
    predictBlended(async () => new Float32Array(128), image, parameters),
    /128 scores/,
  );
});
