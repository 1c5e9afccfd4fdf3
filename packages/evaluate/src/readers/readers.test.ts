import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { auroc } from "../classification/roc.js";
import { fleissKappa, intraclassCorrelation } from "./agreement.js";
import { compareArms } from "./compare-arms.js";
import { rocAreas } from "./delong.js";
import { quantileT, twoSidedT } from "./student.js";

test("intraclass correlations of Shrout & Fleiss's table", () => {
  const found = intraclassCorrelation([
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
  ]);
  assertClose(found.agreement, 0.29, { absolute: 0.005 });
  assertClose(found.agreementOfMean, 0.62, { absolute: 0.005 });
  assertClose(found.consistency, 0.71, { absolute: 0.005 });
  assertClose(found.consistencyOfMean, 0.91, { absolute: 0.005 });
  assert.throws(() => intraclassCorrelation([[1, 2]]), VisceraError);
});

test("Fleiss' kappa: by hand, perfect, and with two readers who agree as chance has it", () => {
  // Three readers, two cases: pairs agree in 1 of 3 and 3 of 3; shares 4/6 and 2/6.
  const byChance = 16 / 36 + 4 / 36;
  assertClose(
    fleissKappa([
      [1, 2],
      [3, 0],
    ]),
    (2 / 3 - byChance) / (1 - byChance),
    { absolute: 1e-12 },
  );
  assert.equal(
    fleissKappa([
      [3, 0],
      [0, 3],
    ]),
    1,
  );
  assert.ok(Number.isNaN(fleissKappa([[2, 0]])));
  assert.throws(
    () =>
      fleissKappa([
        [2, 0],
        [1, 0],
      ]),
    VisceraError,
  );
});

test("Student's distribution: tabulated values, and the normal one for many degrees of freedom", () => {
  for (const [freedom, t] of [
    [1, 12.7062047364],
    [4, 2.7764451052],
    [10, 2.228138852],
    [30, 2.0422724563],
  ] as const) {
    assertClose(twoSidedT(t, freedom), 0.05, { absolute: 1e-9 });
    assertClose(quantileT(0.05, freedom), t, { absolute: 1e-8 });
  }
  assertClose(twoSidedT(1.959963984540054, Number.POSITIVE_INFINITY), 0.05, { absolute: 1e-8 });
  assert.equal(twoSidedT(0, 7), 1);
});

/** Ratings that tell positive cases by `skill`; readers share part of each case's difficulty. */
function simulate(seed: number, skills: readonly number[], readers: number, isPositive: readonly boolean[]) {
  const stream = new RandomStream(seed, "evaluate.readers");
  return skills.map((skill, arm) =>
    Array.from({ length: readers }, (_, r) =>
      isPositive.map(
        (positive, c) =>
          (positive ? skill : 0) + stream.normal(0, c) + 0.7 * stream.normal(1 + arm * readers + r, c),
      ),
    ),
  ) as [number[][], number[][]];
}

test("DeLong: areas are those of the curves, variances those of the jackknife", () => {
  const isPositive = Array.from({ length: 80 }, (_, c) => c % 3 === 0);
  const [first] = simulate(1, [1, 1], 2, isPositive);
  const { areas, covariances } = rocAreas(first, isPositive);
  const area = (ratings: number[], left: number) => {
    const kept = ratings.flatMap((value, c) =>
      c === left ? [] : [{ value, positive: isPositive[c] ? 1 : 0 }],
    );
    return auroc(
      kept.map(({ value }) => value),
      kept.map(({ positive }) => positive),
    );
  };
  assertClose(areas[0]!, area(first[0]!, -1), { absolute: 1e-12 });
  const jackknife = first.map((ratings) => isPositive.map((_, c) => area(ratings, c)));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  for (const [a, b] of [
    [0, 0],
    [0, 1],
  ] as const) {
    const [x, y] = [jackknife[a]!, jackknife[b]!];
    const [mx, my] = [mean(x), mean(y)];
    const covariance = (79 / 80) * x.reduce((sum, value, c) => sum + (value - mx) * (y[c]! - my), 0);
    assertClose(covariances[a]![b]!, covariance, { relative: 0.06 });
  }
  assert.throws(
    () =>
      rocAreas(
        first,
        isPositive.map(() => true),
      ),
    VisceraError,
  );
});

test("two arms: equal ones do not differ, better ones do, and the level is kept", () => {
  const isPositive = Array.from({ length: 60 }, (_, c) => c % 2 === 0);
  const equal = simulate(2, [1, 1], 4, isPositive);
  const same = compareArms([equal[0], equal[0]], isPositive);
  assert.equal(same.difference, 0);
  assert.equal(same.p, 1);
  const better = compareArms(simulate(3, [0.6, 2], 4, isPositive), isPositive);
  assert.ok(better.p < 0.001 && better.low > 0 && better.difference > 0.1, `${better.p}`);
  let rejected = 0;
  const studies = 200;
  for (let seed = 0; seed < studies; seed++)
    if (compareArms(simulate(100 + seed, [1, 1], 4, isPositive), isPositive).p < 0.05) rejected++;
  // 5 % of 200 is 10; beyond 20 or below 1 would be a one in a thousand chance.
  assert.ok(rejected >= 1 && rejected <= 20, `${rejected} of ${studies}`);
  assert.throws(() => compareArms([equal[0].slice(1, 2), equal[1].slice(1, 2)], isPositive), VisceraError);
});
