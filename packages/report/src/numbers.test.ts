import assert from "node:assert/strict";
import { test } from "node:test";
import { formatCount, formatFixed, formatNumber, formatQuantity, formatUnit, readable } from "./numbers.js";

test("three significant digits, no decimals from 100 on", () => {
  for (const [value, text] of [
    [1125.7, "1126"],
    [100.4, "100"],
    [99.96, "100"],
    [99.94, "99.9"],
    [12.345, "12.3"],
    [0.0123456, "0.0123"],
    [0, "0"],
    [-42.28, "−42.3"],
    [29000, "29\u202f000"],
    [1234567, "1\u202f234\u202f567"],
    [0.0000123, "1.23 × 10⁻⁵"],
    [-2.5e9, "−2.50 × 10⁹"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "–"],
  ] as const)
    assert.equal(formatNumber(value), text);
  assert.equal(formatCount(61), "61");
  assert.equal(formatCount(382392), "382\u202f392");
  assert.equal(formatFixed(-0.2, 0), "0");
  assert.equal(formatFixed(-1024, 0), "−1024");
});

test("units are written as people write them", () => {
  for (const [ucum, text] of [
    ["ug/L", "µg/L"],
    ["mg.h/L", "mg·h/L"],
    ["mm2", "mm²"],
    ["s-1", "s⁻¹"],
    ["mm[Hg]", "mmHg"],
    ["1", ""],
    ["%", "%"],
    ["a", "years"],
    ["HU", "HU"],
    ["mL/min/{1.73_m2}", "mL/min/1.73 m²"],
  ] as const)
    assert.equal(formatUnit(ucum), text);
  assert.equal(formatQuantity(4.567, "mg/L"), "4.57\u00a0mg/L");
  assert.equal(formatQuantity(0.5, "1"), "0.500");
});

test("short times are told in minutes", () => {
  const time = { value: 1 / 30, unit: "h", low: 0.02, high: null };
  assert.deepEqual(readable(time), { value: 2, unit: "min", low: 1.2, high: null });
  for (const same of [
    { ...time, value: 3 },
    { ...time, value: 0 },
    { ...time, unit: "mg/L" },
  ])
    assert.equal(readable(same), same);
});
