import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { IDENTITY, type LabelMap, VisceraError, type Volume } from "@viscera/core";
import { pieces } from "../image/write-image.js";
import { syntheticNifti } from "../testing/synthetic-nifti.js";
import { writingError } from "./file-errors.js";
import { gzip } from "./gzip.js";
import { fileSource, readLabels, readScan, sha256File, writeVolume, writeWhole } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "viscera scan ü "));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
/** A new empty folder. */
function fresh(): string {
  const path = join(folder, String(count++));
  mkdirSync(path);
  return path;
}
const scan = (data: Volume["data"], size: [number, number, number] = [data.length, 1, 1]): Volume => ({
  size,
  affine: IDENTITY,
  data,
  modality: null,
  unit: null,
});
const labelMap = (...values: number[]): LabelMap => ({
  ...scan(Uint8Array.from(values)),
  data: Uint8Array.from(values),
  labels: [],
});
const coded = (code: string, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof VisceraError, String(error));
  assert.equal(error.code, code);
  if (message) assert.match(error.message, message);
  return true;
};

test("volumes come back from every format, through names with spaces and umlauts", async () => {
  for (const name of ["ein Bild ü.nii.gz", "b.nii", "c.nrrd", "d.mha", "e f.mhd"]) {
    const path = join(fresh(), name);
    const data = Int16Array.from({ length: 60 }, (_, i) => i * 31 - 900);
    await writeVolume(path, scan(data, [5, 4, 3]));
    const back = await readScan(path);
    assert.deepEqual(back.volume.data, data);
    const files = readdirSync(dirname(path)).map((file) => readFileSync(join(dirname(path), file)));
    const hashes = files.map((bytes) => createHash("sha256").update(bytes).digest("hex")).sort();
    const [expected] =
      hashes.length === 1 ? hashes : [createHash("sha256").update(hashes.join("\n")).digest("hex")];
    assert.equal(back.sha256, expected, "voxels beside the header count");
    assert.deepEqual([back.warnings, back.colour, back.patient], [[], null, {}]);
  }
});

test("packing in blocks gives one gzip member of the same bytes", async () => {
  const bytes = Uint8Array.from({ length: 3_500_000 }, (_, i) => (i * i) >> 9);
  for (const cut of [bytes, bytes.subarray(0, 5), bytes.subarray(0, 0), bytes.subarray(0, 1 << 20)]) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of gzip(pieces([cut]))) chunks.push(chunk);
    assert.ok(gunzipSync(Buffer.concat(chunks)).equals(cut));
  }
});

test("missing files, folders in place of files, empty files, links to themselves", async () => {
  const place = fresh();
  await assert.rejects(readScan(join(place, "gone.nii")), coded("input.not-found", /no file or folder/));
  await assert.rejects(readLabels(join(place, "gone.nii")), coded("input.not-found"));
  await assert.rejects(sha256File(join(place, "gone")), coded("input.not-found"));
  await assert.rejects(readScan(place), coded("input.no-dicom", /holds no DICOM/));
  await assert.rejects(readLabels(place), coded("input.no-masks"));
  await assert.rejects(fileSource(place), coded("input.folder"));
  writeFileSync(join(place, "empty.nii.gz"), "");
  await assert.rejects(readScan(join(place, "empty.nii.gz")), coded("input.empty"));
  symlinkSync("loop", join(place, "loop"));
  await assert.rejects(readScan(join(place, "loop")), coded("input.not-found"));
  symlinkSync(place, join(place, "inner"));
  await assert.rejects(readScan(place), coded("input.no-dicom"));
});

test("a header does not lead out of its folder", async () => {
  const place = fresh();
  const inner = join(place, "inner");
  mkdirSync(inner);
  writeFileSync(join(place, "secret.raw"), "1234");
  const header =
    "ObjectType = Image\nNDims = 3\nDimSize = 4 1 1\nElementType = MET_UCHAR\nElementDataFile = ";
  for (const name of ["../secret.raw", join(place, "secret.raw")]) {
    writeFileSync(join(inner, "x.mhd"), `${header}${name}\n`);
    await assert.rejects(readScan(join(inner, "x.mhd")), coded("input.not-found"));
  }
  writeFileSync(join(place, "x.mhd"), `${header}secret.raw\n`);
  assert.equal((await readScan(join(place, "x.mhd"))).volume.data[0], 49);
});

