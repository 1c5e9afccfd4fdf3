import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { type Affine, RandomStream, type VoxelArray } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { readImage } from "../image/read-image.js";
import { bytesSource } from "../image/source.js";
import { bytesOf, swapBytes } from "../image/voxel-type.js";
import { encodeImage, fileBytes } from "../image/write-image.js";
import { packBits, packLzw, type SyntheticPage, syntheticTiff } from "../testing/synthetic-tiff.js";
import { checkTiffSize, fraction, tiffLoss } from "./write.js";

const read = (bytes: Uint8Array, name = "x.tif") => readImage(bytesSource(name, bytes));
const pagesOf = (...pages: SyntheticPage[]) => syntheticTiff({ pages });
const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};
type Name = keyof typeof ARRAYS;
const NAMES = Object.keys(ARRAYS) as Name[];
const [WIDTH, HEIGHT] = [21, 18];

/** Numbers that repeat now and then and fill their type's range. */
function numbers(name: Name, count: number): VoxelArray {
  const random = new RandomStream(3, `tiff.${name}`);
  const float = name.startsWith("f");
  const out = new ARRAYS[name](count);
  for (let i = 0; i < count; i++) {
    out[i] = i % 5 < 2 ? 7 : float ? random.normal(i) * 1e3 : random.integer(2 ** 32, i);
  }
  return out;
}

/** Differences along the rows as TIFF's predictor 2 has them, in place. */
function differences(row: VoxelArray): void {
  for (let i = row.length - 1; i > 0; i--) row[i] = row[i]! - row[i - 1]!;
}

/** A row's bytes by weight, the highest first, as differences: predictor 3 (Adobe's technical note 3). */
function floatDifferences(row: VoxelArray): Uint8Array {
  const width = row.BYTES_PER_ELEMENT;
  const bytes = bytesOf(row);
  const planes = Uint8Array.from(
    bytes,
    (_, i) => bytes[(i % row.length) * width + width - 1 - Math.floor(i / row.length)]!,
  );
  return planes.map((byte, i) => byte - (i > 0 ? planes[i - 1]! : 0));
}

const PACK: Readonly<Record<number, (bytes: Uint8Array) => Uint8Array>> = {
  1: (bytes) => bytes,
  5: (bytes) => packLzw(bytes),
  8: (bytes) => new Uint8Array(deflateSync(bytes)),
  32946: (bytes) => new Uint8Array(deflateSync(bytes)),
  32773: packBits,
};

interface Kind {
  name: Name;
  compression?: number;
  predictor?: number;
  /** Width and height of tiles; without, strips of 5 rows. */
  tile?: readonly [number, number];
  littleEndian?: boolean;
}

function page(
  data: VoxelArray,
  { name, compression = 1, predictor = 1, tile, littleEndian = true }: Kind,
): SyntheticPage {
  const width = data.BYTES_PER_ELEMENT;
  const [tileWidth, tileHeight] = tile ?? [WIDTH, 5];
  const parts: Uint8Array[] = [];
  for (let y = 0; y < HEIGHT; y += tileHeight)
    for (let x = 0; x < WIDTH; x += tileWidth) {
      const rows: Uint8Array[] = [];
      for (let j = y; j < (tile ? y + tileHeight : Math.min(HEIGHT, y + tileHeight)); j++) {
        const row = new ARRAYS[name](tileWidth);
        for (let i = 0; i < tileWidth; i++)
          row[i] = x + i < WIDTH && j < HEIGHT ? data[x + i + WIDTH * j]! : 99;
        if (predictor === 2) differences(row);
        const bytes = predictor === 3 ? floatDifferences(row) : bytesOf(row);
        if (!littleEndian && predictor !== 3) swapBytes(bytes, width);
        rows.push(bytes);
      }
      parts.push(PACK[compression]!(Uint8Array.from(rows.flatMap((row) => [...row]))));
    }
  return {
    parts,
    fields: {
      256: [3, [WIDTH]],
      257: [4, [HEIGHT]],
      258: [3, [8 * width]],
      259: [3, [compression]],
      262: [3, [1]],
      277: [3, [1]],
      ...(tile ? { 322: [3, [tileWidth]], 323: [3, [tileHeight]] } : { 278: [3, [5]] }),
      317: [3, [predictor]],
      339: [3, [{ u: 1, i: 2, f: 3 }[name[0]!]!]],
    },
  };
}

