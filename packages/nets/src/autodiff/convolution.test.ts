import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { openSession } from "@viscera/nets/node";
import { Experiment, type Numbers, relativeDifference } from "./testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });
const random = new RandomStream(5, "nets.convolution-test");
let draw = 0;

function normals(dims: readonly number[]): Numbers {
  const count = dims.reduce((a, b) => a * b, 1);
  return { dims, data: Float32Array.from({ length: count }, () => random.normal(0, draw++)) };
}

interface Layer {
  transposed: boolean;
  batch: number;
  groups: number;
  channels: number;
  filters: number;
  extents: number[];
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Begins, then ends. */
  pads: number[];
  outputPadding: number[];
}

/** All index tuples of a shape, row-major. */
function* indices(dims: readonly number[]): Generator<number[]> {
  const count = dims.reduce((a, b) => a * b, 1);
  for (let flat = 0; flat < count; flat++) {
    let rest = flat;
    const index = new Array<number>(dims.length);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = rest % dims[axis]!;
      rest = Math.floor(rest / dims[axis]!);
    }
    yield index;
  }
}

const flatIndex = (index: readonly number[], dims: readonly number[]) =>
  index.reduce((flat, i, axis) => flat * dims[axis]! + i, 0);

/**
 * The layer and its gradients by their definition, in double precision: every product of a fine and a coarse
 * voxel that a tap of the kernel joins.
 */
function reference(
  layer: Layer,
  x: Numbers,
  w: Numbers,
  b: Numbers,
  yDims: readonly number[],
  gy: Float32Array,
) {
  const { transposed, batch, groups, strides, dilations, pads, channels, filters } = layer;
  const [coarseDims, fineDims] = transposed ? [x.dims, yDims] : [yDims, x.dims];
  const y = new Float64Array(gy.length);
  const gx = new Float64Array(x.data.length);
  const gw = new Float64Array(w.data.length);
  const gb = new Float64Array(filters);
  for (const index of indices(yDims)) {
    const flat = flatIndex(index, yDims);
    y[flat] = b.data[index[1]!]!;
    gb[index[1]!]! += gy[flat]!;
  }
  const coarsePerGroup = (transposed ? channels : filters) / groups;
  for (const [m, c, ...tap] of indices([...w.dims]) as Generator<[number, number, ...number[]]>) {
    const weight = flatIndex([m, c, ...tap], w.dims);
    const fineChannel = Math.floor(m / coarsePerGroup) * w.dims[1]! + c;
    for (const [n, ...o] of indices([batch, ...coarseDims.slice(2)]) as Generator<[number, ...number[]]>) {
      const i = o.map((v, a) => v * strides[a]! + tap[a]! * dilations[a]! - pads[a]!);
      if (i.some((v, a) => v < 0 || v >= fineDims[a + 2]!)) continue;
      const fine = flatIndex([n, fineChannel, ...i], fineDims);
      const coarse = flatIndex([n, m, ...o], coarseDims);
      const [from, to] = transposed ? [coarse, fine] : [fine, coarse];
      y[to]! += w.data[weight]! * x.data[from]!;
      gx[from]! += w.data[weight]! * gy[to]!;
      gw[weight]! += x.data[from]! * gy[to]!;
    }
  }
  return { y, g_x: gx, g_w: gw, g_b: gb };
}

async function check(layer: Layer): Promise<void> {
  const { transposed, batch, channels, filters, groups, extents, kernel, strides, dilations, pads } = layer;
  const x = normals([batch, channels, ...extents]);
  const w = normals(
    transposed ? [channels, filters / groups, ...kernel] : [filters, channels / groups, ...kernel],
  );
  const b = normals([filters]);
  const experiment = await Experiment.create(open, { x, w, b }, (tape, v) => {
    const options = { strides, dilations, pads, groups };
    return transposed
      ? tape.convTranspose(v["x"]!, v["w"]!, v["b"]!, { ...options, outputPadding: layer.outputPadding })
      : tape.conv(v["x"]!, v["w"]!, v["b"]!, options);
  });
  const gy = normals(experiment.dims).data;
  const results = await experiment.run({ x, w, b }, gy);
  await experiment.dispose();
  const expected = reference(layer, x, w, b, experiment.dims, gy);
  for (const [name, values] of Object.entries(expected)) {
    // Relative to 1 where all numbers are smaller: a bias' gradient may be a sum that nearly cancels.
    const difference = relativeDifference([...results[name]!, 1], [...values, 1]);
    assert.ok(difference < 2e-6, `${name} is off by ${difference} for ${JSON.stringify(layer)}`);
  }
}

const plain = (rank: number, overrides: Partial<Layer>): Layer => ({
  transposed: false,
  batch: 1,
  groups: 1,
  channels: 2,
  filters: 3,
  extents: new Array<number>(rank).fill(5),
  kernel: new Array<number>(rank).fill(3),
  strides: new Array<number>(rank).fill(1),
  dilations: new Array<number>(rank).fill(1),
  pads: new Array<number>(2 * rank).fill(1),
  outputPadding: new Array<number>(rank).fill(0),
  ...overrides,
});

