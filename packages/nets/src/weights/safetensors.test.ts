import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import {
  floatTensor,
  floatToHalf,
  halfToFloat,
  readSafetensors,
  safetensorsMetadata,
  type Weights,
  writeSafetensors,
} from "@viscera/nets";

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === "input.safetensors" && pattern.test(error.message);

test("half precision: every pattern comes back, the nearest is taken, ties go to even", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfToFloat(bits);
    if (Number.isNaN(value)) assert.ok(Number.isNaN(halfToFloat(floatToHalf(value))));
    else assert.equal(floatToHalf(value), bits, String(value));
    if ((bits & 0x7fff) >= 0x7bff) continue;
    // Half way to the next pattern, and a little to both sides.
    const next = halfToFloat(bits + 1);
    const middle = (value + next) / 2;
    assert.equal(floatToHalf(middle), bits % 2 === 0 ? bits : bits + 1);
    const step = Math.abs(next - value) / 64;
    assert.equal(floatToHalf(middle - Math.sign(next - value) * step), bits);
    assert.equal(floatToHalf(middle + Math.sign(next - value) * step), bits + 1);
  }
  assert.equal(floatToHalf(65519.99), 0x7bff);
  assert.equal(floatToHalf(65520), 0x7c00);
  assert.equal(floatToHalf(-1e30), 0xfc00);
});

test("tensors come back as they were written, also out of alignment, with metadata", () => {
  const weights: Weights = new Map([
    ["flag", { type: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) }],
    ["w", floatTensor(Float32Array.of(1, -2, 3.25, 1e-8), [2, 2])],
    ["__proto__", { type: "int64", dims: [], data: BigInt64Array.of(-(2n ** 60n)) }],
    ["empty", floatTensor(new Float32Array(0), [0, 3])],
    ["d", { type: "float64", dims: [1], data: Float64Array.of(Math.PI) }],
  ]);
  const bytes = writeSafetensors(weights, { metadata: { licence: "CC BY-SA 4.0 ü" } });
  assert.equal(new DataView(bytes.buffer).getUint32(0, true) % 8, 0);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  for (const file of [bytes, shifted.subarray(3)]) {
    const read = readSafetensors(file);
    assert.equal(read.size, weights.size);
    for (const [name, tensor] of weights) assert.deepEqual(read.get(name), tensor, name);
    assert.deepEqual(safetensorsMetadata(file), { licence: "CC BY-SA 4.0 ü" });
  }
  const small = writeSafetensors(weights, { float16: true });
  const halves = readSafetensors(small);
  assert.deepEqual(halves.get("w"), floatTensor(Float32Array.of(1, -2, 3.25, 0), [2, 2]));
  assert.equal(halves.get("flag")!.type, "bool");
  assert.deepEqual(halves.get("__proto__"), weights.get("__proto__"));
  assert.ok(small.length < bytes.length);
  const huge: Weights = new Map([["w", floatTensor(Float32Array.of(7e4), [1])]]);
  assert.throws(() => writeSafetensors(huge, { float16: true }), /beyond half precision/);
});

/** A file whose header is `header` over `length` bytes of tensors. */
function file(header: unknown, length: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

test("headers that lie are refused", () => {
  const entry = (shape: unknown, offsets: unknown, dtype: unknown = "F32") => ({
    dtype,
    shape,
    data_offsets: offsets,
  });
  const good = file({ a: entry([2], [0, 8]), b: entry([1], [8, 12]) }, 12);
  assert.equal(readSafetensors(good).size, 2);
  for (const [bytes, why] of [
    [file({ a: entry([2], [0, 8]), b: entry([2], [4, 12]) }, 12), /overlaps/],
    [file({ a: entry([2], [0, 8]), b: entry([2], [0, 8]) }, 8), /overlaps/],
    [file({ a: entry([1], [0, 4]), b: entry([1], [8, 12]) }, 12), /gap/],
    [file({ a: entry([2], [0, 8]) }, 12), /12 bytes of tensors where its header says 8/],
    [file({ a: entry([2], [0, 8]) }, 4), /4 bytes/],
    [file({ a: entry([3], [0, 8]) }, 8), /another length/],
    [file({ a: entry([2 ** 40, 2 ** 40], [0, 8]) }, 8), /another length/],
    [file({ a: entry([-1], [0, -4]) }, 0), /shape/],
    [file({ a: entry([1.5], [0, 6]) }, 6), /shape/],
    [file({ a: entry([0], [8, 8]) }, 0), /gap/],
    [file({ a: entry("2", [0, 8]) }, 8), /shape/],
    [file({ a: entry([2], [0, 2], "F8_E4M3") }, 2), /F8_E4M3/],
    [file({ a: entry([2], [0, 2], "constructor") }, 2), /constructor/],
    [file({ a: null }, 0), /not described/],
    [file({ __metadata__: { a: 1 } }, 0), /metadata/],
    [file([], 0), /no table/],
    [file("{", 0), /no JSON/],
    [file("\xff", 0).fill(0xff, 8), /no JSON/],
    [new Uint8Array(5), /first number/],
    [new Uint8Array(16).fill(255), /claims more/],
  ] as const) {
    assert.throws(() => readSafetensors(bytes, "w.safetensors"), refused(why));
  }
  for (let length = 0; length < good.length; length++) {
    assert.throws(() => readSafetensors(good.subarray(0, length)), refused(/./));
  }
});

testWithShared(
  "another writer's tensors come back from a file written here",
  ["cases/nets/monai-unet/mini.init.safetensors"],
  async ([path]) => {
    const bytes = await readFile(path);
    const weights = readSafetensors(bytes);
    assert.deepEqual(readSafetensors(writeSafetensors(weights)), weights);
  },
);