const SMALL = numbers("int16", WIDTH * HEIGHT);
const small = (fields: SyntheticPage["fields"] = {}): SyntheticPage => {
  const made = page(SMALL, { name: "int16" });
  return { ...made, fields: { ...made.fields, ...fields } };
};

test("every type, compression, predictor, byte order and size, in strips and tiles", async () => {
  let checked = 0;
  for (const name of NAMES)
    for (const compression of [1, 5, 8, 32946, 32773])
      for (const predictor of compression === 1 || compression === 32773
        ? [1]
        : name.startsWith("f")
          ? [1, 3]
          : [1, 2])
        for (const tile of [undefined, [16, 16] as const])
          for (const [littleEndian, big] of [
            [true, false],
            [false, true],
            [false, false],
            [true, true],
          ] as const) {
            const data = numbers(name, WIDTH * HEIGHT);
            const kind = { name, compression, predictor, littleEndian, ...(tile ? { tile } : {}) };
            const made = page(data, kind);
            const { format, volume } = await read(syntheticTiff({ big, littleEndian, pages: [made] }));
            assert.equal(format, "tiff");
            assert.deepEqual(volume.data, data, JSON.stringify({ ...kind, big }));
            assert.deepEqual(volume.size, [WIDTH, HEIGHT, 1]);
            checked++;
          }
  assert.equal(checked, 8 * 8 * 2 * 4);
});

test("64-bit integers are narrowed", async () => {
  const made = small({ 256: [3, [2]], 257: [3, [1]], 258: [3, [64]], 278: [3, [1]], 339: [3, [2]] });
  const parts = [new Uint8Array(BigInt64Array.of(-5n, 7n).buffer)];
  const { volume } = await read(pagesOf({ ...made, parts }));
  assert.deepEqual(volume.data, Int32Array.of(-5, 7));
});

test("LZW with its widest codes, a table begun anew and one that is full", async () => {
  const random = new RandomStream(5, "tiff.lzw");
  const data = Uint8Array.from(
    { length: 300 * 200 },
    (_, i) => random.integer(9, i) * random.integer(9, i + 1e6),
  );
  for (const clearAt of [4094, 600]) {
    const fields = {
      ...small().fields,
      256: [3, [300]],
      257: [3, [200]],
      258: [3, [8]],
      278: [3, [200]],
    } as const;
    const parts = [packLzw(data, clearAt)];
    const made = pagesOf({ parts, fields: { ...fields, 259: [3, [5]], 339: [3, [1]] } });
    assert.deepEqual((await read(made)).volume.data, data);
  }
});

test("pages are slices; smaller copies of them are passed over", async () => {
  const other = Int16Array.from(SMALL, (value) => value + 1);
  const copy = small({ 254: [4, [1]], 256: [3, [3]], 257: [3, [2]] });
  const { volume, warnings } = await read(pagesOf(small(), copy, page(other, { name: "int16" })));
  assert.deepEqual(volume.size, [WIDTH, HEIGHT, 2]);
  assert.deepEqual([...volume.data], [...SMALL, ...other]);
  assert.match(warnings.join(), /1 page is a smaller copy/);
});

test("rows from the bottom are turned, other orientations refused", async () => {
  const { volume } = await read(pagesOf(small({ 274: [3, [4]] })));
  assert.equal(volume.data[0], SMALL[WIDTH * (HEIGHT - 1)]);
  assert.deepEqual([...volume.data.slice(-WIDTH)], [...SMALL.slice(0, WIDTH)]);
  await assert.rejects(read(pagesOf(small({ 274: [3, [6]] }))), /turned or mirrored/);
});

