/** The own JPEG decoder: all lossless predictors on streams made here, DCT beside libjpeg-turbo. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import loadTurbo from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import { RandomStream } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { parseDicom } from "../elements.js";
import { encapsulatedFrames } from "../encapsulation.js";
import { concat } from "../testing/synthetic.js";
import { decodeJpeg } from "./index.js";

interface LosslessOptions {
  predictor: number;
  precision: number;
  channels: number;
  restartInterval: number;
  pointTransform: number;
}

/** Lossless JPEG by the letter of T.81 annex H, with a flat code: category n is the five bits of n. */
function encodeLossless(
  samples: number[],
  width: number,
  height: number,
  options: LosslessOptions,
): Uint8Array {
  const { predictor, precision, channels, restartInterval, pointTransform } = options;
  const out: number[] = [];
  let buffer = "";
  const flush = () => {
    while (buffer.length % 8) buffer += "1";
    for (let at = 0; at < buffer.length; at += 8) {
      const byte = Number.parseInt(buffer.slice(at, at + 8), 2);
      out.push(byte);
      if (byte === 0xff) out.push(0);
    }
    buffer = "";
  };
  const at = (x: number, y: number, c: number) => samples[(y * width + x) * channels + c]! >> pointTransform;
  let anewAt = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const n = y * width + x;
      if (restartInterval > 0 && n > 0 && n % restartInterval === 0) {
        flush();
        out.push(0xff, 0xd0 + ((n / restartInterval - 1) % 8));
        anewAt = y;
      }
      for (let c = 0; c < channels; c++) {
        const first = n === 0 || (restartInterval > 0 && n % restartInterval === 0);
        let p: number;
        if (first) p = 2 ** (precision - pointTransform - 1);
        else if (y === anewAt) p = at(x - 1, y, c);
        else if (x === 0) p = at(x, y - 1, c);
        else {
          const [ra, rb, rc] = [at(x - 1, y, c), at(x, y - 1, c), at(x - 1, y - 1, c)];
          p = [0, ra, rb, rc, ra + rb - rc, ra + ((rb - rc) >> 1), rb + ((ra - rc) >> 1), (ra + rb) >> 1][
            predictor
          ]!;
        }
        // Differences count modulo 2^16 (H.1.2.1).
        let d = (at(x, y, c) - p) & 0xffff;
        if (d > 32768) d -= 65536;
        const category = d === 0 ? 0 : Math.floor(Math.log2(Math.abs(d))) + 1;
        buffer += category.toString(2).padStart(5, "0");
        if (category > 0 && category < 16)
          buffer += (d > 0 ? d : d + 2 ** category - 1).toString(2).padStart(category, "0");
      }
    }
  flush();
  const u16 = (value: number) => [value >> 8, value & 255];
  const components = Array.from({ length: channels }, (_, c) => [c + 1, 0x11, 0]).flat();
  const counts = [0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  return concat(
    [0xff, 0xd8, 0xff, 0xc4, ...u16(2 + 17 + 17), 0, ...counts, ...Array.from({ length: 17 }, (_, i) => i)],
    restartInterval > 0 ? [0xff, 0xdd, 0, 4, ...u16(restartInterval)] : [],
    [0xff, 0xc3, ...u16(8 + 3 * channels), precision, ...u16(height), ...u16(width), channels, ...components],
    [0xff, 0xda, ...u16(6 + 2 * channels), channels],
    Array.from({ length: channels }, (_, c) => [c + 1, 0]).flat(),
    [predictor, 0, pointTransform],
    out,
    [0xff, 0xd9],
  );
}

test("lossless: every predictor, 2 to 16 bits, grey and colour, with and without restarts", () => {
  const random = new RandomStream(3, "scan.lossless-jpeg");
  let draws = 0;
  const [width, height] = [13, 9];
  for (let predictor = 1; predictor <= 7; predictor++)
    for (const precision of [2, 8, 12, 16])
      for (const channels of [1, 3])
        for (const restartInterval of [0, 2 * width])
          for (const pointTransform of precision > 2 ? [0, 1] : [0]) {
            const samples = Array.from(
              { length: width * height * channels },
              () => (random.integer(2 ** precision, draws++) >> pointTransform) << pointTransform,
            );
            const options = { predictor, precision, channels, restartInterval, pointTransform };
            const image = decodeJpeg(encodeLossless(samples, width, height, options), width, height);
            assert.deepEqual(Array.from(image.samples), samples, JSON.stringify(options));
          }
});

const SYNTAXES = "data/dicom/transfer-syntaxes";

testWithShared(
  "8-bit DCT differs from libjpeg-turbo by rounding only",
  [`${SYNTAXES}/CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm`],
  async ([path]) => {
    const file = parseDicom(await readFile(path), "ct");
    const [bytes] = encapsulatedFrames(file, 1, "ct");
    const own = decodeJpeg(bytes!, 512, 512);
    const decoder = new (await loadTurbo({})).JPEGDecoder();
    decoder.getEncodedBuffer(bytes!.length).set(bytes!);
    decoder.decode();
    const theirs = decoder.getDecodedBuffer();
    assert.equal(own.samples.length, theirs.length);
    let most = 0;
    for (let i = 0; i < theirs.length; i++) most = Math.max(most, Math.abs(theirs[i]! - own.samples[i]!));
    assert.ok(most <= 1, `${most}`);
    decoder.delete();
  },
);

test("what is not supported or damaged is said", () => {
  const good = encodeLossless([1, 2, 3, 4], 2, 2, {
    predictor: 1,
    precision: 8,
    channels: 1,
    restartInterval: 0,
    pointTransform: 0,
  });
  assert.throws(() => decodeJpeg(good, 3, 2), /it is 2x2, the header says 3x2/);
  assert.throws(() => decodeJpeg(good.subarray(0, good.length - 4), 2, 2), /end too early/);
  assert.throws(() => decodeJpeg(good.subarray(0, 20), 2, 2), /cut off/);
  assert.throws(() => decodeJpeg(Uint8Array.of(1, 2, 3, 4, 5), 2, 2), /does not begin like JPEG/);
  const arithmetic = good.map((byte, i) => (byte === 0xc3 && good[i - 1] === 0xff ? 0xc9 : byte));
  assert.throws(() => decodeJpeg(arithmetic, 2, 2), /arithmetic coding/);
});
