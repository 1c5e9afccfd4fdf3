import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { readImage } from "../image/read-image.js";
import { bytesSource } from "../image/source.js";
import { joined } from "../testing/synthetic-nifti.js";

const text = (content: string) => new TextEncoder().encode(content);
const VALUES = [1, -2, 300, 4];
const RAW = new Uint8Array(Int16Array.from(VALUES).buffer);
const header = (extra: Record<string, string> = {}, data = "LOCAL") => {
  const fields: Record<string, string> = {
    ObjectType: "Image",
    NDims: "3",
    BinaryData: "True",
    BinaryDataByteOrderMSB: "False",
    CompressedData: "False",
    TransformMatrix: "0 1 0 0 0 1 1 0 0",
    Offset: "10 20 30",
    ElementSpacing: "1 2 3",
    DimSize: "2 1 2",
    ElementType: "MET_SHORT",
    ...extra,
  };
  const lines = Object.entries(fields).map(([key, value]) => `${key} = ${value}`);
  return text(`${lines.join("\n")}\nElementDataFile = ${data}\n`);
};
const read = (bytes: Uint8Array, folder: Record<string, Uint8Array> = {}, name = "x.mha") =>
  readImage(bytesSource(name, bytes, folder));

test("each axis's direction is a triple of TransformMatrix, in LPS", async () => {
  const { volume } = await read(joined(header(), RAW));
  assert.deepEqual([...volume.data], VALUES);
  // i runs along LPS y (to the back, so RAS -y), j along z, k along LPS x (to the left, RAS -x).
  assert.deepEqual(volume.affine, [0, 0, -3, -10, -1, 0, 0, -20, 0, 2, 0, 30, 0, 0, 0, 1]);
});

test("byte order, compression and text", async () => {
  const swapped = Uint8Array.from(RAW, (_, i) => RAW[i ^ 1]!);
  const files = [
    joined(header({ BinaryDataByteOrderMSB: "True" }), swapped),
    joined(header({ ElementByteOrderMSB: "True" }), swapped),
    joined(header({ CompressedData: "True", CompressedDataSize: "99" }), deflateSync(RAW)),
    joined(header({ BinaryData: "False" }), text("1 -2 300 4\n")),
  ];
  for (const bytes of files) assert.deepEqual([...(await read(bytes)).volume.data], VALUES);
});

test("every element type", async () => {
  const types: [string, Uint8Array, string][] = [
    ["MET_CHAR", new Uint8Array(Int8Array.of(1, -2, 3, 4).buffer), "Int8Array"],
    ["MET_UCHAR", Uint8Array.of(1, 2, 3, 4), "Uint8Array"],
    ["MET_USHORT", new Uint8Array(Uint16Array.of(1, 65535, 3, 4).buffer), "Uint16Array"],
    ["MET_INT", new Uint8Array(Int32Array.of(1, -2, 3, 4).buffer), "Int32Array"],
    ["MET_LONG", new Uint8Array(Int32Array.of(1, -2, 3, 4).buffer), "Int32Array"],
    ["MET_UINT", new Uint8Array(Uint32Array.of(1, 4e9, 3, 4).buffer), "Uint32Array"],
    ["MET_ULONG", new Uint8Array(Uint32Array.of(1, 4e9, 3, 4).buffer), "Uint32Array"],
    ["MET_LONG_LONG", new Uint8Array(BigInt64Array.of(1n, -2n, 3n, 4n).buffer), "Int32Array"],
    ["MET_ULONG_LONG", new Uint8Array(BigUint64Array.of(1n, 2n ** 40n, 3n, 4n).buffer), "Float64Array"],
    ["MET_FLOAT", new Uint8Array(Float32Array.of(1, 0.5, 3, 4).buffer), "Float32Array"],
    ["MET_DOUBLE", new Uint8Array(Float64Array.of(1, 0.1, 3, 4).buffer), "Float64Array"],
  ];
  for (const [type, bytes, array] of types) {
    const { volume } = await read(joined(header({ ElementType: type }), bytes));
    assert.equal(volume.data.constructor.name, array, type);
    assert.deepEqual([volume.data[0], volume.data[3]], [1, 4], type);
  }
});

test("voxels in a file of their own, packed and with a header to skip", async () => {
  const folder = { "v.raw": RAW, "v.zraw": deflateSync(RAW), "h.raw": joined(text("12345"), RAW) };
  const files = [
    header({}, "v.raw"),
    header({ CompressedData: "True" }, "v.zraw"),
    header({ HeaderSize: "5" }, "h.raw"),
    header({ HeaderSize: "-1" }, "h.raw"),
  ];
  for (const bytes of files) assert.deepEqual([...(await read(bytes, folder, "x.mhd")).volume.data], VALUES);
  await assert.rejects(read(header({}, "gone.raw")), { code: "input.not-found" });
  await assert.rejects(read(header({}, "LIST")), { code: "input.format" });
});

test("two dimensions, a fourth of 1, colour, and what is refused", async () => {
  const flat = await read(
    joined(
      header({
        NDims: "2",
        DimSize: "2 2",
        TransformMatrix: "1 0 0 1",
        Offset: "1 2",
        ElementSpacing: "1 2",
      }),
      RAW,
    ),
  );
  assert.deepEqual(flat.volume.affine, [-1, 0, 0, -1, 0, -2, 0, -2, 0, 0, 1, 0, 0, 0, 0, 1]);
  const four = {
    NDims: "4",
    TransformMatrix: "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1",
    Offset: "0 0 0 0",
    ElementSpacing: "1 1 1 1",
  };
  assert.deepEqual((await read(joined(header({ ...four, DimSize: "2 1 2 1" }), RAW))).volume.size, [2, 1, 2]);
  await assert.rejects(read(joined(header({ ...four, DimSize: "2 1 1 2" }), RAW)), { code: "input.4d" });
  const rgb = await read(
    joined(
      header({ DimSize: "1 1 1", ElementNumberOfChannels: "3", ElementType: "MET_UCHAR" }),
      Uint8Array.of(1, 2, 3),
    ),
  );
  assert.equal(rgb.colour?.channels, 3);
  await assert.rejects(read(joined(header({ ElementNumberOfChannels: "2", DimSize: "1 1 2" }), RAW)), {
    code: "input.4d",
  });
  await assert.rejects(read(joined(header({ ElementType: "MET_STRING" }), RAW)), { code: "input.type" });
  await assert.rejects(read(joined(header({ TransformMatrix: "0 0 0 0 0 0 0 0 0" }), RAW)), {
    code: "input.affine",
  });
});
