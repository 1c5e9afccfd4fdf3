import assert from "node:assert/strict";
import { test } from "node:test";
import { labelSchema, type ModelFile } from "@viscera/core";
import { labelsFromColormap, labelTable, structureName } from "@viscera/segment";

test("names become file names", () => {
  assert.equal(structureName("Cerebral-White-Matter"), "cerebral_white_matter");
  assert.equal(structureName(" Thalamus-Proper* "), "thalamus_proper");
  assert.equal(structureName("3rd-Ventricle"), "3rd_ventricle");
  assert.equal(structureName("../.."), "");
});

test("a colour map gives names, colours, and numbers to equal or empty names", () => {
  const labels = labelsFromColormap(
    {
      R: [0, 255, 1, 300],
      G: [0, 0, 2, 0],
      B: [0, 16, 3, 0],
      labels: ["Unknown", "Left Lobe", "left-lobe", "*"],
    },
    "colormap.json",
  );
  assert.deepEqual(
    labels.map(({ id, name, color }) => [id, name, color]),
    [
      [1, "left_lobe", "#ff0010"],
      [2, "left_lobe_2", "#010203"],
      [3, "structure_3", "#ff0000"],
    ],
  );
  assert.throws(() => labelsFromColormap({ R: [1], labels: [] }, "colormap.json"), /colormap.json/);
  assert.throws(() => labelsFromColormap(null, "colormap.json"), /four lists/);
});

test("the table of found structures is a valid labels.json, whatever the model calls them", () => {
  const model = {
    name: "m",
    version: "1",
    labels: [
      { id: 1, name: "Left/Lung", snomed: null, color: "#ABCDEF" },
      { id: 2, name: "//", snomed: "7", color: "red" },
      { id: 5, name: "absent", snomed: null },
    ],
  } as unknown as ModelFile;
  const table = labelTable(model, [4, 2, 1]);
  for (const label of table) labelSchema.parse(label);
  assert.deepEqual(
    table.map(({ id, name }) => [id, name]),
    [
      [1, "left_lung"],
      [2, "structure_2"],
      [4, "structure_4"],
    ],
  );
  assert.equal(table[0]!.color, "#abcdef");
});
