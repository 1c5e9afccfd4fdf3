import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { normalCdf } from "@viscera/numerics";
import { type ErrorTerm, newObservationLikelihood, observationLikelihood } from "./residual-likelihood.js";

const KINDS: ErrorTerm[][] = [
  [{ kind: "additive", at: 0 }],
  [{ kind: "proportional", at: 1 }],
  [
    { kind: "additive", at: 0 },
    { kind: "proportional", at: 1 },
  ],
  [{ kind: "exponential", at: 1 }],
];
const SIGMA = [0.4, 0.15];

const at = (terms: ErrorTerm[], f: number, censored: boolean, sigma = SIGMA, value = 2.3) => {
  const out = newObservationLikelihood(terms.length);
  observationLikelihood({ value, censored }, f, terms, sigma, out);
  return out;
};

test("every derivative agrees with central differences", () => {
  const h = 1e-5;
  for (const terms of KINDS) {
    for (const censored of [false, true]) {
      for (const f of [0.7, 2.2, 4.9]) {
        const middle = at(terms, f, censored);
        const [up, down] = [at(terms, f + h, censored), at(terms, f - h, censored)];
        const near = { relative: 1e-6, absolute: 1e-6 };
        assertClose(middle.f, (up.value - down.value) / (2 * h), near);
        assertClose(middle.ff, (up.f - down.f) / (2 * h), near);
        assertClose(middle.informationF, (up.information - down.information) / (2 * h), near);
        for (const [k, term] of terms.entries()) {
          const moved = (by: number) =>
            at(
              terms,
              f,
              censored,
              SIGMA.map((value, i) => (i === term.at ? value + by : value)),
            );
          const [more, less] = [moved(h), moved(-h)];
          assertClose(middle.s[k]!, (more.value - less.value) / (2 * h), near);
          assertClose(middle.fs[k]!, (more.f - less.f) / (2 * h), near);
          assertClose(middle.informationS[k]!, (more.information - less.information) / (2 * h), near);
        }
      }
    }
  }
});

test("information is the expected half curvature; values below a limit have their probability", () => {
  // Expectation over y by a fine sum.
  for (const terms of KINDS) {
    const f = 3;
    let expected = 0;
    let mass = 0;
    for (let y = 0.005; y < 40; y += 0.005) {
      const { value, ff } = at(terms, f, false, SIGMA, y);
      const density = (Math.exp(-value / 2) / Math.sqrt(2 * Math.PI)) * 0.005;
      mass += density;
      expected += (density * ff) / 2;
    }
    assertClose(mass, 1, { absolute: 1e-6 });
    assertClose(at(terms, f, false).information, expected, { relative: 1e-5 });
  }
  const sd = Math.hypot(0.4, 0.15 * 3);
  assertClose(at(KINDS[2]!, 3, true).value, -2 * Math.log(normalCdf((2.3 - 3) / sd)), { relative: 1e-12 });
});
