import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { orientationOf, sameGrid, spacingOf, type VoxelArray } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { finiteRange } from "../image/values.js";
import { readLabels, readScan } from "./index.js";

function histogram(data: VoxelArray): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of data) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
testWithShared(
  "images agree with the manifest: size, spacing, orientation, range, hash",
  ["data"],
  async ([data]) => {
    const wanted =
      /^(ct-totalsegmentator|brain|mr-spine|phantoms|tumour-sts-ibsi)\/|_1(0|1)_(ct|oar)\.nii|hippocampus_0\d\d/;
    const lines = readFileSync(join(data, "MANIFEST.tsv"), "utf8").split("\n").slice(1);
    let checked = 0;
    for (const line of lines) {
      const [file, , , , , , what, sha256] = line.split("\t");
      const match = /^NIfTI ([\dx]+) \w+ sp ([\d.,]+) ([A-Z]{3})(?: range \[([^\]]*)\])?/.exec(what ?? "");
      if (!file || !match || !wanted.test(file)) continue;
      const scan = await readScan(join(data, file));
      const { volume } = scan;
      assert.equal(volume.size.join("x"), match[1], file);
      match[2]!
        .split(",")
        .slice(0, 3)
        .forEach((s, i) => assertClose(spacingOf(volume.affine)[i]!, Number(s), { relative: 5e-3 }, file));
      assert.equal(orientationOf(volume.affine), match[3], file);
      assert.equal(scan.sha256, sha256, file);
      if (match[4]) {
        const [low, high] = match[4].split(",").map(Number);
        const { min, max } = finiteRange(volume.data)!;
        assertClose(min, low!, { absolute: 1e-3, relative: 1e-4 }, file);
        assertClose(max, high!, { absolute: 1e-3, relative: 1e-4 }, file);
      }
      checked++;
    }
    assert.ok(checked > 60, `only ${checked} images were checked`);
  },
);

testWithShared(
  "the example labels: grid of the scan, 61 structures, names from TotalSegmentator's extension, liver 1125.7 mL",
  [
    "data/ct-totalsegmentator/example_ct.nii.gz",
    "data/ct-totalsegmentator/example_seg_fast_force_split.nii.gz",
  ],
  async ([scanPath, labelsPath]) => {
    const { volume } = await readScan(scanPath);
    const labels = await readLabels(labelsPath);
    assert.ok(sameGrid(volume, labels));
    const counts = histogram(labels.data);
    assert.equal(counts.size - 1, 61);
    assertClose((counts.get(5)! * 27) / 1000, 1125.7, { absolute: 0.05 });
    assert.deepEqual(
      labels.names.find(({ id }) => id === 5),
      { id: 5, name: "liver", color: "#00ffff" },
    );
    assert.equal(labels.names.length, 117);
    assert.deepEqual(labels.warnings, []);
  },
);

testWithShared(
  "a TotalSegmentator folder of masks",
  ["data/ct-totalsegmentator/example_seg_tissue_types"],
  async ([path]) => {
    const { names, data } = await readLabels(path);
    assert.deepEqual(
      names.map(({ name }) => name),
      ["skeletal_muscle", "subcutaneous_fat", "torso_fat"],
    );
    const counts = histogram(data);
    assert.equal(counts.get(3), 33969);
    assert.ok(counts.get(1)! <= 35293 && counts.get(2)! <= 35357);
  },
);

testWithShared(
  "dcmqi and SPL NRRD labels hold the voxels that the manifest counts, on the CT's grid",
  ["data/dicom/seg-rtstruct-sr/dcmqi", "data/atlases"],
  async ([dcmqi, atlases]) => {
    const expected: [string, [number, number][]][] = [
      ["liver_seg", [[1, 107098]]],
      [
        "liver_spine_seg",
        [
          [1, 107098],
          [2, 12439],
        ],
      ],
      [
        "liver_spine_gapped_seg",
        [
          [1, 107098],
          [5, 12439],
        ],
      ],
      ["heart_seg", [[3, 41449]]],
      [
        "sparse_labelmap_ppv5_seg",
        [
          [1, 630],
          [5, 912],
        ],
      ],
    ];
    const ct = await readScan(join(dcmqi, "ct-3slice"));
    for (const [name, counts] of expected) {
      const labels = await readLabels(join(dcmqi, `${name}.nrrd`));
      const found = histogram(labels.data);
      found.delete(0);
      assert.deepEqual(
        [...found].sort((a, b) => a[0] - b[0]),
        counts,
        name,
      );
      if (labels.size[0] === 512) assert.ok(sameGrid(labels, ct.volume), name);
    }
    const abdomen = await readLabels(join(atlases, "spl-abdominal/seg.nrrd"));
    assert.deepEqual(abdomen.size, [256, 256, 113]);
    assert.equal(orientationOf(abdomen.affine), "LAI");
    assert.equal(histogram(abdomen.data).size, 96);
    const head = await readLabels(join(atlases, "spl-head-neck/HN-Atlas-labels.nrrd"));
    assert.equal(histogram(head.data).size, 61);
  },
);

testWithShared("MetaImage of the aorta", ["data/vessels/vmtk-aorta/aorta.mha"], async ([path]) => {
  const { volume, warnings } = await readScan(path);
  assert.deepEqual(volume.size, [157, 393, 34]);
  assert.ok(volume.data instanceof Float32Array);
  // TransformMatrix -1 0 0 0 -1 0 0 0 1 in LPS: i to the right, j to the front, k up, from Offset.
  assert.equal(orientationOf(volume.affine), "RAS");
  assert.deepEqual([volume.affine[3], volume.affine[7], volume.affine[11]], [156.445, 24.6094, 0]);
  assert.deepEqual(warnings, []);
});
