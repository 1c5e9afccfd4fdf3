/** The rules around TotalSegmentator's networks against what it computed itself. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Affine, type Size3, type Vec3, type Volume, voxelCount } from "@viscera/core";
import { assertClose, type NpyArray, readNpz, testWithShared } from "@viscera/core/testing";
import { crop } from "@viscera/scan";
import { keepLargestPiece, removePieces } from "./blobs.js";
import { changeSpacing, gridOfSpacing, nearestLabels, zoomed } from "./change-spacing.js";
import { boxAround } from "./crop.js";
import { structuresOf } from "./structures.js";
import { TASK_NAMES, taskNamed } from "./tasks.js";
import { splitInThirds, thirdsOf } from "./thirds.js";

const CASES = "cases/nets/totalsegmentator";
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

/** An array [x, y, z] in C order as a volume's data, x fastest. */
function voxelsOf<T extends NpyArray["data"]>({ dims, data }: NpyArray): { size: Size3; data: T } {
  const [nx, ny, nz] = dims as [number, number, number];
  const out = new (data.constructor as new (length: number) => T)(data.length);
  for (let i = 0, at = 0; i < nx; i++)
    for (let j = 0; j < ny; j++) for (let k = 0; k < nz; k++) out[i + nx * (j + ny * k)] = data[at++]!;
  return { size: [nx, ny, nz], data: out };
}

