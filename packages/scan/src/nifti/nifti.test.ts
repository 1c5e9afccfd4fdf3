import assert from "node:assert/strict";
import { test } from "node:test";
import { type Affine, IDENTITY, VisceraError } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { readHeader } from "nifti-reader-js";
import { readImage } from "../image/read-image.js";
import { bytesSource } from "../image/source.js";
import { encodeImage, fileBytes } from "../image/write-image.js";
import {
  headerBytes,
  joined,
  type SyntheticNifti,
  syntheticNifti,
  voxelBytes,
} from "../testing/synthetic-nifti.js";

const SROW = [-2, 0, 0, 10, 0, 3, 0, -20, 0, 0, 4, 30];
const TYPES: [string, number, number, (number | bigint)[], string][] = [
  ["uint8", 2, 1, [0, 1, 255, 3], "Uint8Array"],
  ["int8", 256, 1, [0, -128, 127, 3], "Int8Array"],
  ["int16", 4, 2, [0, -32768, 32767, 3], "Int16Array"],
  ["uint16", 512, 2, [0, 65535, 256, 3], "Uint16Array"],
  ["int32", 8, 4, [0, -2147483648, 2147483647, 3], "Int32Array"],
  ["uint32", 768, 4, [0, 4294967295, 65536, 3], "Uint32Array"],
  ["int64 that fits 32 bits", 1024, 8, [0n, -2147483648n, 2147483647n, 3n], "Int32Array"],
  ["int64 that does not", 1024, 8, [0n, -4294967297n, 9007199254740991n, 3n], "Float64Array"],
  ["uint64 that fits 32 bits", 1280, 8, [0n, 2147483647n, 5n, 3n], "Int32Array"],
  ["uint64 that does not", 1280, 8, [0n, 4294967295n, 9007199254740991n, 3n], "Float64Array"],
  ["float32", 16, 4, [0, -1.5, 34359738368, 3], "Float32Array"],
  ["float64", 64, 8, [0, -1.1, 1e300, 3], "Float64Array"],
];

const read = (bytes: Uint8Array, name = "x.nii") => readImage(bytesSource(name, bytes));

test("every number type, in both versions and byte orders", async () => {
  for (const [name, datatype, width, values, array] of TYPES)
    for (const version of [1, 2] as const)
      for (const littleEndian of [true, false]) {
        const label = `${name}, NIfTI-${version}, ${littleEndian ? "little" : "big"} endian`;
        const spec: SyntheticNifti = { version, littleEndian, dim: [3, 2, 2, 1], datatype, width, values };
        const { volume, colour } = await read(
          syntheticNifti({ ...spec, sformCode: 1, srow: SROW, pixdim: [1, 2, 3, 4] }),
        );
        assert.deepEqual(volume.size, [2, 2, 1], label);
        assert.deepEqual(volume.affine, [...SROW, 0, 0, 0, 1], label);
        assert.equal(volume.data.constructor.name, array, label);
        assert.deepEqual([...volume.data], values.map(Number), label);
        assert.equal(colour, null);
      }
});

test("orientation agrees with nifti-reader-js for sform, qform and left-handed qform", async () => {
  const base: SyntheticNifti = { dim: [3, 1, 2, 2], datatype: 2, width: 1, values: [1, 2, 3, 4] };
  const quaternion = [0.1, -0.3, 0.5, 11, -22, 33];
  const specs: SyntheticNifti[] = [
    { ...base, sformCode: 2, srow: SROW, qformCode: 1, quaternion },
    { ...base, qformCode: 1, quaternion, pixdim: [1, 0.5, 0.75, 2.5] },
    { ...base, qformCode: 1, quaternion, pixdim: [-1, 0.5, 0.75, 2.5] },
    { ...base, qformCode: 1, quaternion: [1, 0, 0, 1, 2, 3], pixdim: [-1, 2, 2, 5] },
  ];
  for (const spec of specs)
    for (const version of [1, 2] as const) {
      const bytes = syntheticNifti({ ...spec, version });
      const theirs = readHeader(bytes.slice().buffer as ArrayBuffer);
      const expected = spec.sformCode ? theirs.affine : theirs.getQformMat();
      const { volume, warnings } = await read(bytes);
      assert.deepEqual(warnings, []);
      expected.flat().forEach((value, i) => {
        assertClose(volume.affine[i]!, value, { absolute: 1e-6 }, `element ${i}`);
      });
    }
});

