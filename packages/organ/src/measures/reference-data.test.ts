import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type Grid, type LabelMap, type Volume, type VoxelArray, voxelCount } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { emptyLabels, measureOrgans } from "./index.js";

/** Little-endian NIfTI-1 with an sform, as the reference files are. */
function readNifti(path: string): Grid & { data: VoxelArray } {
  const bytes = gunzipSync(readFileSync(path));
  const header = new DataView(bytes.buffer, bytes.byteOffset, 348);
  const short = (at: number): number => header.getInt16(at, true);
  const float = (at: number): number => header.getFloat32(at, true);
  const size = [short(42), short(44), short(46)] as const;
  const sform = Array.from({ length: 12 }, (_, i) => float(280 + 4 * i));
  const types = {
    2: Uint8Array,
    4: Int16Array,
    8: Int32Array,
    16: Float32Array,
    64: Float64Array,
    512: Uint16Array,
  };
  const type = types[short(70) as keyof typeof types];
  const from = bytes.byteOffset + float(108);
  const data = new type(bytes.buffer.slice(from, from + voxelCount(size) * type.BYTES_PER_ELEMENT));
  const slope = float(112) || 1;
  const scaled =
    slope === 1 && float(116) === 0 ? data : Float32Array.from(data, (v) => v * slope + float(116));
  return { size, affine: [...sform, 0, 0, 0, 1], data: scaled };
}

const asVolume = (image: Grid & { data: VoxelArray }, unit: string): Volume => ({
  ...image,
  modality: null,
  unit,
});

function asLabelMap(image: Grid & { data: VoxelArray }, names: ReadonlyMap<number, string>): LabelMap {
  const labels = [...names].map(([id, name]) => ({
    id,
    name,
    snomed: null,
    color: "#808080",
    source: "test",
  }));
  return { ...image, data: Uint8Array.from(image.data), labels };
}

const IBSI = "data/phantoms/ibsi";
const CT = "data/ct-totalsegmentator";

/** To three significant digits, as the reference values are given. */
const rounded = (value: number): number => Number(value.toPrecision(3));

testWithShared(
  "every filled morphology, local intensity and statistics row of IBSI's digital phantom is reached",
  [
    `${IBSI}/ibsi_1_digital_phantom/nifti/image/phantom.nii.gz`,
    `${IBSI}/ibsi_1_digital_phantom/nifti/mask/mask.nii.gz`,
    `${IBSI}/reference_values/ibsi_1_dig_phantom.csv`,
  ],
  async ([image, mask, csv]) => {
    const labels = asLabelMap(readNifti(mask), new Map([[1, "phantom"]]));
    const [record] = await measureOrgans(labels, asVolume(readNifti(image), "1"), { quadratic: true });
    let rows = 0;
    for (const line of readFileSync(csv, "utf8").trim().split(/\r?\n/).slice(1)) {
      const [value, tolerance, tag] = line.split(";") as [string, string, string];
      if (!/^(morph|loc|stat)_/.test(tag) || value === "") continue;
      const reached = record!.measures[tag];
      assert.ok(typeof reached === "number", `${tag} is missing`);
      // Given to three significant digits, and to be compared in them; 1e-12 is for the subtraction alone.
      assertClose(rounded(reached), Number(value), { absolute: Number(tolerance) + 1e-12 }, tag);
      rows++;
    }
    assert.equal(rows, 45);
  },
);

testWithShared(
  "the example's 61 structures, its liver and plausible Hounsfield units",
  [`${CT}/example_seg_fast_force_split.nii.gz`, `${CT}/example_ct.nii.gz`, `${CT}/label_names_total.tsv`],
  async ([seg, ct, tsv]) => {
    const names = readFileSync(tsv, "utf8").trim().split(/\r?\n/).slice(1);
    const table = new Map(names.map((line) => [Number(line.split("\t")[0]), line.split("\t")[1]!]));
    const labels = asLabelMap(readNifti(seg), table);
    const scan = asVolume(readNifti(ct), "HU");
    const records = await measureOrgans(labels, scan);
    assert.equal(records.length, 61);
    assert.equal(records.length + emptyLabels(labels).length, labels.labels.length);
    const liver = records.find((record) => record.name === "liver")!;
    assertClose(liver.volumeMl, 1125.7, { absolute: 0.05 });
    assert.ok(liver.intensity!.mean > 40 && liver.intensity!.mean < 150, `${liver.intensity!.mean} HU`);
    const lung = records.find((record) => record.name === "lung_lower_lobe_left")!;
    assert.ok(lung.intensity!.mean < -500, `${lung.intensity!.mean} HU`);
    // Everything that a scan without bad voxels defines is there, for every structure.
    for (const record of records)
      for (const [tag, value] of Object.entries(record.measures))
        assert.notEqual(value, null, `${record.name} ${tag}`);
  },
);
