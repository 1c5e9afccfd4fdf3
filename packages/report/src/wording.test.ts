import assert from "node:assert/strict";
import { test } from "node:test";
import { displayNameOf, isEnvelope, isWrapping, valueWithoutPaths, withoutPaths } from "./wording.js";

test("structure names become names for people", () => {
  assert.equal(displayNameOf("kidney_left"), "Left kidney");
  assert.equal(displayNameOf("vertebrae_L1"), "Vertebra L1");
  assert.equal(displayNameOf("rib_right_3"), "Right rib 3");
  assert.equal(displayNameOf("lung_upper_lobe_left"), "Left lung upper lobe");
  assert.equal(displayNameOf("liver"), "Liver");
  assert.equal(displayNameOf("left_atrium"), "Left atrium");
});

test("wrapping structures are told from organs", () => {
  assert.ok(isEnvelope("skin", ""));
  assert.ok(isEnvelope("subcutaneous_fat", ""));
  assert.ok(isEnvelope("gluteus_maximus_left", "Muscles"));
  assert.ok(!isEnvelope("liver", "Digestive system"));
  for (const name of ["skin", "body_trunk", "skeletal_muscle", "torso_fat"])
    assert.ok(isWrapping(name), name);
  for (const name of ["gluteus_maximus_left", "liver", "vertebrae_L1"]) assert.ok(!isWrapping(name), name);
});

test("paths of a machine are taken out, what merely looks like one stays", () => {
  for (const path of [
    "/home/jane/scan.nii.gz",
    "/data/Jane Doe/CT 2026/scan of Jane.nii.gz",
    "~/scans/jane.nii",
    "C:\\Users\\Jane Doe\\scan.dcm",
    "\\\\server\\share\\Jane\\x.dcm",
    "file:///home/jane/scan.nii",
  ]) {
    for (const text of [path, `cannot read "${path}"`, `run --scan=${path} --force`, `(${path})`]) {
      const shown = withoutPaths(text);
      assert.ok(!/jane|doe|home|users|server|scans/i.test(shown), `${text} -> ${shown}`);
    }
  }
  for (const text of [
    "10 mg/L over 2 h",
    "runs/drug/",
    "liver / spleen / kidney",
    "1/2 and 3/4",
    "organs/liver.glb",
  ])
    assert.equal(withoutPaths(text), text);
  assert.deepEqual(valueWithoutPaths({ a: ["/home/jane/x.nii"], b: 2, c: null }), {
    a: ["…"],
    b: 2,
    c: null,
  });
});
