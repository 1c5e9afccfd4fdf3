import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { IDENTITY, RandomStream, VisceraError } from "@viscera/core";
import { nodeDecompress } from "../node/gzip.js";
import { joined, type SyntheticNifti, syntheticNifti } from "../testing/synthetic-nifti.js";
import { readImage } from "./read-image.js";
import { bytesSource } from "./source.js";
import { finiteVolume } from "./values.js";
import { encodeImage, fileBytes } from "./write-image.js";

const text = (content: string) => new TextEncoder().encode(content);
const read = (bytes: Uint8Array, name = "x.nii") => readImage(bytesSource(name, bytes));
const refused = (bytes: Uint8Array, code: string, message?: RegExp) =>
  assert.rejects(read(bytes), (error) => {
    assert.ok(error instanceof VisceraError, String(error));
    assert.equal(error.code, code);
    if (message) assert.match(error.message, message);
    return true;
  });
const SMALL: SyntheticNifti = {
  dim: [3, 4, 3, 2],
  datatype: 4,
  width: 2,
  values: Array.from({ length: 24 }, (_, i) => i),
  sformCode: 1,
  srow: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
};
const HUGE = { ...SMALL, dim: [3, 1024, 1024, 1024] };
const PLACE = "space: RAS\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)";
const nrrd = (sizes: string, encoding: string) =>
  `NRRD0004\ntype: short\ndimension: 3\nsizes: ${sizes}\nendian: little\n${PLACE}\nencoding: ${encoding}\n\n`;
const mha = (size: string, more = "") =>
  `ObjectType = Image\nNDims = 3\nDimSize = ${size}\nElementType = MET_SHORT\n${more}ElementDataFile = LOCAL\n`;

/** Bytes of array buffers that a job takes at most, sampled whenever it comes to rest. */
async function buffersTaken(job: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const sample = () => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  };
  const timer = setInterval(sample, 1);
  await job().catch(() => {});
  sample();
  clearInterval(timer);
  return most;
}

test("a small file that claims gigabytes is refused without taking memory for them", async () => {
  const files = [
    syntheticNifti(HUGE),
    gzipSync(syntheticNifti(HUGE)),
    text(nrrd("1024 1024 1024", "raw")),
    joined(text(nrrd("1024 1024 1024", "gzip")), gzipSync(new Uint8Array(100))),
    text(`${nrrd("1024 1024 1024", "ascii")}1 2 3`),
    text(`${nrrd("1024 1024 1024", "hex")}0011`),
    text(mha("1024 1024 1024")),
    joined(text(mha("1024 1024 1024", "CompressedData = True\n")), new Uint8Array(100)),
  ];
  for (const bytes of files) {
    const taken = await buffersTaken(() => refused(bytes, "input.truncated", /cut short/));
    assert.ok(taken < 50e6, `${taken} bytes`);
    await refused(bytes, "input.truncated", /cut short/);
  }
});

test("a packed bomb stops where the header's claim ends", async () => {
  const bomb = gzipSync(joined(syntheticNifti(SMALL), new Uint8Array(200e6)));
  const taken = await buffersTaken(async () => {
    const { volume, warnings } = await read(bomb, "x.nii.gz");
    assert.equal(volume.data.length, 24);
    assert.match(warnings.join(), /more than 67.1 MB after its voxels/);
  });
  assert.ok(taken < 100e6, `${taken} bytes`);
});

test("truncated, corrupt and empty files", async () => {
  const whole = syntheticNifti(SMALL);
  await refused(new Uint8Array(0), "input.empty");
  await refused(whole.subarray(0, 200), "input.truncated", /within its NIfTI header/);
  await refused(whole.subarray(0, 360), "input.truncated", /promises 48 bytes .* 8 bytes/);
  const packed = gzipSync(
    joined(
      whole,
      new Uint8Array(5000).map((_, i) => (i * i) >> 3),
    ),
  );
  for (const decompress of [undefined, nodeDecompress]) {
    const options = decompress ? { decompress } : {};
    const cut = readImage(bytesSource("x.nii.gz", packed.subarray(0, packed.length - 600)), options);
    await assert.rejects(cut, { code: "input.truncated" });
    const spoiled = Uint8Array.from(packed);
    spoiled[spoiled.length - 5]! ^= 1;
    await assert.rejects(readImage(bytesSource("x.nii.gz", spoiled), options), /damaged|cut short/);
    spoiled.fill(255, 20, 60);
    await assert.rejects(readImage(bytesSource("x.nii.gz", spoiled), options), VisceraError);
  }
  await refused(text("ObjectType = Image\nNDims = 3\n"), "input.truncated");
  await refused(text("NRRD0004\nthis line says nothing\n\n"), "input.corrupt");
  await refused(text(`${nrrd("2 1 1", "ascii")}1 x`), "input.corrupt", /"x"/);
  await refused(text(`${nrrd("2 1 1", "hex")}00zz0000`), "input.corrupt");
});

test("bytes after gzip data are passed over with a warning", async () => {
  const packed = joined(gzipSync(syntheticNifti(SMALL)), text("some garbage"));
  const { volume, warnings } = await readImage(bytesSource("x.nii.gz", packed), {
    decompress: nodeDecompress,
  });
  assert.equal(volume.data[23], 23);
  assert.match(warnings.join(), /bytes after its compressed data/);
});