test("the sform goes before the qform, and the qform stands in for an unusable sform", async () => {
  const spec: SyntheticNifti = {
    dim: [3, 1, 1, 2],
    datatype: 2,
    width: 1,
    values: [1, 2],
    qformCode: 1,
    quaternion: [0, 0, 0, 7, 8, 9],
    pixdim: [1, 2, 2, 2],
  };
  for (const qformCode of [1, 2]) {
    const both = await read(syntheticNifti({ ...spec, sformCode: 1, srow: SROW, qformCode }));
    assert.equal(both.volume.affine[3], 10);
  }
  const long = await read(syntheticNifti({ ...spec, quaternion: [0, 0, 1.0000001, 7, 8, 9] }));
  assert.deepEqual(long.volume.affine.slice(0, 4), [-2, 0, 0, 7]);
  const broken = await read(syntheticNifti({ ...spec, sformCode: 1, srow: new Array(12).fill(0) }));
  assert.deepEqual(broken.volume.affine, [2, 0, 0, 7, 0, 2, 0, 8, 0, 0, 2, 9, 0, 0, 0, 1]);
  assert.match(broken.warnings.join(), /unusable sform/);
  await assert.rejects(
    read(syntheticNifti({ ...spec, qformCode: 0, sformCode: 1, srow: new Array(12).fill(0) })),
    (e) => e instanceof VisceraError && e.code === "input.affine",
  );
});

test("without sform and qform the spacing counts, with a warning", async () => {
  const { volume, warnings } = await read(
    syntheticNifti({ dim: [3, 1, 1, 1], datatype: 2, width: 1, values: [1], pixdim: [1, 2, 3, 4] }),
  );
  assert.deepEqual(volume.affine, [2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1]);
  assert.match(warnings.join(), /left and right may be swapped/);
  const flat = await read(
    syntheticNifti({ dim: [2, 1, 1], datatype: 2, width: 1, values: [1], pixdim: [1, 2, 3, 0] }),
  );
  assert.equal(flat.volume.affine[10], 1);
});

test("metres and micrometres become millimetres", async () => {
  for (const [units, factor] of [
    [1, 1000],
    [3, 0.001],
    [2, 1],
    [0, 1],
  ] as const) {
    const { volume } = await read(
      syntheticNifti({
        dim: [3, 1, 1, 1],
        datatype: 2,
        width: 1,
        values: [1],
        sformCode: 1,
        srow: SROW,
        units: units | 8,
      }),
    );
    SROW.forEach((value, i) => assertClose(volume.affine[i]!, value * factor, { relative: 1e-12 }));
  }
});

test("slope and intercept: none at 0 and NaN, integers stay integers, others become floats", async () => {
  const scaled = async (
    datatype: number,
    width: number,
    slope: number,
    intercept: number,
    values: number[],
  ) =>
    (await read(syntheticNifti({ dim: [1, values.length], datatype, width, values, slope, intercept })))
      .volume.data;
  assert.deepEqual(await scaled(4, 2, 0, 5, [1, 2]), Int16Array.of(1, 2));
  assert.deepEqual(await scaled(4, 2, Number.NaN, Number.NaN, [1, 2]), Int16Array.of(1, 2));
  assert.deepEqual(await scaled(512, 2, 1, -1024, [0, 4095]), Int16Array.of(-1024, 3071));
  assert.deepEqual(await scaled(4, 2, 100, 0, [30000, -1]), Int32Array.of(3000000, -100));
  assert.deepEqual(await scaled(2, 1, 0.5, 1, [1, 255]), Float32Array.of(1.5, 128.5));
  assert.deepEqual(await scaled(8, 4, 0.5, 0, [16777217, 1]), Float64Array.of(8388608.5, 0.5));
  assert.deepEqual(await scaled(16, 4, 2, 1, [1.5, 2]), Float32Array.of(4, 5));
});

test("colour is kept beside its luminance", async () => {
  for (const [datatype, channels] of [
    [128, 3],
    [2304, 4],
  ] as const) {
    const values = Array.from({ length: 2 * channels }, (_, i) => i * 20);
    const { volume, colour } = await read(syntheticNifti({ dim: [3, 2, 1, 1], datatype, width: 1, values }));
    assert.deepEqual(colour, { channels, data: Uint8Array.from(values) });
    assert.equal(volume.data[0], Math.round(0.587 * 20 + 0.114 * 40));
  }
});

test("a trailing dimension of 1 is 3D, a fourth dimension is refused by name", async () => {
  const spec: SyntheticNifti = { dim: [4, 1, 2, 1, 1], datatype: 2, width: 1, values: [1, 2] };
  assert.deepEqual((await read(syntheticNifti(spec))).volume.size, [1, 2, 1]);
  await assert.rejects(
    read(syntheticNifti({ ...spec, dim: [4, 1, 1, 1, 2] })),
    (e) => e instanceof VisceraError && e.code === "input.4d" && e.message.includes("1x1x1x2"),
  );
});

test(".hdr and .img, from either of the two names, big endian", async () => {
  const spec: SyntheticNifti = {
    dim: [3, 3, 1, 1],
    datatype: 4,
    width: 2,
    values: [-5, 300, 7],
    littleEndian: false,
    magic: "ni1",
    sformCode: 1,
    srow: SROW,
  };
  const folder = { "a b.hdr": headerBytes(spec), "a b.img": voxelBytes(spec) };
  for (const name of Object.keys(folder) as (keyof typeof folder)[]) {
    const { volume } = await readImage(bytesSource(name, folder[name], folder));
    assert.deepEqual([...volume.data], [-5, 300, 7]);
  }
  await assert.rejects(
    readImage(bytesSource("a b.hdr", folder["a b.hdr"])),
    (e) => e instanceof VisceraError && e.code === "input.not-found" && e.message.includes("a b.img"),
  );
});

