import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Vec3 } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { elementAreas } from "./element-areas.js";

const SPACINGS: Vec3[] = [
  [1, 1, 1],
  [1, 2, 3],
  [0.8, 0.8, 3],
  [3.92, 0.5, 1.7],
];

testWithShared(
  "all 256 areas are those of the published table, on any spacing",
  ["cases/metrics/surface_element_table.json"],
  ([path]) => {
    const { normals_by_code: table } = JSON.parse(readFileSync(path, "utf8")) as {
      normals_by_code: number[][][];
    };
    for (const spacing of SPACINGS) {
      const [sx, sy, sz] = spacing;
      const areas = elementAreas(spacing);
      for (let code = 0; code < 256; code++) {
        const expected = (table[code] ?? []).reduce(
          (sum, [x = 0, y = 0, z = 0]) => sum + Math.hypot(x * sy * sz, y * sx * sz, z * sx * sy),
          0,
        );
        assertClose(areas[code]!, expected, { absolute: 1e-12, relative: 1e-12 }, `code ${code}`);
      }
    }
  },
);

test("a plane has its voxels' faces as area; a cell and its complement have the same surface", () => {
  const areas = elementAreas([2, 3, 5]);
  assertClose(areas[0b11110000]!, 15, { absolute: 1e-12 });
  assertClose(areas[0b11001100]!, 10, { absolute: 1e-12 });
  assertClose(areas[0b10101010]!, 6, { absolute: 1e-12 });
  assert.equal(areas[0], 0);
  assert.equal(areas[255], 0);
  for (let code = 0; code < 256; code++) {
    const four = [...code.toString(2)].filter((bit) => bit === "1").length === 4;
    if (!four) assert.equal(areas[code], areas[255 - code]);
  }
});