test("files appear whole or not at all", async () => {
  const place = fresh();
  const path = join(place, "out.bin");
  await writeWhole(path, Uint8Array.of(1, 2));
  async function* failing() {
    yield Uint8Array.of(9);
    throw new Error("broke off");
  }
  await assert.rejects(writeWhole(path, failing()), coded("failed.write", /broke off/));
  assert.deepEqual([...readFileSync(path)], [1, 2]);
  assert.deepEqual(readdirSync(place), ["out.bin"]);
  await assert.rejects(writeWhole(place, Uint8Array.of(1)), coded("usage.folder"));
  await assert.rejects(writeWhole(join(place, "no", "x"), Uint8Array.of(1)), coded("usage.no-folder"));
  await assert.rejects(writeWhole(join(place, "x".repeat(300)), Uint8Array.of(1)), coded("usage.name"));
  await assert.rejects(writeWhole("/dev/null", Uint8Array.of(1)), coded("usage.device"));
  assert.ok(existsSync("/dev/null"));
  symlinkSync("out.bin", join(place, "link"));
  await writeWhole(join(place, "link"), Uint8Array.of(3));
  assert.deepEqual([...readFileSync(path)], [3]);
  for (const [system, code] of [
    ["ENOSPC", "failed.disk-full"],
    ["EACCES", "failed.permission"],
    ["EROFS", "failed.permission"],
  ] as const) {
    assert.equal(writingError(Object.assign(new Error(system), { code: system }), "x").code, code);
  }
});

test("a full disk leaves nothing behind", {
  skip: !existsSync("/dev/full") && "no /dev/full here",
}, async () => {
  const { open } = await import("node:fs/promises");
  const full = await open("/dev/full", "w");
  const error = await full.write(Uint8Array.of(1)).catch((e) => e);
  await full.close();
  assert.equal(writingError(error, "x").message, "The disk is full: x could not be written.");
});

test("no permission to write or read", {
  skip: process.getuid?.() === 0 && "root may do everything",
}, async () => {
  const place = fresh();
  const path = join(place, "x.nii");
  await writeVolume(path, scan(Int16Array.of(1)));
  chmodSync(path, 0);
  await assert.rejects(readScan(path), coded("input.permission"));
  chmodSync(place, 0o500);
  await assert.rejects(writeVolume(join(place, "y.nii"), scan(Int16Array.of(1))), coded("failed.permission"));
  chmodSync(place, 0o700);
});

test("labels are narrowed, and values that are none are refused by name", async () => {
  const place = fresh();
  const path = join(place, "l.nii");
  for (const [values, array] of [
    [[0, 255], "Uint8Array"],
    [[0, 256], "Uint16Array"],
    [[0, 70000], "Uint32Array"],
  ] as const) {
    await writeVolume(path, scan(Float32Array.from(values)));
    const { data, names, namesFrom, sha256 } = await readLabels(path);
    assert.equal(data.constructor.name, array);
    assert.deepEqual([[...data], names, namesFrom, sha256.length], [[...values], [], null, 64]);
  }
  for (const [value, message] of [
    [0.5, /value 0.5/],
    [-2, /value -2/],
    [Number.NaN, /value NaN/],
  ] as const) {
    await writeVolume(path, scan(Float32Array.of(1, value)));
    await assert.rejects(readLabels(path), coded("input.labels", message));
  }
  await writeVolume(path, scan(Float32Array.of(0, 0)));
  await assert.rejects(readLabels(path), coded("input.empty-labels"));
  writeFileSync(path, syntheticNifti({ dim: [1, 1], datatype: 128, width: 1, values: [1, 2, 3] }));
  await assert.rejects(readLabels(path), coded("input.colour"));
});