test("spacing by resolution and ImageJ's description; the frame is LPS with the origin at 0", async () => {
  const affine = (x: number, y: number, z: number) => [-x, 0, 0, 0, 0, -y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1];
  const resolution = (unit: number) =>
    ({ 282: [5, [100, 7]], 283: [5, [5, 1]], 296: [3, [unit]] }) satisfies SyntheticPage["fields"];
  const near = (actual: Affine, expected: Affine) =>
    actual.forEach((v, i) => assertClose(v, expected[i]!, { absolute: 1e-12 }));
  const text = (words: string) =>
    ({ 270: [2, `ImageJ=1.54f\n${words}\n`] }) satisfies SyntheticPage["fields"];
  const cases: [SyntheticPage["fields"], number[], RegExp | null][] = [
    [resolution(3), affine(0.7, 2, 1), null],
    [resolution(2), affine(1.778, 5.08, 1), /dots per inch/],
    [resolution(1), affine(1, 1, 1), /how large its pixels are/],
    [{}, affine(1, 1, 1), /how large its pixels are/],
    [{ ...resolution(3), 282: [5, [0, 0]] }, affine(1, 1, 1), /how large its pixels are/],
    [{ ...resolution(1), ...text("unit=mm\nspacing=2.5") }, affine(0.07, 0.2, 2.5), null],
    [{ ...resolution(1), ...text("unit=\\u00B5m\nspacing=-4") }, affine(7e-5, 2e-4, 4e-3), null],
    [{ ...resolution(3), ...text("unit=cm\nspacing=0.3") }, affine(0.7, 2, 3), null],
  ];
  for (const [fields, expected, warning] of cases) {
    const image = await read(pagesOf(small(fields)));
    near(image.volume.affine, expected);
    if (warning) assert.match(image.warnings.join(), warning);
    else assert.deepEqual(image.warnings, []);
  }
  const { warnings } = await read(pagesOf(small(resolution(3)), small()));
  assert.match(warnings.join(), /how far apart its slices are/);
});

test("ImageJ's calibration, its slices without directories, and stacks of more than slices", async () => {
  const text = (words: string) =>
    ({ 270: [2, `ImageJ=1.54f\n${words}\n`] }) satisfies SyntheticPage["fields"];
  const shifted = page(
    Uint16Array.from(SMALL, (v) => v + 32768),
    { name: "uint16" },
  );
  const fields = { ...shifted.fields, ...text("cf=0\nc0=-32768.0\nc1=1.0") };
  const { volume } = await read(pagesOf({ ...shifted, fields }));
  assert.deepEqual(volume.data, SMALL);
  const twice = [bytesOf(Int16Array.of(...SMALL, ...SMALL))];
  const one = {
    ...small({ 278: [3, [HEIGHT]], 279: [4, [2 * SMALL.length]], ...text("images=2") }),
    parts: twice,
  };
  const stack = await read(pagesOf(one));
  assert.deepEqual(stack.volume.size, [WIDTH, HEIGHT, 2]);
  assert.deepEqual([...stack.volume.data], [...SMALL, ...SMALL]);
  const many = { ...one, fields: { ...one.fields, ...text("images=2000000000") } };
  await assert.rejects(read(pagesOf(many)), { code: "input.truncated" });
  for (const words of ["channels=2", "frames=3"])
    await assert.rejects(read(pagesOf(small(text(words)))), { code: "input.4d" });
  const ome = '<?xml version="1.0"?><OME><Image><Pixels SizeC="2" SizeT="1"/></Image></OME>';
  await assert.rejects(read(pagesOf(small({ 270: [2, ome] }))), { code: "input.4d" });
});

