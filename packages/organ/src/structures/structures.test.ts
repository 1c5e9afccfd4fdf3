import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { labelsFileSchema } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { completeLabels, displayName, STRUCTURE_GROUPS, structureOf } from "./index.js";
import { STRUCTURE_TABLE } from "./table.js";

const CT = "data/ct-totalsegmentator";

const rows = (path: string): string[] => readFileSync(path, "utf8").trim().split(/\r?\n/).slice(1);

testWithShared(
  "every TotalSegmentator class is known under its own name",
  [`${CT}/label_names_total.tsv`, `${CT}/label_names_total_mr.tsv`],
  (paths) => {
    const names = paths.flatMap((path) => rows(path).map((line) => line.split("\t")[1]!));
    assert.equal(names.length, 167);
    for (const name of names) {
      const info = structureOf(name);
      assert.equal(info?.name, name);
      assert.equal(/_(left|right)/.exec(name)?.[1] ?? null, info?.side, name);
    }
  },
);

testWithShared(
  "SNOMED CT codes agree with TotalSegmentator's table but for its own slips",
  [`${CT}/totalsegmentator_snomed_mapping.csv`],
  ([path]) => {
    // The table gives the left subclavian artery the code of the right one, the appendage that of any
    // auricle, and the gluteus minimus without a side the code of the medius.
    const slips = /^(subclavian_artery_(left|right)|atrial_appendage_left|gluteus_minimus)$/;
    let compared = 0;
    for (const line of rows(path)) {
      const [name, , , , , code] = line.split(",") as string[];
      assert.equal(structureOf(name!)?.name, name);
      if (slips.test(name!)) continue;
      assert.equal(structureOf(name!)?.snomed, code, name);
      compared++;
    }
    assert.equal(compared, 166);
  },
);

testWithShared(
  "every class of the brain networks is known",
  ["model18cls", "model21_104class", "model30chan50cls", "model20chan3cls"].map(
    (model) => `data/models/brainchop/${model}/colormap.json`,
  ),
  (paths) => {
    for (const path of paths)
      for (const name of JSON.parse(readFileSync(path, "utf8")).labels)
        if (!/^(BG|Unknown|background)$/.test(name)) assert.equal(structureOf(name)?.group, "brain", name);
    assert.equal(structureOf("Cerebral-White-Matter")!.name, "Cerebral-White-Matter");
    assert.equal(structureOf("ctx-rh-insula")!.name, "ctx-rh-insula");
  },
);

test("names are found whatever their case, separators, plural and side's place", () => {
  const same: Record<string, string[]> = {
    kidney_left: ["Left Kidney", "kidney_l", "KIDNEY LEFT", "lt-kidney", "LeftKidney", "left kidneys"],
    kidney: ["Kidneys"],
    lung_right: ["right lung", "Lung (R)"],
    inferior_vena_cava: ["IVC", "Inferior Vena Cava", "vena cava inferior"],
    rib_left_4: ["Left Rib 4", "rib4_left"],
    vertebrae_L3: ["L3 vertebra", "Vertebra L3"],
    esophagus: ["Oesophagus"],
    heart_ventricle_left: ["Left ventricle", "LV"],
    "Left-Thalamus": ["Left-Thalamus-Proper*", "left thalamus"],
    lung_middle_lobe_right: ["Right middle lobe"],
    iliac_vena_left: ["Left common iliac vein"],
    portal_vein_and_splenic_vein: ["Portal and splenic vein"],
  };
  for (const [name, others] of Object.entries(same))
    for (const other of [name, ...others]) assert.equal(structureOf(other)?.name, name, other);
  for (const unknown of ["", "5", "label 5", "liver_left", "class_1", "L1", "cortex"])
    assert.equal(structureOf(unknown), null, unknown);
});

test("names for people", () => {
  assert.equal(displayName("kidney_left"), "Left kidney");
  assert.equal(displayName("portal_vein_and_splenic_vein"), "Portal and splenic vein");
  assert.equal(displayName("rib_right_12"), "Right rib 12");
  assert.equal(displayName("my_own_region"), "My own region");
});

test("each row of the table is complete, and no two rows give the same structure", () => {
  const names = new Set<string>();
  for (const [group, text] of Object.entries(STRUCTURE_TABLE)) {
    assert.ok(group in STRUCTURE_GROUPS);
    for (const row of text.trim().split("\n")) {
      const cells = row.trim().split("|");
      assert.equal(cells.length, 6, row);
      const [name, snomed, color, hollow] = cells as [string, string, string, string];
      assert.ok(!names.has(name), row);
      names.add(name);
      assert.match(snomed, /^(\d{6,18})?$/, row);
      assert.match(color, /^#[0-9a-f]{6}$/, row);
      assert.match(hollow, /^h?$/, row);
      const bare = name.replace(/_\*|\*-/, "");
      assert.equal(structureOf(bare)?.name, bare, "another structure claims this name");
    }
  }
});

test("a label table comes out unique, file-name safe and complete", () => {
  const labels = completeLabels(
    [
      { id: 7, name: "../../etc/passwd" },
      { id: 2, name: "Liver", color: "#AABBCC" },
      { id: 3, name: "liver", snomed: "not a code" },
      { id: 4 },
      { id: 4, name: "again" },
      { id: 0, name: "background" },
      { id: -1, name: "negative" },
      { id: 5, name: "Structure_4" },
      { id: 6, name: "con.txt" },
      { id: 8, name: "Région à tester" },
      { id: 9, name: "<script>" },
      { id: 10, name: "x".repeat(500) },
      { id: 11, name: " .. " },
    ],
    "import:t.nii",
  );
  assert.deepEqual(
    labels.map((label) => label.name),
    [
      "liver",
      "liver_2",
      "structure_4",
      "Structure_4_2",
      "structure_con.txt",
      "etc_passwd",
      "Région_à_tester",
      "script",
      "x".repeat(100),
      "structure_11",
    ],
  );
  assert.ok(labelsFileSchema.safeParse({ schema: 1, labels }).success);
  assert.equal(labels[0]!.color, "#aabbcc");
  assert.equal(labels[1]!.snomed, "10200004");
});

test("numbers alone name nothing, and their colours differ", () => {
  const labels = completeLabels(
    Array.from({ length: 120 }, (_, i) => ({ id: i + 1 })),
    "import:t.nii",
  );
  assert.equal(labels[4]!.name, "structure_5");
  assert.equal(labels[4]!.snomed, null);
  assert.equal(new Set(labels.map((label) => label.color)).size, 120);
});
