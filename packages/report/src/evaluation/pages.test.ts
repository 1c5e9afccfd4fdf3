import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { affineOf } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { chromium } from "playwright-core";
import { agreementOf } from "./bland-altman.js";
import { boxPlot } from "./box-plot.js";
import type { EvaluationReportInput, ShownSummary, WorstCase } from "./input.js";
import { buildEvaluationReport } from "./page.js";
import type { RankingReportInput } from "./ranking-input.js";
import { buildRankingReport } from "./ranking-page.js";

const summary = (over: Partial<ShownSummary> = {}): ShownSummary => ({
  ...{ count: 3, missing: 0, infinite: 0, mean: 0.8, sd: 0.1, median: 0.8 },
  ...{ q1: 0.7, q3: 0.9, ciLow: 0.65, ciHigh: 0.95 },
  ...over,
});

/** A cube, and the same one voxel further. */
function worstCase(over: Partial<WorstCase> = {}): WorstCase {
  const size = [12, 12, 12] as const;
  const mask = (from: number) =>
    Uint8Array.from({ length: 12 ** 3 }, (_, i) => {
      const [x, y, z] = [i % 12, Math.floor(i / 12) % 12, Math.floor(i / 144)];
      return x >= from && x < from + 5 && y >= 3 && y < 8 && z >= 3 && z < 8 ? 1 : 0;
    });
  const surface = {
    mesh: {
      positions: Float32Array.of(0, 0, 0, 10, 0, 0, 0, 0, 10),
      indices: Uint32Array.of(0, 1, 2, 0, 2, 1),
    },
    distancesMm: Float32Array.of(0, 1, 4),
  };
  return {
    caseName: "case <1>",
    structure: "Liver & co",
    values: [{ label: "Dice", value: 0.5, unit: "1" }],
    toleranceMm: 2,
    size,
    affine: affineOf([1, 1, 3]),
    truth: mask(3),
    prediction: mask(4),
    scan: null,
    focus: [5, 5, 5],
    truthSurface: surface,
    predictionSurface: surface,
    ...over,
  };
}

function evaluation(over: Partial<EvaluationReportInput> = {}): EvaluationReportInput {
  return {
    title: "Predictions against truth",
    convention: "deepmind",
    facts: [["Cases", "3"]],
    structures: ["Liver & co", "Spleen"],
    metrics: [
      { name: "dice", label: "Dice", unit: "1", better: "higher" },
      { name: "cl_dice", label: "clDice", unit: "1", better: "higher" },
    ],
    cases: ["case <1>", "b", "c"],
    values: [
      [
        [0.7, 0.8, 0.9],
        [0.1, Number.NaN, 1],
      ],
      [
        [Number.NaN, Number.NaN, Number.NaN],
        [0.5, 0.6, 0.7],
      ],
    ],
    summaries: [
      [summary(), summary({ count: 2, missing: 1 })],
      [summary({ count: 0, mean: Number.NaN }), summary({ mean: 0.6 })],
    ],
    overall: [summary(), summary({ mean: 0.6 })],
    truthMl: [
      [10, 20, 30],
      [1, 2, 0],
    ],
    predictionMl: [
      [11, 19, 33],
      [1, 2, 0],
    ],
    failed: [{ name: "d", message: "There is <no> prediction." }],
    notes: [],
    worst: [worstCase(), worstCase({ predictionSurface: null })],
    worstBy: "The lowest Dice.",
    generatedAt: "2026-01-02T03:04:05Z",
    version: "0.1.0",
    ...over,
  };
}

const ranking: RankingReportInput = {
  title: "Ranking of algorithms",
  scheme: "mean-then-rank",
  facts: [],
  alpha: 0.05,
  adjust: "holm",
  rankings: [
    {
      title: "Liver, Dice",
      metric: { label: "Dice", unit: "1", smallerIsBetter: false },
      cases: ["1", "2", "3"],
      missing: 1,
      placings: [
        { algorithm: "<A>", value: 0.9, rank: 1 },
        { algorithm: "B", value: 0.8, rank: 2 },
      ],
      values: [
        [0.9, 0.95, 0.85],
        [0.8, 0.97, Number.NaN],
      ],
      shares: [
        [0.9, 0.1],
        [0.1, 0.9],
      ],
      intervals: [
        { low: 1, median: 1, high: 2 },
        { low: 1, median: 2, high: 2 },
      ],
      tau: { mean: 0.8, low: -1, high: 1 },
      p: [
        [Number.NaN, 0.01],
        [1, Number.NaN],
      ],
      schemes: [
        { name: "mean-then-rank", ranks: [1, 2] },
        { name: "test-then-rank", ranks: [1, null] },
      ],
      agreement: [
        [1, Number.NaN],
        [Number.NaN, 1],
      ],
    },
  ],
  notes: [],
  generatedAt: "2026-01-02T03:04:05Z",
  version: "0.1.0",
};

