import assert from "node:assert/strict";
import { test } from "node:test";
import type { Network, Weights } from "@viscera/nets";
import { ADAPTER_A, ADAPTER_B, mergeAdapters, withAdapters, withAdapterWeights } from "./adapter.js";
import { networkFor } from "./class-axes.js";
import { layerwiseRates, stagesOf } from "./stages.js";
import {
  largestDifference,
  meshNet,
  monaiUNet,
  plainUNet,
  randomImage,
  randomWeights,
  residualUNet,
  scoresOf,
  segResNet,
} from "./testing.js";
import { classMap, transferWeights } from "./transfer.js";

const KINDS: [string, (classes: number, channels?: number) => Network][] = [
  ["PlainConvUNet", plainUNet],
  ["UNet", monaiUNet],
  ["ResidualEncoderUNet", residualUNet],
  ["SegResNet", segResNet],
  ["MeshNet", meshNet],
];

test("labels of equal name stay, whatever their ids and spelling", () => {
  const base = [
    { id: 1, name: "liver" },
    { id: 2, name: "Kidney left" },
    { id: 3, name: "spleen" },
  ];
  const wanted = [
    { id: 1, name: "tumour" },
    { id: 2, name: "kidney_left" },
    { id: 3, name: "liver" },
  ];
  assert.deepEqual(classMap(base, wanted), [0, null, 2, 1]);
});

for (const [kind, make] of KINDS) {
  test(`${kind}: outputs of labels that stay are the base's at the start`, async () => {
    const base = make(3);
    const weights = randomWeights(base, 1);
    const image = randomImage(1, 2);
    const before = await scoresOf(base, weights, image);
    const network = networkFor(base, { classes: 5, channels: 1 });
    const moved = transferWeights(base, weights, network, [0, null, 2, 1, null], 4);
    const after = await scoresOf(network, moved, image);
    assert.equal(after.length, 5);
    for (const [now, then] of [
      [0, 0],
      [2, 2],
      [3, 1],
    ] as const) {
      assert.ok(largestDifference(after[now]!, before[then]!) < 1e-5, `class ${now}`);
    }
    // New classes are told apart from the others and from each other.
    assert.ok(largestDifference(after[1]!, after[4]!) > 1e-3);
    assert.ok(after[1]!.every(Number.isFinite));
    assert.deepEqual(transferWeights(base, weights, network, [0, null, 2, 1, null], 4), moved);
  });

  test(`${kind}: equal channels in more inputs give what one gave`, async () => {
    const base = make(2);
    const weights = randomWeights(base, 1);
    const image = randomImage(1, 2);
    const network = networkFor(base, { classes: 2, channels: 3 });
    const moved = transferWeights(base, weights, network, [0, 1], 4);
    const thrice = new Float32Array(3 * image.length);
    for (let c = 0; c < 3; c++) thrice.set(image, c * image.length);
    const [before, after] = [await scoresOf(base, weights, image), await scoresOf(network, moved, thrice)];
    for (const c of [0, 1]) assert.ok(largestDifference(after[c]!, before[c]!) < 1e-4);
  });

  test(`${kind}: adapters change nothing at first, and merged they are the same network`, async () => {
    const base = make(3);
    const weights = randomWeights(base, 1);
    const image = randomImage(1, 2);
    const adapted = withAdapters(base, 2);
    const started = withAdapterWeights(adapted, weights, 9);
    const plain = await scoresOf(base, weights, image);
    const first = await scoresOf(adapted, started, image);
    for (const c of [0, 1, 2]) assert.ok(largestDifference(first[c]!, plain[c]!) < 1e-5);
    const learnt: Weights = new Map(started);
    const random = randomWeights(adapted, 8);
    const adapters = adapted.parameters.filter(({ name }) => name.endsWith(ADAPTER_B));
    assert.ok(adapters.length >= 4);
    for (const { name } of adapters) learnt.set(name, random.get(name)!);
    const unmerged = await scoresOf(adapted, learnt, image);
    const merged = mergeAdapters(base, learnt);
    assert.deepEqual(
      [...merged.keys()],
      base.parameters.map(({ name }) => name),
    );
    const same = await scoresOf(base, merged, image);
    for (const c of [0, 1, 2]) {
      assert.ok(largestDifference(same[c]!, unmerged[c]!) < 1e-4, `class ${c}`);
      assert.ok(largestDifference(same[c]!, plain[c]!) > 1e-2, `class ${c}`);
    }
  });

  test(`${kind}: stages run from the input to the head, and the decoder begins behind the coarsest`, () => {
    const network = make(3);
    const { stageOf, count, decoderStart, head } = stagesOf(network);
    assert.equal(stageOf.size, network.parameters.length);
    assert.ok(count >= 4, `${count}`);
    assert.ok(decoderStart > 1 && decoderStart < count);
    assert.ok(head.size > 0);
    const rate = layerwiseRates(network, 0.5);
    const first = network.parameters[0]!.name;
    assert.equal(rate(first), 0.5 ** (count - 1));
    for (const name of head) assert.equal(rate(name), 1);
  });
}

test("a PlainConvUNet's encoder, decoder and heads are told apart by name", () => {
  const { stageOf, decoderStart, head } = stagesOf(plainUNet(3));
  for (const [name, stage] of stageOf) {
    assert.equal(stage >= decoderStart || head.has(name), name.startsWith("decoder."), name);
  }
  assert.deepEqual(
    [...head].sort(),
    [0, 1].flatMap((i) => [`decoder.seg_layers.${i}.bias`, `decoder.seg_layers.${i}.weight`]),
  );
});

test("a network of unknown kind is refused", () => {
  const odd = { ...plainUNet(2), kind: "Odd" };
  assert.throws(() => networkFor(odd, { classes: 3, channels: 1 }), /"Odd" cannot be made/);
});

test("an adapter's parameters are named after the weight they adapt", () => {
  const adapted = withAdapters(plainUNet(2), 2);
  const names = adapted.parameters.map(({ name }) => name);
  const weight = "encoder.stages.1.0.convs.0.conv.weight";
  assert.ok(names.includes(weight + ADAPTER_A) && names.includes(weight + ADAPTER_B));
  assert.ok(!names.some((name) => name.includes("seg_layers") && name.endsWith(ADAPTER_A)));
});