const named: Record<string, Layer> = {
  "3x3x3, large enough for stacked shifts": plain(3, { batch: 2, extents: [9, 22, 23] }),
  "stacked shifts, dilated, uneven kernel": plain(3, {
    extents: [10, 21, 20],
    kernel: [2, 1, 3],
    dilations: [3, 1, 2],
    pads: [2, 0, 1, 1, 0, 3],
  }),
  "1x3x3, stacked shifts": plain(3, { extents: [9, 22, 23], kernel: [1, 3, 3], pads: [0, 1, 1, 0, 1, 1] }),
  "shift by shift": plain(2, { batch: 2, channels: 5, extents: [23, 24] }),
  "shift by shift in groups": plain(2, { channels: 10, filters: 2, groups: 2, extents: [23, 24] }),
  "stride 2, shift by shift, back in phases": plain(3, {
    channels: 5,
    extents: [19, 18, 17],
    strides: [2, 2, 2],
  }),
  "kernel of many taps": plain(2, { extents: [9, 10], kernel: [9, 8], pads: [4, 4, 4, 3] }),
  "1x1x1 with stride 2": plain(3, {
    extents: [5, 6, 4],
    kernel: [1, 1, 1],
    strides: [2, 2, 2],
    pads: [0, 0, 0, 0, 0, 0],
  }),
  "stride 3, odd extents": plain(3, { batch: 2, extents: [7, 8, 10], strides: [3, 3, 3] }),
  "stride 2, voxels at the end unread": plain(3, {
    extents: [6, 7, 8],
    strides: [2, 2, 2],
    pads: [0, 0, 0, 0, 0, 0],
  }),
  "stride 4 over kernel 2: phases without taps": plain(3, {
    extents: [9, 8, 10],
    kernel: [2, 2, 2],
    strides: [4, 4, 4],
    pads: [0, 0, 0, 0, 0, 0],
  }),
  "stride 2 with dilation 2: common divisor": plain(2, {
    extents: [9, 8],
    strides: [2, 2],
    dilations: [2, 2],
    pads: [2, 2, 2, 2],
  }),
  "stride 3 with dilation 2": plain(2, { extents: [9, 11], strides: [3, 3], dilations: [2, 2] }),
  "more padding than kernel": plain(2, { extents: [4, 5], kernel: [2, 2], pads: [3, 2, 2, 3] }),
  depthwise: plain(3, { batch: 2, channels: 4, filters: 4, groups: 4 }),
  "grouped with stride": plain(3, { channels: 4, filters: 6, groups: 2, strides: [2, 1, 2] }),
  "patches in groups": plain(2, {
    channels: 4,
    filters: 2,
    groups: 2,
    extents: [6, 4],
    kernel: [3, 2],
    strides: [3, 2],
    pads: [0, 0, 0, 0],
  }),
  "1D": plain(1, { extents: [9], kernel: [4], strides: [2] }),
  "transposed, kernel = stride": plain(3, {
    transposed: true,
    batch: 2,
    extents: [2, 3, 2],
    kernel: [2, 2, 2],
    strides: [2, 2, 2],
    pads: [0, 0, 0, 0, 0, 0],
  }),
  "transposed, kernel = stride, output padding": plain(2, {
    transposed: true,
    extents: [2, 3],
    kernel: [2, 2],
    strides: [2, 2],
    pads: [0, 0, 0, 0],
    outputPadding: [1, 0],
  }),
  "transposed, kernel < stride": plain(2, {
    transposed: true,
    extents: [3, 2],
    kernel: [1, 2],
    strides: [2, 3],
    pads: [0, 0, 0, 0],
  }),
  "transposed, in phases": plain(3, {
    transposed: true,
    batch: 2,
    extents: [9, 8, 9],
    strides: [2, 1, 2],
    outputPadding: [1, 0, 1],
  }),
  "transposed, in phases, kernel < stride": plain(2, {
    transposed: true,
    extents: [23, 24],
    kernel: [2, 1],
    strides: [3, 2],
    pads: [0, 0, 1, 0],
  }),
  "transposed, stride 1": plain(3, { transposed: true, extents: [9, 3, 4], channels: 3, filters: 2 }),
  "transposed in groups": plain(3, {
    transposed: true,
    channels: 4,
    filters: 6,
    groups: 2,
    extents: [3, 2, 3],
    strides: [2, 2, 2],
    outputPadding: [1, 0, 1],
  }),
};

for (const [name, layer] of Object.entries(named)) {
  test(`convolution: ${name}`, () => check(layer));
}

test("convolutions of drawn geometry equal their definition", async () => {
  let index = 0;
  const integer = (low: number, high: number) =>
    low + Math.floor(random.uniform(1, index++) * (high - low + 1));
  let checked = 0;
  while (checked < 60) {
    const rank = integer(2, 3);
    const list = (low: number, high: number, length = rank) =>
      Array.from({ length }, () => integer(low, high));
    const groups = integer(1, 2);
    const layer: Layer = {
      transposed: integer(0, 1) === 1,
      batch: integer(1, 2),
      groups,
      channels: groups * integer(1, 2),
      filters: groups * integer(1, 3),
      extents: rank === 3 ? [integer(1, 9), ...list(2, 5, 2)] : list(2, 9),
      kernel: list(1, 4),
      strides: list(1, 3),
      dilations: list(1, 3),
      pads: list(0, 3, 2 * rank),
      outputPadding: list(0, 0),
    };
    layer.outputPadding = layer.strides.map((s) => integer(0, s - 1));
    const reach = layer.kernel.map((k, axis) => layer.dilations[axis]! * (k - 1) + 1);
    const fits = layer.extents.every((n, axis) => {
      const sides = layer.pads[axis]! + layer.pads[axis + rank]!;
      return layer.transposed
        ? (n - 1) * layer.strides[axis]! - sides + reach[axis]! + layer.outputPadding[axis]! >= 1
        : n + sides >= reach[axis]!;
    });
    if (!fits) continue;
    checked++;
    await check(layer);
  }
});
