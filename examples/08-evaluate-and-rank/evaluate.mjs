// Two predictions of the same organs, measured under two conventions, and ranked over ten cases.
// Run: node examples/08-evaluate-and-rank/evaluate.mjs
import { affineOf, RandomStream } from "@viscera/core";
import { Bootstrap, compareLabels, MEASURE_DEFAULTS, RANKING_DEFAULTS, rankTask } from "@viscera/evaluate";

const size = [48, 40, 24];
const grid = { size, affine: affineOf([1, 1, 2.5]) };

/** A ball of radius 12 mm around the middle, moved along x and swollen by some mm. */
function ball(movedMm, swollenMm) {
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++)
        if (Math.hypot(i - 24 - movedMm, j - 20, 2.5 * (k - 12)) < 12 + swollenMm)
          data[i + size[0] * (j + size[1] * k)] = 1;
  return { ...grid, data };
}

const truth = ball(0, 0);
for (const convention of ["metrics-reloaded", "deepmind"]) {
  const options = { ...MEASURE_DEFAULTS, convention, toleranceMm: 1 };
  const [{ values }] = await compareLabels(truth, ball(1, 1), () => options, null);
  console.log(
    `${convention}: Dice ${values.dice.toFixed(3)}, surface Dice at 1 mm ${values.surface_dice.toFixed(3)}, HD95 ${values.hausdorff_95.toFixed(2)} mm`,
  );
}

const stream = new RandomStream(1, "example");
const rows = [];
for (let n = 0; n < 10; n++)
  for (const [algorithm, spread] of [
    ["steady", 0.6],
    ["shaky", 2.5],
  ]) {
    const prediction = ball(spread * stream.normal(n, 0), spread * stream.normal(n, 1));
    const [{ values }] = await compareLabels(truth, prediction, () => MEASURE_DEFAULTS, null);
    rows.push({ algorithm, case: `case ${n}`, value: values.dice });
  }
const rules = { ...RANKING_DEFAULTS, smallerIsBetter: false };
const { placings, stability } = await rankTask(rows, "rank-then-mean", rules, new Bootstrap(1));
for (const { rank, algorithm, value } of placings) {
  const { shares } = stability.algorithms.find((one) => one.algorithm === algorithm);
  console.log(
    `${rank}. ${algorithm}: mean rank ${value.toFixed(1)}, first in ${(100 * shares[0]).toFixed(0)} % of the samples`,
  );
}
