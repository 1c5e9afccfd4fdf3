import assert from "node:assert/strict";
import { test } from "node:test";
import { conversionFactor, VisceraError } from "./index.js";

const close = (a: number, b: number) => assert.ok(Math.abs(a / b - 1) < 1e-12, `${a} is not ${b}`);

test("prefixes, exponents, products and quotients", () => {
  close(conversionFactor("mg/L", "ug/mL"), 1);
  close(conversionFactor("mL/min", "L/h"), 0.06);
  close(conversionFactor("mm3", "mL"), 1e-3);
  close(conversionFactor("mm[Hg]", "Pa"), 133.322);
  close(conversionFactor("mg.h/L", "ug.min/mL"), 60);
  close(conversionFactor("h-1", "s-1"), 1 / 3600);
  close(conversionFactor("cm2", "mm2"), 100);
  close(conversionFactor("%", "1"), 0.01);
});

test("unknown units and different dimensions are refused by name", () => {
  assert.throws(() => conversionFactor("furlong", "m"), VisceraError);
  assert.throws(() => conversionFactor("mg", "mL"), /different things/);
});
