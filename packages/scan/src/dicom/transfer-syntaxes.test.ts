/** Every transfer syntax of the shared data: lossless ones give the same pixels, lossy ones nearly. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { testWithShared } from "@viscera/core/testing";
import { type DicomResult, readDicom } from "./index.js";
import { concat, ctSlice, encapsulate, writeDicom } from "./testing/synthetic.js";

const SYNTAXES = "data/dicom/transfer-syntaxes";

function readFiles(...paths: string[]): Promise<DicomResult> {
  return readDicom(paths.map((path) => ({ name: basename(path), read: () => readFile(path) })));
}

function readBytes(...files: Uint8Array[]): Promise<DicomResult> {
  return readDicom(files.map((bytes, i) => ({ name: `${i}.dcm`, read: async () => bytes })));
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): { mean: number; most: number } {
  assert.equal(a.length, b.length);
  let sum = 0;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    sum += d;
    most = Math.max(most, d);
  }
  return { mean: sum / a.length, most };
}

/** Largest mean difference in HU of the lossy ones; 8-bit JPEG has steps of 32 HU. */
const LOSSY: Record<string, number> = { "50": 25, "51": 4, "53": 4, "55": 4, "81": 1.5, "91": 1.5 };

testWithShared(
  "CTImage gives the same values in every transfer syntax",
  [SYNTAXES] as const,
  async ([path]) => {
    const expected = (await readFiles(join(path, "CTImage.dcm"))).volume;
    assert.ok(expected.data instanceof Int16Array);
    assert.equal(expected.unit, "HU");
    const variants = readdirSync(path).filter((name) => name.startsWith("CTImage.dcm_"));
    assert.equal(variants.length, 15);
    for (const name of variants) {
      const { volume } = await readFiles(join(path, name));
      assert.deepEqual(volume.affine, expected.affine, name);
      const { mean, most } = difference(volume.data, expected.data);
      const lossy = LOSSY[/1\.2\.4\.(\d+)\.dcm$/.exec(name)?.[1] ?? ""];
      if (lossy === undefined) assert.equal(most, 0, name);
      else assert.ok(mean > 0 && mean < lossy, `${name}: ${mean}`);
    }
  },
);

testWithShared(
  "sequential, spectral-selection and progressive JPEG of one quantisation agree exactly",
  [SYNTAXES] as const,
  async ([path]) => {
    const read = async (name: string) => (await readFiles(join(path, `CTImage.dcm_${name}.dcm`))).volume.data;
    const sequential = await read("JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51");
    assert.deepEqual(await read("JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53"), sequential);
    assert.deepEqual(await read("JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55"), sequential);
  },
);

testWithShared("the colour pattern comes out alike in every coding", [SYNTAXES] as const, async ([path]) => {
  const expected = await readFiles(join(path, "TestPattern_RGB.dcm"));
  assert.ok(expected.colour);
  const most: Record<string, number> = {
    "JPEG-LS-Lossless": 0,
    "JPEG-Lossless_RGB": 0,
    "JPEG-LS-NearLossless": 1.1,
    Palette: 0.5,
    "JPEG-Baseline_YBRFull": 1,
    "JPEG-Baseline_YBR422": 1,
  };
  for (const [name, limit] of Object.entries(most)) {
    const { colour } = await readFiles(join(path, `TestPattern_${name}.dcm`));
    assert.ok(colour, name);
    const { mean } = difference(colour.data, expected.colour.data);
    assert.ok(mean <= limit, `${name}: ${mean}`);
  }
});

testWithShared(
  "two fragmented JPEG frames without offset table are told apart",
  [
    `${SYNTAXES}/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm`,
    `${SYNTAXES}/pydicom-data/eCT_Supplemental.dcm`,
  ],
  async ([jpeg, plain]) => {
    const lossy = (await readFiles(jpeg)).volume;
    const exact = (await readFiles(plain)).volume;
    assert.deepEqual(lossy.size, [512, 512, 2]);
    assert.deepEqual(lossy.affine, exact.affine);
    // The compressed copy stores each value 1024 higher under the same intercept.
    const shifted = exact.data.map((value) => value + 1024);
    const { mean, most } = difference(lossy.data, shifted);
    assert.ok(mean < 1.5 && most < 20, `${mean} ${most}`);
  },
);

