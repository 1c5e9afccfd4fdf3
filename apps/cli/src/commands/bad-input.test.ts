import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { refused, scratch, viscera, writeBlocks } from "./testing.js";

/** Bytes of a NIfTI-1 file of float32 values, with one field or another wrong. */
function nifti(header: {
  size?: number[];
  affine?: number[];
  value?: (i: number) => number;
  type?: [code: number, bits: number, bytes: number];
}): Buffer {
  const { size = [4, 4, 4], affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], type = [16, 32, 256] } = header;
  const bytes = Buffer.alloc(352 + type[2]);
  bytes.writeInt32LE(348, 0);
  bytes.writeInt16LE(size.length, 40);
  for (let i = 0; i < 7; i++) bytes.writeInt16LE(size[i] ?? 1, 42 + 2 * i);
  bytes.writeInt16LE(type[0], 70);
  bytes.writeInt16LE(type[1], 72);
  for (let i = 0; i < 4; i++) bytes.writeFloatLE(1, 76 + 4 * i);
  bytes.writeFloatLE(352, 108);
  bytes.writeInt16LE(1, 254);
  for (const [i, value] of affine.entries()) bytes.writeFloatLE(value, 280 + 4 * i);
  bytes.write("n+1\0", 344, "latin1");
  if (type[0] === 16) for (let i = 0; i < 64; i++) bytes.writeFloatLE(header.value?.(i) ?? i, 352 + 4 * i);
  return bytes;
}

describe("bad input", () => {
  const { at, remove } = scratch();
  before(() => writeBlocks(at("scan.nii.gz"), at("labels.nii.gz")));
  after(remove);
  const put = (name: string, content: Buffer | string) => {
    writeFileSync(at(name), content);
    return at(name);
  };

  test("broken files are refused in a sentence, and nothing is written", () => {
    const packed = readFileSync(at("scan.nii.gz"));
    const flipped = Buffer.from(packed);
    for (let i = 400; i < 500; i++) flipped[i]! ^= 0x5a;
    const files: [name: string, content: Buffer | string, message: RegExp][] = [
      ["empty.nii.gz", "", /is empty/],
      ["cut.nii.gz", packed.subarray(0, packed.length / 2), /ends in the middle/],
      ["cut.nii", gunzipSync(packed).subarray(0, 900), /cut short/],
      ["damaged.nii.gz", flipped, /damaged/],
      ["text.nii.gz", "no image at all\n".repeat(50), /no known image format/],
      ["nan.nii", nifti({ value: () => Number.NaN }), /no voxel with a finite value/],
      ["zero.nii", nifti({ size: [4, 0, 4] }), /no usable size/],
      ["series.nii", nifti({ size: [4, 4, 2, 2] }), /4 dimensions/],
      ["flat.nii", nifti({ affine: [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0] }), /cannot be inverted/],
      ["colour.nii", nifti({ type: [128, 24, 192] }), /colour image/],
      [
        "absent.mhd",
        "ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_SHORT\nElementDataFile = gone.raw\n",
        /no gone\.raw beside it/,
      ],
    ];
    const before = files.map(([name, content]) => put(name, content)).length + 2;
    for (const [name, , message] of files)
      refused(["run", at(name), "--labels", at("labels.nii.gz"), "--out", at("case")], 3, message);
    assert.equal(readdirSync(at()).length, before, "a refused run left something behind");
  });

  test("a header that claims gigabytes is refused without taking them", () => {
    const claims: [name: string, content: Buffer | string][] = [
      ["claim.nii", nifti({ size: [1024, 1024, 512] })],
      ["claim.nii.gz", gzipSync(nifti({ size: [1024, 1024, 512] }))],
      [
        "claim.nrrd",
        "NRRD0004\ntype: short\ndimension: 3\nsizes: 1024 1024 1024\nencoding: raw\nendian: little\n\nabc",
      ],
      [
        "claim.mha",
        "ObjectType = Image\nNDims = 3\nDimSize = 1024 1024 1024\nElementType = MET_SHORT\nElementDataFile = LOCAL\nabc",
      ],
    ];
    const hook = 'process.on("exit",()=>process.stderr.write("\\nrss "+process.resourceUsage().maxRSS))';
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}` };
    for (const [name, content] of claims) {
      const { status, stderr } = viscera(["info", put(name, content)], { env });
      assert.equal(status, 3, stderr);
      assert.match(stderr, /2\.15 GB/);
      assert.ok(Number(/rss (\d+)/.exec(stderr)?.[1]) < 400_000, stderr);
    }
  });

  test("a wrong ending does not matter, and single bad values are mended with a warning", () => {
    const named = put("nifti.nrrd", readFileSync(at("scan.nii.gz")));
    assert.match(viscera(["info", named]).stderr, /NIfTI by its content/);
    const holes = put("holes.nii", nifti({ value: (i) => (i === 3 ? Number.NaN : i === 9 ? -Infinity : i) }));
    const { status, stdout } = viscera(["info", holes, "--json"]);
    assert.equal(status, 0);
    assert.match(JSON.parse(stdout).warnings[0], /2 voxels/);
  });

  test("labels that do not fit are refused or brought to the scan's grid", () => {
    const run = (...labels: string[]) => ["run", at("scan.nii.gz"), "--labels", ...labels, "--out", at("x")];
    refused(run(put("none.nii", nifti({ value: () => 0 }))), 3, /no labelled voxel/);
    refused(run(put("half.nii", nifti({ value: (i) => i / 2 }))), 3, /whole numbers/);
    refused(
      run(put("far.nii", nifti({ affine: [1, 0, 0, 900, 0, 1, 0, 0, 0, 0, 1, 0] }))),
      3,
      /share no space/,
    );
    refused(run(at("absent.nii.gz")), 3, /absent\.nii\.gz/);
    mkdirSync(at("nothing"));
    refused(run(at("nothing")), 3, /no mask images/);
    refused(run(at("labels.nii.gz"), "--label-names", at("absent.tsv")), 3, /absent\.tsv.*does not exist/);
    refused(
      run(at("labels.nii.gz"), "--label-names", put("t.csv", "foo,bar\n1,2\n")),
      3,
      /no column of label ids/,
    );
    const small = put(
      "small.nii",
      nifti({ value: (i) => (i === 0 ? 3 : 9), affine: [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0] }),
    );
    const { status, stdout, stderr } = viscera([
      "organs",
      small,
      "--scan",
      at("scan.nii.gz"),
      "--out",
      at("fitted"),
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /resampled/);
    assert.match(stderr, /The labels have no names/);
    assert.match(stdout, /structure_9/);
  });

  test("ids without a name are numbered, with a warning that counts them", () => {
    const { status, stdout, stderr } = viscera(["organs", at("labels.nii.gz"), "--out", at("numbered")]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /The label 7 has no name: give a table with --label-names/);
    assert.match(stdout, /liver/);
    assert.match(stdout, /structure_7/);
  });

  test("a colour image is converted", () => {
    const colour = put("rgb.nii", nifti({ type: [128, 24, 192] }));
    assert.equal(viscera(["convert", colour, at("rgb.mha")]).status, 0);
    assert.match(viscera(["info", at("rgb.mha")]).stdout, /3 colour channels/);
  });
});