test("label names from an extension of any code and byte order; a damaged extension only warns", async () => {
  const xml =
    '<?xml version="1.0"?><CaretExtension><LabelTable><Label Key="0" Red="0">none</Label>' +
    "<Label Key='5' Red='1' Green='0.5' Blue='0' Alpha='1'><![CDATA[liver & co]]></Label>" +
    '<Label Key="7">left &lt;kidney&gt; &#228;</Label></LabelTable></CaretExtension>';
  const spec: SyntheticNifti = { dim: [3, 1, 1, 1], datatype: 2, width: 1, values: [5] };
  for (const code of [0, 30])
    for (const littleEndian of [true, false]) {
      const bytes = syntheticNifti({
        ...spec,
        littleEndian,
        extensions: [
          { code: 6, content: "a comment" },
          { code, content: xml },
        ],
      });
      const { names, volume } = await read(bytes);
      assert.deepEqual(names, [
        { id: 5, name: "liver & co", color: "#ff8000" },
        { id: 7, name: "left <kidney> ä" },
      ]);
      assert.equal(volume.data[0], 5);
    }
  const bytes = syntheticNifti({ ...spec, extensions: [{ code: 30, content: xml }] });
  new DataView(bytes.buffer).setInt32(352, -16, true);
  const { warnings, volume } = await read(bytes);
  assert.match(warnings.join(), /damaged header extension/);
  assert.equal(volume.data[0], 5);
});

test("what is written is what nifti-reader-js reads, oblique and left-handed included", async () => {
  const c = Math.cos(0.3);
  const s = Math.sin(0.3);
  const affines: Affine[] = [
    IDENTITY,
    [-1.5, 0, 0, 10, 0, -1.5, 0, 20, 0, 0, 3, 30, 0, 0, 0, 1],
    [1.5, 0, 0, 10, 0, -1.5, 0, 20, 0, 0, 3, 30, 0, 0, 0, 1],
    [0, 0, 3, 1, 1.5 * c, -1.5 * s, 0, 2, 1.5 * s, 1.5 * c, 0, 3, 0, 0, 0, 1],
    [1, 0.4, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
  ];
  for (const affine of affines) {
    const [file] = encodeImage("x.nii", {
      size: [2, 3, 1],
      affine,
      data: Int16Array.of(1, 2, 3, 4, 5, -6),
      modality: null,
      unit: null,
    });
    const bytes = await fileBytes(file!);
    const header = readHeader(bytes.buffer);
    header.affine.flat().forEach((v, i) => assertClose(v, affine[i]!, { absolute: 1e-5 }, "sform"));
    if (header.qform_code > 0) {
      header
        .getQformMat()
        .flat()
        .forEach((v, i) => assertClose(v, affine[i]!, { absolute: 1e-5 }, "qform"));
    }
    assert.equal(header.qform_code > 0, affine[1] !== 0.4, "a qform cannot hold shear");
    assert.deepEqual(header.dims.slice(0, 4), [3, 2, 3, 1]);
    assert.equal(header.scl_slope, 1);
  }
});

test("labels are written as unsigned integers without slope, their names in an extension", async () => {
  const labels = [{ id: 300, name: "liver", snomed: null, color: "#b5651d", source: "test" }];
  const [file] = encodeImage("l.nii.gz", {
    size: [2, 1, 1],
    affine: IDENTITY,
    data: Uint16Array.of(0, 300),
    labels,
  });
  const bytes = await fileBytes(file!);
  const image = await read(bytes, "l.nii.gz");
  assert.deepEqual(image.names, [{ id: 300, name: "liver", color: "#b5651d" }]);
  const header = readHeader(bytes.buffer);
  assert.deepEqual([header.datatypeCode, header.scl_slope, header.intent_code], [512, 0, 1002]);
  const bare = encodeImage(
    "l.nii",
    { ...image.volume, labels, data: Uint16Array.of(0, 300) },
    { labelNames: false },
  );
  assert.equal((await fileBytes(bare[0]!)).length, 352 + 4);
});

test("an Analyze header, another type and bytes after the voxels", async () => {
  const spec: SyntheticNifti = { dim: [3, 1, 1, 1], datatype: 2, width: 1, values: [1] };
  const code = (expected: string) => (e: unknown) => e instanceof VisceraError && e.code === expected;
  await assert.rejects(read(syntheticNifti({ ...spec, magic: "\0\0\0" })), code("input.format"));
  await assert.rejects(read(syntheticNifti({ ...spec, datatype: 32 })), code("input.type"));
  const { warnings } = await read(joined(syntheticNifti(spec), new Uint8Array(9)));
  assert.match(warnings.join(), /9 bytes after its voxels/);
});