testWithShared("pydicom's samples are read", [`${SYNTAXES}/pydicom-data`] as const, async ([path]) => {
  const expected: Record<string, [string, number, number, boolean]> = {
    "HTJ2KLossless_08_RGB.dcm": ["640,480,1", 24, 254, true],
    "JLSL_16_15_1_1F.dcm": ["128,128,1", -16384, 16383, false],
    "JLSL_RGB_ILV0.dcm": ["256,256,1", 0, 255, true],
    "JPEG-LL.dcm": ["256,1024,1", 0, 278, false],
    "JPGLosslessP14SV1_1s_1f_8b.dcm": ["1024,768,1", 0, 255, false],
    "OBXXXX1A_rle.dcm": ["800,600,1", 0, 255, true],
    "explicit_VR-UN.dcm": ["512,512,1", -1024, 1186, false],
    "vlut_04.dcm": ["512,512,1", 0, 255, false],
  };
  for (const [name, [size, least, most, colour]] of Object.entries(expected)) {
    const result = await readFiles(join(path, name));
    assert.equal(result.volume.size.join(), size, name);
    assert.equal(result.colour !== null, colour, name);
    const data = Array.from(result.volume.data);
    assert.equal(
      data.reduce((a, b) => Math.min(a, b)),
      least,
      name,
    );
    assert.equal(
      data.reduce((a, b) => Math.max(a, b)),
      most,
      name,
    );
  }
});

/** PackBits, as PS3.5 G.3 describes it, in literal runs only. */
function rleSegment(bytes: number[]): number[] {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += 128) {
    const run = bytes.slice(at, at + 128);
    out.push(run.length - 1, ...run);
  }
  if (out.length % 2) out.push(0);
  return out;
}

function rleFrame(segments: number[][]): Uint8Array {
  const header = new DataView(new ArrayBuffer(64));
  header.setUint32(0, segments.length, true);
  let at = 64;
  const packed = segments.map(rleSegment);
  for (const [i, segment] of packed.entries()) {
    header.setUint32(4 + 4 * i, at, true);
    at += segment.length;
  }
  return concat(new Uint8Array(header.buffer), ...packed);
}

const RLE = { transferSyntax: "1.2.840.10008.1.2.5" };

test("RLE frames in 16 bits and in colour are put together from their byte planes", async () => {
  const values = Array.from({ length: 12 }, (_, i) => 300 * i);
  const grey = rleFrame([values.map((v) => v >> 8), values.map((v) => v & 255)]);
  const slice = ctSlice(0, 0, { "7FE00010": ["OB", encapsulate([grey])] });
  const { volume } = await readBytes(writeDicom(slice, RLE));
  assert.deepEqual(
    Array.from(volume.data),
    values.map((v) => v - 1000),
  );

  const channel = (c: number) => Array.from({ length: 12 }, (_, i) => 20 * i + c);
  const { colour } = await readBytes(
    writeDicom(
      ctSlice(0, 0, {
        "00280002": ["US", 3],
        "00280004": ["CS", "RGB"],
        "00280100": ["US", 8],
        "00280101": ["US", 8],
        "00280102": ["US", 7],
        "7FE00010": ["OB", encapsulate([rleFrame([channel(0), channel(1), channel(2)])])],
      }),
      RLE,
    ),
  );
  assert.deepEqual(Array.from(colour!.data.subarray(33)), [220, 221, 222]);
});

test("frames are found by the basic and by the extended offset table", async () => {
  const frame = (first: number) => {
    const values = Array.from({ length: 12 }, (_, i) => first + i);
    return rleFrame([values.map((v) => v >> 8), values.map((v) => v & 255)]);
  };
  const [a, b] = [frame(100), frame(200)];
  // Each frame in two fragments: only a table tells which belong together.
  const fragments = [a.subarray(0, 70), a.subarray(70), b.subarray(0, 66), b.subarray(66)];
  const second = 16 + a.length;
  const enhanced = {
    "00280008": ["IS", "2"] as [string, string],
    "3004000C": ["DS", "0\\3"] as [string, string],
  };
  const basic = ctSlice(0, 0, { ...enhanced, "7FE00010": ["OB", encapsulate(fragments, [0, second])] });
  const offsets = new Uint8Array(new BigUint64Array([0n, BigInt(second)]).buffer);
  const extended = ctSlice(0, 0, {
    ...enhanced,
    "7FE00001": ["OV", offsets],
    "7FE00010": ["OB", encapsulate(fragments)],
  });
  for (const slice of [basic, extended]) {
    const { volume } = await readBytes(writeDicom(slice, RLE));
    assert.deepEqual([volume.size[2], volume.data[0], volume.data[12]], [2, -900, -800]);
    assert.equal(volume.affine[10], 3);
  }
  const neither = ctSlice(0, 0, { ...enhanced, "7FE00010": ["OB", encapsulate(fragments)] });
  await assert.rejects(readBytes(writeDicom(neither, RLE)), { code: "input.dicom-frames" });
});