test("what cannot be read is named in one sentence", async () => {
  const cases: [SyntheticPage["fields"], string, RegExp][] = [
    [{ 277: [3, [3]], 262: [3, [2]] }, "input.colour", /3 samples a pixel/],
    [{ 277: [3, [2]] }, "input.colour", /2 samples a pixel/],
    [{ 262: [3, [3]] }, "input.colour", /palette/],
    [{ 262: [3, [8]] }, "input.colour", /kind 8/],
    [{ 259: [3, [7]] }, "input.encoding", /compressed by JPEG,/],
    [{ 259: [3, [50000]] }, "input.encoding", /Zstandard/],
    [{ 259: [3, [4]] }, "input.encoding", /Group 4/],
    [{ 259: [3, [9999]] }, "input.encoding", /unknown method 9999/],
    [{ 258: [3, [1]] }, "input.type", /1 bit,/],
    [{ 258: [3, [12]] }, "input.type", /12 bits/],
    [{ 339: [3, [3]] }, "input.type", /floating-point numbers of 16 bits/],
    [{ 339: [3, [6]] }, "input.type", /complex/],
    [{ 259: [3, [5]], 317: [3, [3]] }, "input.encoding", /predictor 3 on int16/],
    [{ 266: [3, [2]] }, "input.encoding", /reverse order/],
    [{ 32997: [3, [4]] }, "input.format", /several slices in one TIFF page/],
  ];
  for (const [fields, code, message] of cases)
    await assert.rejects(read(pagesOf(small(fields))), { code, message });
  await assert.rejects(read(pagesOf(small(), { ...small({ 256: [3, [20]], 278: [3, [5]] }) })), {
    code: "input.size",
    message: /pages of different sizes \(21x18 and 20x18\)/,
  });
  const unsigned = page(numbers("uint16", WIDTH * HEIGHT), { name: "uint16" });
  await assert.rejects(read(pagesOf(small(), unsigned)), /different number types/);
});

test("damaged and truncated files", async () => {
  const whole = pagesOf(small());
  for (let length = 1; length < whole.length; length += 7) {
    if (length >= 4) await assert.rejects(read(whole.slice(0, length)), { code: "input.truncated" });
  }
  const cases: [SyntheticPage["fields"], string][] = [
    [{ 256: [3, [0]] }, "input.size"],
    [{ 278: [3, [0]] }, "input.corrupt"],
    [{ 273: [4, [8, 8]] }, "input.corrupt"],
    [{ 273: [4, [0, 8, 8, 8]] }, "input.corrupt"],
    [{ 273: [4, [1e9, 8, 8, 8]] }, "input.truncated"],
    [{ 279: [4, [210, 0, 210, 126]] }, "input.corrupt"],
    [{ 259: [3, [8]] }, "input.corrupt"],
    [{ 259: [3, [5]] }, "input.corrupt"],
    [{ 322: [4, [2 ** 20]], 323: [4, [2 ** 20]] }, "input.corrupt"],
  ];
  for (const [fields, code] of cases) await assert.rejects(read(pagesOf(small(fields))), { code });
  // A wrong checksum, a stream that ends early, and one that gives too little.
  const packed = page(SMALL, { name: "int16", compression: 8 });
  const change = (edit: (part: Uint8Array) => Uint8Array) =>
    read(pagesOf({ ...packed, parts: packed.parts.map((part) => edit(Uint8Array.from(part))) }));
  const wrong = (part: Uint8Array) => part.map((byte, i) => (i === part.length - 1 ? byte ^ 1 : byte));
  await assert.rejects(change(wrong), { code: "input.corrupt", message: /checksum/ });
  await assert.rejects(
    change((part) => part.slice(0, part.length - 30)),
    { code: /input\.(truncated|corrupt)/ },
  );
  const little = () => new Uint8Array(deflateSync(new Uint8Array(10)));
  await assert.rejects(change(little), { code: "input.truncated" });
  const circle = Uint8Array.from(whole);
  circle.set(circle.subarray(4, 8), circle.length - 4);
  await assert.rejects(read(circle), { code: "input.corrupt", message: /circle/ });
  await assert.rejects(read(Uint8Array.of(0x49, 0x49, 42, 0, 0, 0, 0, 0)), { code: "input.corrupt" });
});