test("names are looked for in the file, then beside it", async () => {
  const place = fresh();
  const path = join(place, "l.nii.gz");
  const named = {
    ...labelMap(0, 1),
    labels: [{ id: 1, name: "in_file", snomed: null, color: "#000000", source: "" }],
  };
  const found = async () => {
    const { names, namesFrom } = await readLabels(path);
    return [names[0]?.name, namesFrom];
  };
  await writeVolume(path, labelMap(0, 1));
  assert.deepEqual(await found(), [undefined, null]);
  writeFileSync(join(place, "dataset.json"), '{"labels":{"background":0,"dataset":1}}');
  assert.deepEqual(await found(), ["dataset", "dataset.json"]);
  writeFileSync(join(place, "labels.json"), '{"schema":1,"labels":[{"id":1,"name":"table"}]}');
  assert.deepEqual(await found(), ["table", "labels.json"]);
  writeFileSync(join(place, "l.tsv"), "id\tname\n1\tbeside\n");
  assert.deepEqual(await found(), ["beside", "l.tsv"]);
  writeFileSync(join(place, "l.json"), '{"EchoTime": 0.03, "SeriesNumber": 5, "Modality": "MR"}');
  assert.deepEqual(await found(), ["beside", "l.tsv"]);
  assert.match((await readLabels(path)).warnings.join(), /\.json file beside the labels/);
  await writeVolume(path, named);
  assert.deepEqual(await found(), ["in_file", "l.nii.gz"]);
});

test("a folder of masks becomes one label image; the later mask wins, with a warning", async () => {
  const place = fresh();
  await writeVolume(join(place, "b_liver.nii.gz"), labelMap(0, 1, 1, 0));
  await writeVolume(join(place, "a_body.nii.gz"), labelMap(1, 1, 0, 0));
  await writeVolume(join(place, "c_empty.nrrd"), labelMap(0, 0, 0, 0));
  writeFileSync(join(place, "statistics.json"), "{}");
  const { data, names, warnings, namesFrom, sha256 } = await readLabels(place);
  assert.deepEqual([...data], [1, 2, 2, 0]);
  assert.deepEqual(names, [
    { id: 1, name: "a_body" },
    { id: 2, name: "b_liver" },
    { id: 3, name: "c_empty" },
  ]);
  assert.deepEqual(warnings, ["1 voxels of a_body also belong to a later mask, which took them."]);
  assert.deepEqual([namesFrom, sha256.length], ["file names", 64]);
  await writeVolume(join(place, "d.nii"), labelMap(0, 1, 2, 0));
  await assert.rejects(readLabels(place), coded("input.mask-values", /d.nii holds several/));
  await writeVolume(join(place, "d.nii"), labelMap(0, 0));
  await assert.rejects(readLabels(place), coded("input.mask-grid", /a_body.nii.gz and d.nii/));
});

test("progress is told and reading can be cancelled", async () => {
  const path = join(fresh(), "x.nii.gz");
  await writeVolume(path, scan(new Int16Array(6_000_000), [300, 200, 100]));
  const seen: number[] = [];
  await readScan(path, { onProgress: ({ done, total }) => seen.push(done / total) });
  assert.ok(seen.length > 1 && seen.at(-1) === 1);
  const stop = new AbortController();
  const reading = readScan(path, { signal: stop.signal, onProgress: () => stop.abort() });
  await assert.rejects(reading, coded("cancelled"));
});

test("a gzipped file of several members and one with garbage after it", async () => {
  const place = fresh();
  const bytes = syntheticNifti({ dim: [1, 3], datatype: 2, width: 1, values: [4, 5, 6] });
  const path = join(place, "x.nii.gz");
  writeFileSync(path, Buffer.concat([gzipSync(bytes.subarray(0, 100)), gzipSync(bytes.subarray(100))]));
  assert.deepEqual([...(await readScan(path)).volume.data], [4, 5, 6]);
  writeFileSync(path, Buffer.concat([gzipSync(bytes), Buffer.from("garbage")]));
  const { volume, warnings } = await readScan(path);
  assert.deepEqual([...volume.data], [4, 5, 6]);
  assert.match(warnings.join(), /after its compressed data/);
});
