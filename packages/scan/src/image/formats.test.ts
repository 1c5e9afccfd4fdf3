import assert from "node:assert/strict";
import { test } from "node:test";
import { type Affine, type LabelMap, RandomStream, type Volume, type VoxelArray } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import type { ColourImage, ImageFile } from "./image.js";
import { readImage } from "./read-image.js";
import { blobSource, bytesSource } from "./source.js";
import { encodeImage, fileBytes } from "./write-image.js";

const ARRAYS = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
];
const OBLIQUE: Affine = [1.2, -0.5, 0, -30.25, 0.6, 1, 0, 41.5, 0, 0, -2.5, 7.125, 0, 0, 0, 1];
const ENDINGS = [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"];

async function roundTrip(ending: string, image: Volume | LabelMap | ColourImage): Promise<ImageFile> {
  const files = encodeImage(`a${ending}`, image);
  const folder: Record<string, Uint8Array> = {};
  for (const file of files) folder[file.name] = await fileBytes(file);
  return readImage(bytesSource(`a${ending}`, folder[`a${ending}`]!, folder));
}

test("every array type comes back from every format, values and place in the world", async () => {
  const random = new RandomStream(1, "scan.test");
  for (const ending of ENDINGS)
    for (const array of ARRAYS) {
      const data: VoxelArray = new array(4 * 3 * 2);
      const integer = !(data instanceof Float32Array || data instanceof Float64Array);
      const low = array.name.startsWith("U") ? 0 : -1;
      const high = integer ? 2 ** (8 * data.BYTES_PER_ELEMENT + low) - 1 : 1e6;
      for (let i = 0; i < data.length; i++)
        data[i] = integer ? random.integer(high, i) * (low && i % 2 ? low : 1) : random.normal(i) * high;
      const { volume, warnings } = await roundTrip(ending, {
        size: [4, 3, 2],
        affine: OBLIQUE,
        data,
        modality: null,
        unit: null,
      });
      assert.deepEqual(volume.data, data, `${ending} ${array.name}`);
      assert.deepEqual(volume.size, [4, 3, 2]);
      volume.affine.forEach((v, i) => assertClose(v, OBLIQUE[i]!, { absolute: 1e-6 }, ending));
      assert.deepEqual(warnings, []);
    }
});

test("a .seg.nrrd carries names, colours and SNOMED codes", async () => {
  const labels = [
    { id: 2, name: "liver", snomed: "10200004", color: "#b5651d", source: "test" },
    { id: 9, name: "Größe", snomed: null, color: "#00ff7f", source: "test" },
  ];
  const { names, volume } = await roundTrip(".seg.nrrd", {
    size: [3, 1, 1],
    affine: OBLIQUE,
    data: Uint8Array.of(0, 2, 9),
    labels,
  });
  assert.deepEqual(names, [
    { id: 2, name: "liver", color: "#b5651d", snomed: "10200004" },
    { id: 9, name: "Größe", color: "#00ff7f" },
  ]);
  assert.deepEqual([...volume.data], [0, 2, 9]);
});

test("modality survives NRRD and MetaImage", async () => {
  const scan: Volume = {
    size: [1, 1, 1],
    affine: OBLIQUE,
    data: Int16Array.of(40),
    modality: "CT",
    unit: "HU",
  };
  for (const ending of [".nrrd", ".mha"]) {
    const { volume } = await roundTrip(ending, scan);
    assert.deepEqual([volume.modality, volume.unit], ["CT", "HU"]);
  }
});

test("colours come back from every format", async () => {
  for (const ending of ENDINGS)
    for (const channels of [3, 4]) {
      const data = Uint8Array.from({ length: 6 * channels }, (_, i) => i * 9);
      const { colour, volume } = await roundTrip(ending, {
        size: [3, 2, 1],
        affine: OBLIQUE,
        channels,
        data,
      });
      assert.deepEqual(colour, { channels, data }, ending);
      assert.deepEqual(volume.size, [3, 2, 1]);
      volume.affine.forEach((v, i) => assertClose(v, OBLIQUE[i]!, { absolute: 1e-6 }, ending));
    }
});

test("a browser's Blob is read like bytes", async () => {
  const data = Float32Array.from({ length: 1000 }, (_, i) => i / 7);
  const [file] = encodeImage("a.nii.gz", {
    size: [10, 10, 10],
    affine: OBLIQUE,
    data,
    modality: null,
    unit: null,
  });
  const { volume } = await readImage(blobSource("a.nii.gz", new Blob([await fileBytes(file!)])));
  assert.deepEqual(volume.data, data);
});

test("content goes before the extension, with a warning", async () => {
  const [file] = encodeImage("a.nrrd", {
    size: [1, 1, 1],
    affine: OBLIQUE,
    data: Int16Array.of(4),
    modality: null,
    unit: null,
  });
  const image = await readImage(bytesSource("a.nii.gz", await fileBytes(file!)));
  assert.equal(image.format, "nrrd");
  assert.match(image.warnings.join(), /is NRRD by its content/);
});

test("an ending that no writable format has is a usage error", () => {
  assert.throws(
    () =>
      encodeImage("a.jpg", {
        size: [1, 1, 1],
        affine: OBLIQUE,
        data: Int16Array.of(4),
        modality: null,
        unit: null,
      }),
    { code: "usage" },
  );
});
