import assert from "node:assert/strict";
import { test } from "node:test";
import type { OrganRecord } from "@viscera/core";
import { organRecord } from "@viscera/core/testing";
import { checkAnatomy } from "./check-anatomy.js";

const CENTRES: Record<string, [number, number, number]> = {
  liver: [60, 0, 50],
  spleen: [-80, -20, 60],
  kidney_left: [-60, -40, 0],
  kidney_right: [60, -40, -10],
  heart: [-20, 20, 120],
  urinary_bladder: [0, 20, -250],
};
const VOLUMES: Record<string, number> = {
  liver: 1500,
  spleen: 200,
  kidney_left: 160,
  kidney_right: 150,
  heart: 700,
  urinary_bladder: 120,
};

const organ = (name: string, change: Partial<OrganRecord> = {}): OrganRecord =>
  organRecord(name, VOLUMES[name] ?? 10, {
    centroidMm: CENTRES[name] ?? [0, 0, 0],
    measures: { largest_piece_share: 1 },
    ...change,
  });

const healthy = () => Object.keys(VOLUMES).map((name) => organ(name));
const kinds = (organs: OrganRecord[], patient = {}) => checkAnatomy(organs, patient).map(({ kind }) => kind);
const changed = (name: string, change: Partial<OrganRecord>) =>
  healthy().map((record) => (record.name === name ? { ...record, ...change } : record));

test("an ordinary body raises nothing", () => {
  assert.deepEqual(checkAnatomy(healthy()), []);
});

test("organs far from an adult's size are named, with the range", () => {
  const [finding, ...rest] = checkAnatomy(changed("liver", { volumeMl: 120 }));
  assert.equal(rest.length, 0);
  assert.match(finding!.message, /^Liver has 120 mL; adults have about 400 to 5140 mL\.$/);
  assert.deepEqual(kinds(changed("spleen", { volumeMl: 2000 })), ["volume"]);
});

test("a small organ is no finding when the image cuts it, nor in a child", () => {
  assert.deepEqual(kinds(changed("liver", { volumeMl: 120, touchesBorder: true })), []);
  assert.deepEqual(kinds(changed("liver", { volumeMl: 120 }), { ageYears: 2 }), []);
  assert.deepEqual(kinds(changed("liver", { volumeMl: 9000, touchesBorder: true })), ["volume"]);
});

test("a mirrored image shows by every pair", () => {
  const mirrored = healthy().map((record) => ({
    ...record,
    centroidMm: [-record.centroidMm[0], record.centroidMm[1], record.centroidMm[2]] as [
      number,
      number,
      number,
    ],
  }));
  assert.deepEqual(kinds(mirrored), ["side", "side"]);
});

test("an image upside down shows by the order along the body", () => {
  const turned = healthy().map((record) => ({
    ...record,
    centroidMm: [record.centroidMm[0], record.centroidMm[1], -record.centroidMm[2]] as [
      number,
      number,
      number,
    ],
  }));
  assert.ok(kinds(turned).filter((kind) => kind === "order").length >= 5);
  const spine = ["vertebrae_L1", "vertebrae_T12", "vertebrae_L2"].map((name, i) =>
    organ(name, { centroidMm: [0, 0, -30 * i] }),
  );
  assert.deepEqual(checkAnatomy(spine)[0]!.structures, ["vertebrae_T12", "vertebrae_L1"]);
});

test("fragments, unequal pairs and impossible values are told", () => {
  assert.deepEqual(kinds(changed("liver", { pieces: 4, measures: { largest_piece_share: 0.8 } })), [
    "fragments",
  ]);
  assert.deepEqual(kinds(changed("kidney_left", { volumeMl: 49 })), ["pair"]);
  const intensity = { unit: "HU", mean: -600, sd: 1, p05: 0, p50: 0, p95: 0 };
  assert.deepEqual(kinds(changed("liver", { intensity })), ["intensity"]);
  assert.deepEqual(kinds(changed("liver", { intensity: { ...intensity, unit: "1" } })), []);
});