test("the page of an evaluation names its convention, counts what is missing and escapes what it is given", async () => {
  const page = await buildEvaluationReport(evaluation());
  assert.equal(page, await buildEvaluationReport(evaluation()));
  assert.match(page, /<dt>Convention<\/dt><dd>deepmind<\/dd>/);
  assert.match(page, /Liver &amp; co/);
  assert.match(page, /There is &lt;no&gt; prediction/);
  assert.doesNotMatch(page, /case <1>/);
  assert.match(page, /No value/);
  assert.doesNotMatch(page, /Infinite/);
  // clDice was measured of the spleen only.
  const clDice = page.slice(page.indexOf('aria-label="clDice"'), page.indexOf('id="distributions"'));
  assert.match(clDice, /Spleen/);
  assert.doesNotMatch(clDice, /Liver/);
  assert.match(page, /The prediction holds no voxel of it/);
  // The outlines of the axial slice differ by the voxel that the prediction is further.
  const outlines = [...page.matchAll(/class="outline-(truth|prediction)" d="(M[^"]+)"/g)];
  assert.ok(
    outlines.some(([, kind]) => kind === "truth") && outlines.some(([, kind]) => kind === "prediction"),
  );
  assert.notEqual(outlines[0]![2], outlines[1]![2]);
});

test("of many structures the worst stay in sight and all are in a fold", async () => {
  const names = Array.from({ length: 30 }, (_, s) => `Structure ${s}`);
  const page = await buildEvaluationReport(
    evaluation({
      structures: names,
      metrics: [{ name: "dice", label: "Dice", unit: "1", better: "higher" }],
      values: [names.map((_, s) => [s / 30, s / 30, s / 30])],
      summaries: [names.map((_, s) => summary({ mean: s / 30 }))],
      overall: [summary()],
      truthMl: names.map(() => [1, 2, 3]),
      predictionMl: names.map(() => [1, 2, 3]),
      worst: [],
    }),
  );
  const first = page.slice(page.indexOf('id="summary"'), page.indexOf("<details"));
  assert.match(first, /Mean over the structures/);
  assert.match(first, /Structure 0<[\s\S]*Structure 9</);
  assert.doesNotMatch(first, /Structure 10</);
  assert.match(page, /Dice of all 30 structures/);
});

test("a box shows quartiles, and leaves out what is no number", () => {
  const svg = boxPlot("HD95", "mm", [
    { name: "a", values: [1, 2, 3, 4, Number.POSITIVE_INFINITY], names: ["p", "q", "r", "s", "t"] },
    { name: "b", values: [Number.NaN], names: ["p"] },
  ])!.text;
  assert.equal([...svg.matchAll(/<circle/g)].length, 4);
  assert.match(svg, /no value/);
  assert.equal(boxPlot("HD95", "mm", [{ name: "b", values: [Number.NaN], names: ["p"] }]), null);
});

test("bias and limits of agreement by hand", () => {
  const { bias, low, high, count } = agreementOf([10, 20, 30], [11, 19, 33]);
  assert.equal(count, 3);
  assert.equal(bias, 1);
  assertClose(low, 1 - 1.96 * 2, { absolute: 1e-12 });
  assertClose(high, 1 + 1.96 * 2, { absolute: 1e-12 });
  assert.ok(Number.isNaN(agreementOf([1], [2]).low));
});

test("the page of a ranking has places, tests and the schemes' agreement", async () => {
  const page = await buildRankingReport(ranking);
  assert.match(page, /&lt;A&gt;/);
  assert.doesNotMatch(page, /<A>/);
  assert.match(page, /class="beats"[^>]*><title>&lt;A&gt; better than B: p \.010/);
  assert.match(page, /all tie/);
  assert.match(page, /3 cases, 1 missing result;/);
  // The third case lacks a result and so has no track.
  assert.equal([...page.matchAll(/class="track"/g)].length, 2);
});

const CHROMIUM = "/usr/bin/chromium";

describe("in Chromium", { skip: !existsSync(CHROMIUM) && `no browser at ${CHROMIUM}` }, () => {
  test("both pages open without a complaint, without network, and fit a narrow window", async () => {
    const folder = mkdtempSync(join(tmpdir(), "viscera-pages-"));
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const pages = {
        evaluation: await buildEvaluationReport(evaluation()),
        ranking: await buildRankingReport(ranking),
      };
      for (const [name, text] of Object.entries(pages)) {
        writeFileSync(join(folder, `${name}.html`), text);
        const page = await (
          await browser.newContext({ viewport: { width: 400, height: 700 }, offline: true })
        ).newPage();
        const complaints: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("request", (request) => {
          if (!/^(file|data):/.test(request.url())) complaints.push(request.url());
        });
        await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
        assert.deepEqual(complaints, [], name);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 400, `${name} is ${wide} pixels wide`);
        const unloaded = await page.evaluate(
          () => [...document.querySelectorAll("img")].filter((image) => image.naturalWidth === 0).length,
        );
        assert.equal(unloaded, 0);
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
