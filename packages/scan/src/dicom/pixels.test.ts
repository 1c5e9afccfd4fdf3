/** Sample formats: widths, signs, masks, byte orders, colour, rescale; and what headers look like. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "fflate";
import { looksLikeDicom, readDicom } from "./index.js";
import {
  concat,
  ctSlice,
  type Elements,
  encapsulate,
  type WriteOptions,
  writeDicom,
} from "./testing/synthetic.js";

function read(bytes: Uint8Array) {
  return readDicom([{ name: "a.dcm", read: async () => bytes }]);
}

async function values(changes: Elements, options: WriteOptions = {}): Promise<number[]> {
  const { volume } = await read(writeDicom(ctSlice(0, 0, changes), options));
  return Array.from(volume.data);
}

const NO_RESCALE: Elements = { "00281052": ["DS", "0"] };
const PLAIN = Array.from({ length: 12 }, (_, i) => 10 * (i % 4) + Math.floor(i / 4) - 1000);

function bits(allocated: number, stored: number, high: number, signed: number): Elements {
  return {
    "00280100": ["US", allocated],
    "00280101": ["US", stored],
    "00280102": ["US", high],
    "00280103": ["US", signed],
  };
}

test("the same slice in every native encoding", async () => {
  for (const transferSyntax of ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
    for (const undefinedLengths of [false, true])
      assert.deepEqual(await values({}, { transferSyntax, undefinedLengths }), PLAIN, transferSyntax);
  // Without preamble and file meta information the encoding is found from the first element.
  for (const transferSyntax of ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
    assert.deepEqual(await values({}, { transferSyntax, preamble: false }), PLAIN, transferSyntax);
  const plain = writeDicom(ctSlice(0, 0), { preamble: false });
  const head = writeDicom({}, { transferSyntax: "1.2.840.10008.1.2.1.99" });
  const { volume } = await read(concat(head, deflateSync(plain)));
  assert.deepEqual(Array.from(volume.data), PLAIN);
});

test("stored bits are cut out of their words and signs extended", async () => {
  const signed = [-5, 7, 0, 2047, -2048, 1, 2, 3, 4, 5, 6, 7];
  const overlay = 0xf000;
  assert.deepEqual(
    await values({ ...NO_RESCALE, ...bits(16, 12, 11, 1), "7FE00010": ["OW", signed.map((v) => v & 0xfff)] }),
    signed,
  );
  assert.deepEqual(
    await values({
      ...NO_RESCALE,
      ...bits(16, 12, 11, 0),
      "7FE00010": ["OW", signed.map((v) => (v & 0xfff) | overlay)],
    }),
    signed.map((v) => v & 0xfff),
  );
  // High bit 15: the samples sit in the upper twelve bits.
  assert.deepEqual(
    await values({
      ...NO_RESCALE,
      ...bits(16, 12, 15, 1),
      "7FE00010": ["OW", signed.map((v) => (v << 4) | 9)],
    }),
    signed,
  );
});

test("8, 32 and 1 bits, float and double samples", async () => {
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
  assert.deepEqual(await values({ ...NO_RESCALE, ...bits(8, 8, 7, 0), "7FE00010": ["OB", bytes] }), [
    ...bytes,
  ]);
  const big = Array.from({ length: 12 }, (_, i) => (i - 6) * 1e8);
  const wide = new Uint8Array(Int32Array.from(big).buffer);
  const { volume } = await read(
    writeDicom(ctSlice(0, 0, { ...NO_RESCALE, ...bits(32, 32, 31, 1), "7FE00010": ["OW", wide] })),
  );
  assert.ok(volume.data instanceof Int32Array);
  assert.deepEqual(Array.from(volume.data), big);
  assert.deepEqual(
    await values({
      ...NO_RESCALE,
      ...bits(1, 1, 0, 0),
      "7FE00010": ["OB", Uint8Array.of(0b10100101, 0b1100)],
    }),
    [1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1],
  );
  const fractions = Array.from({ length: 12 }, (_, i) => i / 8);
  const { "7FE00010": _, ...rest } = ctSlice(0, 0, NO_RESCALE);
  for (const [tag, vr, array] of [
    ["7FE00008", "OF", Float32Array.from(fractions)],
    ["7FE00009", "OD", Float64Array.from(fractions)],
  ] as const) {
    const { volume } = await read(writeDicom({ ...rest, [tag]: [vr, new Uint8Array(array.buffer)] }));
    assert.ok(volume.data instanceof Float32Array);
    assert.deepEqual(Array.from(volume.data), fractions);
  }
});

test("values beyond 16 bits widen the volume; fractions of a slope make it Float32", async () => {
  const pixels = Array.from({ length: 12 }, (_, i) => (i === 11 ? 65535 : i));
  const { volume } = await read(writeDicom(ctSlice(0, 0, { ...NO_RESCALE, "7FE00010": ["OW", pixels] })));
  assert.ok(volume.data instanceof Int32Array);
  assert.equal(volume.data[11], 65535);
  const half = await read(writeDicom(ctSlice(0, 0, { "00281053": ["DS", "0.5"] })));
  assert.ok(half.volume.data instanceof Float32Array);
  assert.equal(half.volume.data[1], -995);
});

test("rescale belongs to each slice, and a modality lookup table replaces it", async () => {
  const slices = [ctSlice(0, 0), ctSlice(1, 2, { "00281053": ["DS", "2"], "00281052": ["DS", "-50"] })];
  const { volume } = await readDicom(
    slices.map((slice, i) => ({ name: `${i}`, read: async () => writeDicom(slice) })),
  );
  assert.deepEqual([volume.data[0], volume.data[13]], [-1000, 2 * 110 - 50]);
  const table = Array.from({ length: 30 }, (_, i) => 1000 - 7 * i);
  const lut: Elements = {
    "00283000": [
      "SQ",
      [{ "00283002": ["US", [30, 2, 16]], "00283004": ["LO", "HU"], "00283006": ["OW", table] }],
    ],
  };
  const stored = PLAIN.map((value) => value + 1000);
  const expected = stored.map((value) => table[Math.min(29, Math.max(0, value - 2))]);
  assert.deepEqual(await values(lut), expected);
  assert.deepEqual(await values(lut, { undefinedLengths: true }), expected);
});

const COLOUR: Elements = { "00280002": ["US", 3], "00280004": ["CS", "RGB"], ...bits(8, 8, 7, 0) };

test("colour by pixel, by plane, as YCbCr and through palettes", async () => {
  const rgb = Uint8Array.from({ length: 36 }, (_, i) => (i * 37) % 256);
  const colourOf = async (changes: Elements, options: WriteOptions = {}) => {
    const { colour } = await read(writeDicom(ctSlice(0, 0, { ...COLOUR, ...changes }), options));
    return [...colour!.data];
  };
  assert.deepEqual(await colourOf({ "7FE00010": ["OB", rgb] }), [...rgb]);
  const planes = Uint8Array.from({ length: 36 }, (_, i) => rgb[3 * (i % 12) + Math.floor(i / 12)]!);
  assert.deepEqual(await colourOf({ "00280006": ["US", 1], "7FE00010": ["OB", planes] }), [...rgb]);
  // Big-endian files swap the bytes of OW words, 8-bit samples too.
  const swapped = Uint8Array.from(rgb, (_, i) => rgb[i ^ 1]!);
  assert.deepEqual(
    await colourOf({ "7FE00010": ["OW", swapped] }, { transferSyntax: "1.2.840.10008.1.2.2" }),
    [...rgb],
  );
  // Pure red is Y 76, Cb 85, Cr 255 (PS3.3 C.7.6.3.1.2).
  const red = Uint8Array.from({ length: 36 }, (_, i) => [76, 85, 255][i % 3]!);
  const [r, g, b] = await colourOf({ "00280004": ["CS", "YBR_FULL"], "7FE00010": ["OB", red] });
  assert.ok(r! >= 253 && g! <= 1 && b! <= 1, `${r} ${g} ${b}`);
  const half = Uint8Array.from({ length: 24 }, (_, i) => [76, 76, 85, 255][i % 4]!);
  const pairs = await colourOf({ "00280004": ["CS", "YBR_FULL_422"], "7FE00010": ["OB", half] });
  assert.deepEqual(pairs.slice(33), [r, g, b]);
  const ramp = (c: number) => Array.from({ length: 16 }, (_, i) => (i * 16 + c) * 256);
  const palette = await colourOf({
    "00280002": ["US", 1],
    "00280004": ["CS", "PALETTE COLOR"],
    "00281101": ["US", [16, 0, 16]],
    "00281102": ["US", [16, 0, 16]],
    "00281103": ["US", [16, 0, 16]],
    "00281201": ["OW", ramp(1)],
    "00281202": ["OW", ramp(2)],
    "00281203": ["OW", ramp(3)],
    "7FE00010": ["OB", Uint8Array.from({ length: 12 }, (_, i) => i + 8)],
  });
  assert.deepEqual(palette.slice(0, 6), [129, 130, 131, 145, 146, 147]);
  assert.deepEqual(palette.slice(33), [241, 242, 243], "beyond the palette its last colour");
});

test("colour is marked, with its luminance as the volume", async () => {
  const white = new Uint8Array(36).fill(255);
  const { volume, colour } = await read(writeDicom(ctSlice(0, 0, { ...COLOUR, "7FE00010": ["OB", white] })));
  assert.equal(colour?.channels, 3);
  assert.equal(volume.data[0], 255);
  assert.equal(volume.unit, null);
});

test("enhanced multi-frame: shared and per-frame groups, frames in any order, two echoes", async () => {
  const frame = (z: number, echo: number, intercept: string): Elements => ({
    "00189114": ["SQ", [{ "00189082": ["FD", echo] }]],
    "00209113": ["SQ", [{ "00200032": ["DS", `1\\2\\${z}`] }]],
    "00289145": ["SQ", [{ "00281052": ["DS", intercept], "00281053": ["DS", "1"] }]],
  });
  const elements = (frames: Elements[]): Elements => {
    const {
      "00200032": _p,
      "00200037": _o,
      "00280030": _s,
      "00281052": _i,
      "00281053": _r,
      ...rest
    } = ctSlice(0, 0);
    return {
      ...rest,
      "00280008": ["IS", `${frames.length}`],
      "52009229": [
        "SQ",
        [
          {
            "00209116": ["SQ", [{ "00200037": ["DS", "1\\0\\0\\0\\1\\0"] }]],
            "00289110": ["SQ", [{ "00280030": ["DS", "0.5\\0.75"] }]],
          },
        ],
      ],
      "52009230": ["SQ", frames],
      "7FE00010": ["OW", Array.from({ length: 12 * frames.length }, (_, i) => Math.floor(i / 12))],
    };
  };
  for (const undefinedLengths of [false, true]) {
    const one = writeDicom(elements([frame(4, 1, "100"), frame(0, 1, "200"), frame(2, 1, "300")]), {
      undefinedLengths,
    });
    const { volume } = await read(one);
    assert.deepEqual(
      [...volume.data].filter((_, i) => i % 12 === 0),
      [201, 302, 100],
    );
    assert.deepEqual([volume.affine[10], volume.affine[11], volume.unit], [2, 0, "HU"]);
  }
  const echoes = writeDicom(
    elements([frame(0, 1, "0"), frame(0, 2, "0"), frame(2, 1, "0"), frame(2, 2, "0")]),
  );
  await assert.rejects(read(echoes), /2 volumes of the same place \(echo time 1, echo time 2\)/);
  const second = await readDicom([{ name: "a", read: async () => echoes }], { series: "1.2.3.5#2" });
  assert.deepEqual([second.volume.data[0], second.volume.data[12]], [1, 3]);
});

test("what a codec cannot read and what no codec reads", async () => {
  const jpegLs = { transferSyntax: "1.2.840.10008.1.2.4.80" };
  const broken = ctSlice(0, 0, { "7FE00010": ["OB", encapsulate([Uint8Array.of(1, 2, 3, 0)])] });
  await assert.rejects(read(writeDicom(broken, jpegLs)), { code: "input.dicom-damaged" });
  const video = writeDicom(broken, { transferSyntax: "1.2.840.10008.1.2.4.100" });
  await assert.rejects(read(video), /transfer syntax 1\.2\.840\.10008\.1\.2\.4\.100, which cannot be read/);
});

test("DICOM is told from other files", () => {
  assert.ok(looksLikeDicom(writeDicom(ctSlice(0, 0))));
  assert.ok(looksLikeDicom(writeDicom(ctSlice(0, 0), { preamble: false })));
  assert.ok(!looksLikeDicom(new TextEncoder().encode("a text file, long enough to be looked at closely")));
  assert.ok(!looksLikeDicom(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7)));
  assert.ok(!looksLikeDicom(new Uint8Array(0)));
  assert.ok(!looksLikeDicom(new Uint8Array(400)));
});
