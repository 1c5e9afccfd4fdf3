import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTIVATIONS } from "./index.js";

const VALUES: Record<string, Record<string, number>> = {
  half_cosine: { t_active: 0.1, t_twitch: 0.4 },
  piecewise_cosine: { contract_start: 0.1, relax_start: 0.4, contract_duration: 0.3, relax_duration: 0.2 },
  two_hill: { t_shift: 0.1, tau_1: 0.27, tau_2: 0.45, m1: 1.3, m2: 21 },
  fourier: {},
  wrapping_cosine: { Tsa: 0.3, tpwave: 10 },
};

for (const type of ACTIVATIONS) {
  test(`${type.type} lies between 0 and 1, reaches 1 and repeats`, () => {
    const values = VALUES[type.type]!;
    assert.deepEqual(Object.keys(values).sort(), [...type.parameters].sort());
    const activation = type.create((name) => values[name]!, 0.8);
    let [least, largest] = [1, 0];
    for (let k = 0; k < 8000; k++) {
      const value = activation(0.8 + k * 1e-4);
      least = Math.min(least, value);
      largest = Math.max(largest, value);
      assert.ok(Math.abs(value - activation(2.4 + k * 1e-4)) < 1e-9);
    }
    assert.ok(least >= -1e-12 && least < 1e-3, `${least}`);
    assert.ok(largest <= 1 + 1e-9 && largest > 1 - 1e-4, `${largest}`);
  });
}

test("a two-hill activation without a peak is refused", () => {
  const twoHill = ACTIVATIONS.find(({ type }) => type === "two_hill")!;
  assert.throws(() => twoHill.create((name) => (name === "tau_1" ? 0 : 1), 1), { code: "input.zerod" });
});