describe("TotalSegmentator's rules", () => {
  testWithShared(
    "resampling, cropping and pieces",
    [`${CASES}/resampling_and_postprocessing.npz`],
    async ([path]) => {
      const all = readNpz(path);
      const affine: Affine = [...all.get("affine")!.data];
      const ct: Volume = { ...voxelsOf<Int16Array>(all.get("ct")!), affine, modality: "CT", unit: "HU" };
      const seg = voxelsOf<Uint8Array>(all.get("seg")!);
      for (const [name, spacing] of [
        ["sp1p5", [1.5, 1.5, 1.5]],
        ["sp4_5_6", [4, 5, 6]],
      ] as [string, Vec3][]) {
        const got = changeSpacing(ct, spacing);
        const expected = voxelsOf<Int32Array>(all.get(`ct_order1_int32_${name}`)!);
        assert.deepEqual(got.size, expected.size);
        got.affine.forEach((value, i) =>
          assertClose(value, all.get(`affine_${name}`)!.data[i]!, { absolute: 1e-9 }),
        );
        const exact = zoomed(ct.data, ct.size, got.size, 1);
        const wrong = [...got.data.keys()].filter((v) => got.data[v] !== expected.data[v]);
        // Where the interpolated value is a whole number, rounding errors decide which way it is cut.
        for (const v of wrong) {
          assert.ok(Math.abs(exact[v]! - Math.round(exact[v]!)) < 1e-6, `${name}: ${exact[v]}`);
          assert.ok(Math.abs(got.data[v]! - expected.data[v]!) <= 1);
        }
        assert.ok(wrong.length < expected.data.length / 20, `${wrong.length} of ${expected.data.length}`);
        const labels = nearestLabels(seg.data, seg.size, got.size);
        assert.deepEqual(labels, voxelsOf(all.get(`seg_order0_${name}`)!).data);
        const back = nearestLabels(labels, got.size, ct.size);
        assert.deepEqual(back, voxelsOf(all.get(`seg_order0_back_to_original_from_${name}`)!).data);
      }
      const cubic = voxelsOf<Float32Array>(all.get("ct_order3_sp4_5_6")!);
      zoomed(ct.data, ct.size, cubic.size, 3).forEach((value, v) =>
        assertClose(value, cubic.data[v]!, { absolute: 1e-2 }),
      );
      assert.equal(changeSpacing(ct, [3, 3, 3]), ct);

      const box = boxAround(seg.data, ct, new Set([5]), 20)!;
      const expected = [...all.get("crop_to_liver_addon20mm_bbox")!.data];
      assert.deepEqual(
        box.min.flatMap((low, axis) => [low, box.max[axis]! + 1]),
        expected,
      );
      crop(ct, box).affine.forEach((value, i) =>
        assertClose(value, all.get("crop_to_liver_addon20mm_affine")!.data[i]!, { absolute: 1e-9 }),
      );
      assert.equal(boxAround(seg.data, ct, new Set([200]), 20), null);

      const blobs = voxelsOf<Uint8Array>(all.get("blobs_in")!);
      for (const label of new Set(blobs.data)) {
        if (label === 0) continue;
        const largest = blobs.data.map((value) => (value === label ? 1 : 0));
        await keepLargestPiece(largest, blobs.size, 1);
        const kept = voxelsOf(all.get("keep_largest_blob")!).data;
        if (kept.some((value, v) => value > 0 && blobs.data[v] === label)) assert.deepEqual(largest, kept);
        const small = blobs.data.map((value) => (value === label ? 1 : 0));
        await removePieces(small, blobs.size, 1, { low: 3, high: 60 });
        assert.deepEqual(small, voxelsOf(all.get("remove_small_blobs_3_60")!).data);
      }
    },
  );

  testWithShared("class names of every task", [`${CASES}/class_maps_all_tasks.json`], ([path]) => {
    const maps = json(path);
    for (const name of TASK_NAMES) {
      const task = taskNamed(name)!;
      const family = name.replace(/_(fast|fastest)$/, "");
      assert.deepEqual(task.names, Object.values(maps[family]), name);
      assert.equal(task.auxiliary, Object.keys(maps[`${family}_auxiliary`] ?? {}).length, name);
    }
  });

  testWithShared("parts and their labels", [`${CASES}/parts.json`], ([path]) => {
    const tables = json(path);
    for (const name of ["total", "total_v3", "total_mr"]) {
      const { parts, names } = taskNamed(name)!;
      assert.equal(parts.length, tables[name].length);
      parts.forEach((part, i) => {
        const { task_id, labels, lut_part_label_to_global_label: lut } = tables[name][i];
        assert.equal(part.id, task_id);
        assert.deepEqual(names.slice(part.first - 1, part.first - 1 + part.count), Object.values(labels));
        assert.deepEqual(lut, [0, ...Array.from({ length: part.count }, (_, label) => part.first + label)]);
      });
    }
  });

  testWithShared("networks, grids and licences of every task", [`${CASES}/tasks.json`], ([path]) => {
    const { tasks } = json(path);
    const left = ["total_highres_test", "vertebrae_pp", "vertebrae_pp_refined", "test"];
    const wanted = Object.entries<Record<string, never>>(tasks).flatMap(([name, row]) =>
      Object.entries<Record<string, never>>(row["sub_modes"] ?? { default: row }).map(([mode, variant]) => ({
        name: mode === "default" ? name : `${name}_${mode}`,
        row: variant,
      })),
    );
    assert.deepEqual(
      wanted
        .map(({ name }) => name)
        .filter((name) => !left.includes(name))
        .sort(),
      [...TASK_NAMES].sort(),
    );
    for (const { name, row } of wanted) {
      const task = taskNamed(name);
      if (!task) continue;
      assert.deepEqual(
        task.parts.map(({ id }) => id),
        [row["task_id"]].flat(),
        name,
      );
      const mm = row["resample"] ?? null;
      assert.deepEqual(task.spacingMm, typeof mm === "number" ? [mm, mm, mm] : mm, name);
      assert.deepEqual(task.crop?.structures ?? null, row["crop"] ?? null, name);
      assert.equal(task.configuration, row["model"] ?? "3d_fullres", name);
      assert.deepEqual(task.folds, row["folds"] === undefined ? [0] : row["folds"], name);
      // The weights of the aneurysm model are for research only too.
      assert.equal(task.needsLicence, row["commercial"] === true || name === "brain_aneurysm", name);
      if (task.crop) {
        const names = taskNamed(task.crop.task)!.names;
        assert.ok(
          task.crop.structures.every((structure) => names.includes(structure)),
          name,
        );
      }
    }
  });

  test("names of tasks, short ones too", () => {
    assert.equal(taskNamed("fast")!.name, "total_fast");
    assert.equal(taskNamed("fastest")!.parts[0]!.id, 298);
    assert.equal(taskNamed("total_mr")!.stepSize, 0.8);
    assert.equal(taskNamed("body")!.stepSize, 0.5);
    assert.equal(taskNamed("toString"), null);
    assert.equal(structuresOf("constructor"), null);
  });

  test("thirds of a long scan decide each slice once, with 19 slices or more around", () => {
    for (const nz of [201, 900, 1001, 1202]) {
      const thirds = splitInThirds(nz);
      assert.deepEqual(
        thirds.flatMap(({ keepFrom, keepTo }) =>
          Array.from({ length: keepTo - keepFrom }, (_, i) => keepFrom + i),
        ),
        Array.from({ length: nz }, (_, i) => i),
      );
      for (const { from, to, keepFrom, keepTo } of thirds) {
        assert.ok(from === 0 || keepFrom - from === 19);
        assert.ok(to === nz || to - keepTo === 20);
      }
    }
    assert.equal(thirdsOf([512, 512, 901], 1).length, 1);
    assert.equal(thirdsOf([512, 512, 901], 5).length, 3);
    assert.equal(thirdsOf([2048, 2048, 200], 5).length, 1);
    assert.equal(voxelCount([512, 512, 900]), 512 * 512 * 900);
  });

  test("a grid of another spacing begins at the same voxel", () => {
    const grid = { size: [5, 5, 5] as const, affine: [-2, 0, 0, 7, 0, 2, 0, 8, 0, 0, 2, 9, 0, 0, 0, 1] };
    const { size, affine } = gridOfSpacing(grid, [4, 1, 2]);
    assert.deepEqual(size, [2, 10, 5]);
    assert.deepEqual(affine, [-4, 0, 0, 7, 0, 1, 0, 8, 0, 0, 2, 9, 0, 0, 0, 1]);
  });
});