test("other formats are named", async () => {
  const others: [string, RegExp][] = [
    ["\x89PNG\r\n", /a PNG picture/],
    ["PK\x03\x04", /a ZIP archive/],
    [`${"\0".repeat(128)}DICM`, /a DICOM file/],
    ['{"a": 1}', /a JSON file/],
    ["hello, world", /no known image format/],
  ];
  for (const [start, message] of others) {
    const bytes = Uint8Array.from(start, (c) => c.charCodeAt(0));
    await refused(joined(bytes, new Uint8Array(100)), "input.format", message);
  }
});

test("sizes that no image has", async () => {
  for (const dim of [
    [3, 0, 3, 2],
    [3, 4, -3, 2],
    [0, 1, 1, 1],
    [9, 1, 1, 1],
  ])
    await refused(syntheticNifti({ ...SMALL, dim }), "input.size");
  await refused(syntheticNifti({ ...SMALL, version: 2, dim: [3, 2 ** 40, 2, 2] }), "input.size");
  for (const sizes of ["0 1 1", "-1 1 1", "1.5 1 1", "1 1", "a b c", "1e99 1 1"])
    await refused(text(nrrd(sizes, "raw")), "input.size");
  for (const size of ["0 1 1", "2 2", "x y z", ""]) await refused(text(mha(size)), "input.size");
});

test("orientations that cannot be inverted or are not numbers", async () => {
  await refused(syntheticNifti({ ...SMALL, srow: new Array(12).fill(1) }), "input.affine");
  await refused(syntheticNifti({ ...SMALL, srow: new Array(12).fill(Number.NaN) }), "input.affine");
  await refused(syntheticNifti({ ...SMALL, sformCode: 0, pixdim: [1, 0, 1, 1] }), "input.affine");
  for (const directions of ["(1,0,0) (1,0,0) (0,0,1)", "(1,0,0) (0,x,0) (0,0,1)", "none none none"])
    await refused(text(nrrd("1 1 1", "raw").replace("(1,0,0) (0,1,0) (0,0,1)", directions)), "input.affine");
});

test("NaN and infinite voxels are counted and set to the ends of the finite range", async () => {
  const values = [Number.NaN, 5, Number.POSITIVE_INFINITY, -3, Number.NEGATIVE_INFINITY];
  const image = await read(syntheticNifti({ ...SMALL, dim: [1, 5], datatype: 16, width: 4, values }));
  const { volume, warnings } = finiteVolume(image.volume, "x.nii");
  assert.deepEqual([...volume.data], [-3, 5, 5, -3, -3]);
  assert.match(warnings.join(), /3 voxels .*\(-3 to 5\)/);
  assert.throws(() => finiteVolume({ ...volume, data: Float32Array.of(Number.NaN) }, "x.nii"), {
    code: "input.not-finite",
  });
});

test("reading stops when it is cancelled", async () => {
  const bytes = syntheticNifti(SMALL);
  const signal = AbortSignal.abort();
  await assert.rejects(readImage(bytesSource("x.nii", bytes), { signal }), { code: "cancelled" });
});

test("mutated and truncated files give a result or a VisceraError, and never much memory", async () => {
  const volume = {
    size: [5, 4, 3] as const,
    affine: IDENTITY,
    data: Int16Array.from({ length: 60 }, (_, i) => i),
    modality: "CT",
    unit: "HU",
  };
  const label = { id: 1, name: "liver", snomed: "10200004", color: "#ff0000", source: "t" };
  const labels = { ...volume, data: Uint8Array.from(volume.data, (v) => v % 2), labels: [label] };
  const seeds: { name: string; bytes: Uint8Array }[] = [
    { name: "x.nii", bytes: syntheticNifti({ ...SMALL, version: 2, littleEndian: false }) },
    { name: "x.nrrd", bytes: text(`${nrrd("2 1 1", "ascii")}1 2`) },
    { name: "x.nrrd", bytes: text(`${nrrd("2 1 1", "hex")}01000200`) },
  ];
  for (const ending of [".nii", ".nii.gz", ".nrrd", ".mha", ".tif"])
    seeds.push({ name: `x${ending}`, bytes: await fileBytes(encodeImage(`x${ending}`, volume)[0]!) });
  for (const ending of [".nii", ".seg.nrrd", ".tif"])
    seeds.push({ name: `x${ending}`, bytes: await fileBytes(encodeImage(`x${ending}`, labels)[0]!) });
  const random = new RandomStream(7, "scan.fuzz");
  const taken = await buffersTaken(async () => {
    let draw = 0;
    for (const { name, bytes } of seeds)
      for (let round = 0; round < 250; round++) {
        let mutated = Uint8Array.from(bytes);
        const changes = 1 + random.integer(6, draw++);
        for (let i = 0; i < changes; i++)
          mutated[random.integer(mutated.length, draw++)] = random.integer(256, draw++);
        if (round % 3 === 0) mutated = mutated.slice(0, random.integer(mutated.length, draw++));
        const options = round % 2 ? { decompress: nodeDecompress } : {};
        try {
          const image = await readImage(bytesSource(name, mutated), options);
          const [nx, ny, nz] = image.volume.size;
          assert.equal(image.volume.data.length, nx * ny * nz);
        } catch (error) {
          assert.ok(error instanceof VisceraError, `${name}, round ${round}: ${error}`);
        }
      }
  });
  assert.ok(taken < 300e6, `${taken} bytes`);
});