test("absurd claims are refused before memory is taken", async () => {
  const before = process.memoryUsage().arrayBuffers;
  const part = new Uint8Array(deflateSync(new Uint8Array(1000)));
  const huge = { 256: [4, [46000]], 257: [4, [46000]], 278: [4, [46000]] } satisfies SyntheticPage["fields"];
  for (const compression of [1, 5, 8, 32773]) {
    const made = { ...small({ ...huge, 259: [3, [compression]] }), parts: [part] };
    await assert.rejects(read(pagesOf(made)), { code: "input.truncated" });
  }
  // Many pages that share one strip: more bytes than the file has.
  const big = new Uint8Array(deflateSync(new Uint8Array(2 * 1000 * 1000)));
  const fields = { 256: [4, [1000]], 257: [4, [1000]], 278: [4, [1000]], 259: [3, [8]] } as const;
  const shared = { ...small({ ...fields, 273: [4, [8]], 279: [4, [big.length]] }), parts: [] };
  const pages = [{ ...small(fields), parts: [big] }, ...new Array(60).fill(shared)];
  await assert.rejects(read(syntheticTiff({ pages })), {
    code: "input.truncated",
    message: /more bytes than it has/,
  });
  const taken = process.memoryUsage().arrayBuffers - before;
  assert.ok(taken < 20e6, `${taken} bytes`);
});

const LPS: Affine = [-0.7, 0, 0, 0, 0, -0.75, 0, 0, 0, 0, 2.5, 0, 0, 0, 0, 1];
const plain = { modality: null, unit: null };

test("what is written comes back, volumes and label maps", async () => {
  for (const name of NAMES)
    for (const slices of [1, 3]) {
      const data = numbers(name, 5 * 3 * slices);
      const volume = { size: [5, 3, slices] as const, affine: LPS, data, ...plain };
      const bytes = await fileBytes(encodeImage("a.tif", volume)[0]!);
      const back = await read(bytes);
      assert.deepEqual(back.volume.data, data);
      back.volume.affine.forEach((v, i) => assertClose(v, LPS[i]!, { absolute: 1e-12 }));
      assert.deepEqual(back.warnings, []);
    }
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i >> 7) % 3);
  const labels = { size: [32, 32, 3] as const, affine: LPS, data, labels: [] };
  const bytes = await fileBytes(encodeImage("a.tiff", labels)[0]!);
  assert.ok(bytes.length < 1500);
  assert.deepEqual((await read(bytes, "a.tiff")).volume.data, data);
});

test("axes are put in TIFF's order, so that left stays left; what is lost is said", async () => {
  const data = Int16Array.of(1, 2, 3, 4);
  const affine = [2, 0, 0, 10, 0, 0, 3, 20, 0, 1, 0, 30, 0, 0, 0, 1];
  const volume = { size: [2, 2, 1] as const, affine, data, ...plain };
  const back = (await read(await fileBytes(encodeImage("a.tif", volume)[0]!))).volume;
  // x runs to the right and y to the head: x is turned, y becomes the slices.
  assert.deepEqual(back.size, [2, 1, 2]);
  assert.deepEqual([...back.data], [2, 1, 4, 3]);
  back.affine.forEach((v, i) =>
    assertClose(v, [-2, 0, 0, 0, 0, -3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1][i]!, { absolute: 1e-12 }),
  );
  assert.match(tiffLoss(volume)!, /but not its place in the world/);
  const c = Math.SQRT1_2;
  assert.match(tiffLoss({ affine: [c, -c, 0, 0, c, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] })!, /oblique angle/);
  assert.equal(tiffLoss({ affine: LPS }), null);
});

test("colours and more than 4 GB are not written", () => {
  const colour = { size: [1, 1, 1] as const, affine: LPS, channels: 3, data: new Uint8Array(3) };
  assert.throws(() => encodeImage("a.tif", colour), { code: "input.colour" });
  checkTiffSize("a.tif", 4.29e9, 1000);
  assert.throws(() => checkTiffSize("a.tif", 4.2949e9, 1000), {
    code: "input.size",
    message: /4 GB at most/,
  });
});

test("resolutions are the nearest fractions", () => {
  assert.deepEqual(fraction(10 / 0.7), [100, 7]);
  assert.deepEqual(fraction(2), [2, 1]);
  for (const value of [Math.PI, 1e-3 / 3, 12345.678]) {
    const [n, d] = fraction(value);
    assertClose(n / d, value, { relative: 1e-14 });
  }
  assert.deepEqual(fraction(1e-12), [1, 2 ** 32 - 1]);
  assert.deepEqual(fraction(1e12), [2 ** 32 - 1, 1]);
});
