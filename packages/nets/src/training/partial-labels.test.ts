import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { diceAndCrossEntropy, type LossSpec, monaiDiceCrossEntropy } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { bytes, evaluateCase, float, plainClasses } from "./testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });
const random = new RandomStream(6, "nets.partial-labels-test");
const normals = (count: number, step: number) =>
  Float32Array.from({ length: count }, (_, i) => random.normal(step, i));

const DIMS = [2, 3, 2, 3, 4];
const IDS = bytes(
  Array.from({ length: 48 }, (_, i) => (i % 7 === 3 ? 255 : random.integer(i < 24 ? 2 : 3, 90, i))),
  [2, 2, 3, 4],
);
const distances = float(normals(144, 7), DIMS);

const EVERY: LossSpec[] = [
  diceAndCrossEntropy(),
  diceAndCrossEntropy({ batchDice: true }),
  monaiDiceCrossEntropy({ batch: true }),
  { kind: "generalisedDice" },
  { kind: "tversky" },
  { kind: "focal" },
  { kind: "boundary" },
];

test("with every class known, the ordinary loss", async () => {
  const scores = float(normals(144, 9), DIMS);
  for (const spec of EVERY) {
    const ordinary = await evaluateCase(open, { scores, ids: IDS, spec, distances });
    const known = bytes([1, 1, 1, 1, 1, 1], [2, 3]);
    const partial = await evaluateCase(open, { scores, ids: IDS, spec, distances, known });
    assertClose(partial.loss, ordinary.loss, { relative: 1e-6 }, spec.kind);
    partial.gradients[0]!.forEach((g, i) => {
      assertClose(g, ordinary.gradients[0]![i]!, { absolute: 1e-6 }, spec.kind);
    });
    await ordinary.dispose();
    await partial.dispose();
  }
});

test("unknown class or background, the network may say either", async () => {
  // Class 2 is annotated in sample 1 only; in sample 0 it may be hidden in the background.
  const known = bytes([1, 1, 0, 1, 1, 1], [2, 3]);
  const x = normals(144, 10);
  const swapped = x.slice();
  for (let voxel = 0; voxel < 24; voxel++) {
    swapped[voxel] = x[2 * 24 + voxel]!;
    swapped[2 * 24 + voxel] = x[voxel]!;
  }
  // The third class has the distances of background in sample 0, where it is a part of it.
  for (const spec of EVERY.filter(({ kind }) => kind !== "boundary")) {
    const one = await evaluateCase(open, { scores: float(x, DIMS), ids: IDS, spec, known });
    const other = await one.run({ x: float(swapped, DIMS) });
    assertClose(other.loss, one.loss, { relative: 1e-6 }, spec.kind);
    // And a mask that names the unknown class is read as background.
    const named = Uint8Array.from(IDS.data as Uint8Array, (id, i) => (i < 24 && id === 0 ? 2 : id));
    const third = await one.run({ ids: bytes(named, IDS.dims) });
    assertClose(third.loss, one.loss, { relative: 1e-6 }, spec.kind);
    await one.dispose();
  }
});

test("a class that no sample knows has no gradient of its own by Dice", async () => {
  const known = bytes([1, 1, 0, 1, 1, 0], [2, 3]);
  const scores = float(normals(144, 11), DIMS);
  const spec: LossSpec = { kind: "softDice", includeBackground: false, batch: true, smooth: 1e-5 };
  const two = await evaluateCase(open, { scores, ids: IDS, spec, known });
  // The same as a network of two classes whose background is the sum of both.
  const x = scores.data as Float32Array;
  const merged = new Float32Array(2 * 2 * 24);
  for (let n = 0; n < 2; n++)
    for (let voxel = 0; voxel < 24; voxel++) {
      const at = (c: number) => x[(n * 3 + c) * 24 + voxel]!;
      merged[n * 48 + voxel] = Math.log(Math.exp(at(0)) + Math.exp(at(2)));
      merged[n * 48 + 24 + voxel] = at(1);
    }
  const ids = Uint8Array.from(IDS.data as Uint8Array, (id) => (id === 2 ? 0 : id));
  const plain = await evaluateCase(open, {
    scores: float(merged, [2, 2, 2, 3, 4]),
    ids: bytes(ids, IDS.dims),
    spec,
  });
  assertClose(two.loss, plain.loss, { relative: 1e-6 });
  await two.dispose();
  await plain.dispose();
});

test("a class that one sample knows counts as much as one that all know", async () => {
  const x = normals(144, 13);
  const result = await evaluateCase(open, {
    scores: float(x, DIMS),
    ids: IDS,
    spec: { kind: "softDice", includeBackground: false, batch: true, smooth: 1e-5 },
    known: bytes([1, 1, 0, 1, 1, 1], [2, 3]),
  });
  const [first, second] = [0, 1].map((sample) => plainClasses(x, sample, IDS.data as Uint8Array));
  const ofBatch = (parts: { tp: number; predicted: number; volume: number }[]) => {
    const sum = (key: "tp" | "predicted" | "volume") => parts.reduce((all, part) => all + part[key], 0);
    return (2 * sum("tp") + 1e-5) / (sum("predicted") + sum("volume") + 1e-5);
  };
  const expected = -(ofBatch([first![1]!, second![1]!]) + ofBatch([second![2]!])) / 2;
  assertClose(result.loss, expected, { relative: 1e-6 });
  await result.dispose();
});
