/** The series of dicom2nifti's test suite against the NIfTI files it keeps as truth, voxel by voxel in world space. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Affine, applyToPoint, invert, multiply } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { readDicom } from "./index.js";
import type { DicomSource } from "./sources.js";

function folder(path: string): DicomSource[] {
  const names = readdirSync(path).sort();
  // Backwards: the order of files must not matter.
  return names.reverse().map((name) => ({ name, read: () => readFile(join(path, name)) }));
}

/** A NIfTI-1 file, read by the byte offsets of its standard so that the test stands on nothing else. */
function readTruth(path: string) {
  const bytes = gunzipSync(readFileSync(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = [0, 1, 2].map((axis) => view.getInt16(42 + 2 * axis, true)) as [number, number, number];
  assert.ok(view.getInt16(254, true) > 0, "the truth has an sform");
  const rows = [0, 1, 2].map((row) => [0, 1, 2, 3].map((c) => view.getFloat32(280 + 16 * row + 4 * c, true)));
  const type = view.getInt16(70, true);
  const from = view.getFloat32(108, true);
  const readers: Record<number, [number, (at: number) => number]> = {
    4: [2, (at) => view.getInt16(at, true)],
    16: [4, (at) => view.getFloat32(at, true)],
    64: [8, (at) => view.getFloat64(at, true)],
    // RGBA
    2304: [4, (at) => (view.getUint8(at) << 16) | (view.getUint8(at + 1) << 8) | view.getUint8(at + 2)],
    512: [2, (at) => view.getUint16(at, true)],
  };
  const [bytesPerVoxel, read] = readers[type]!;
  const slope = view.getFloat32(112, true);
  const intercept = view.getFloat32(116, true);
  const scaled = Number.isFinite(slope) && slope !== 0 && type !== 2304;
  const count = size[0] * size[1] * size[2];
  const data = Float64Array.from({ length: count }, (_, i) => {
    const value = read(from + i * bytesPerVoxel);
    return scaled ? value * slope + intercept : value;
  });
  const affine: Affine = [...rows.flat(), 0, 0, 0, 1];
  return { size, affine, data };
}

const CASES: { series: string; truth: string; tolerance: number }[] = [
  ...[
    "failing/slicecount/001",
    "ge/anatomical/001",
    "ge/anatomical/001_single_slice",
    "generic/anatomical/001",
    "generic/compressed/001",
    "generic/compressed_j2k/001",
    "generic/compressed_jpeg/001",
    "generic/compressed_jpegls/001",
    "generic/compressed_rle/001",
    "generic/rgb/001",
    "hitachi/anatomical/001",
    "siemens_multiframe/anatomical/001",
  ].map((series) => ({ series, truth: `${series}_ground_truth.nii.gz`, tolerance: 0 })),
  // Fractional slopes: the truth holds single or double precision, the reader single.
  ...["generic/anatomical/002_non_isotropic", "philips_enhanced/anatomical/001"].map((series) => ({
    series,
    truth: `${series}_ground_truth.nii.gz`,
    tolerance: 2e-4,
  })),
];

for (const { series, truth, tolerance } of CASES)
  testWithShared(
    `${series} agrees with its ground truth in world space`,
    [`data/dicom/dicom2nifti/${series}`, `data/dicom/dicom2nifti/${truth}`] as const,
    async ([path, truthPath]) => {
      const expected = readTruth(truthPath);
      const { volume, colour } = await readDicom(folder(path));
      assert.equal(volume.data.length, expected.data.length);
      const toVoxel = multiply(invert(volume.affine), expected.affine);
      const used = new Uint8Array(volume.data.length);
      let worst = 0;
      let apart = 0;
      let at = 0;
      for (let k = 0; k < expected.size[2]; k++)
        for (let j = 0; j < expected.size[1]; j++)
          for (let i = 0; i < expected.size[0]; i++, at++) {
            const [x, y, z] = applyToPoint(toVoxel, [i, j, k]);
            const [c, r, s] = [Math.round(x), Math.round(y), Math.round(z)];
            apart = Math.max(apart, Math.abs(x - c), Math.abs(y - r), Math.abs(z - s));
            const n = c + volume.size[0] * (r + volume.size[1] * s);
            used[n] = 1;
            const value = colour
              ? (colour.data[3 * n]! << 16) | (colour.data[3 * n + 1]! << 8) | colour.data[3 * n + 2]!
              : volume.data[n]!;
            worst = Math.max(worst, Math.abs(value - expected.data[at]!));
          }
      // Truth affines are single precision; a tenth of a voxel allows for the rounded positions of headers.
      assert.ok(apart < 0.1, `voxel centres lie ${apart} voxels apart`);
      assert.ok(
        used.every((flag) => flag === 1),
        "every voxel was compared",
      );
      assert.ok(worst <= tolerance, `values differ by up to ${worst}`);
    },
  );
