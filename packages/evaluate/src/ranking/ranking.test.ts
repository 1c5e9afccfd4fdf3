import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { Bootstrap } from "../statistics/summary.js";
import { bootstrapRanks } from "./bootstrap-ranks.js";
import { kendallTau } from "./kendall.js";
import { upperTail } from "./normal.js";
import { type ResultRow, resultTable } from "./result-table.js";
import {
  pairwiseTests,
  RANKING_DEFAULTS,
  type RankingOptions,
  rankAlgorithms,
  type Scheme,
} from "./schemes.js";
import { holmAdjusted, wilcoxonGreater } from "./wilcoxon.js";

type Expected = Record<string, { value: number; rank: number }>;

interface StoredRanking {
  method: string;
  smaller_is_better: boolean;
  ties: "min" | "max";
  p_adjust?: string | null;
  missing?: number | "remove";
}

const schemeOf = (method: string) => method.replace("_holm", "").replaceAll("_", "-") as Scheme;

function optionsOf(stored: StoredRanking): RankingOptions {
  return {
    ...RANKING_DEFAULTS,
    smallerIsBetter: stored.smaller_is_better,
    ties: stored.ties,
    missing: stored.missing ?? "refuse",
    adjust: stored.method.endsWith("_holm") ? "holm" : "none",
  };
}

function check(rows: ResultRow[], stored: StoredRanking, expected: Expected, where: string): void {
  const placings = rankAlgorithms(resultTable(rows), schemeOf(stored.method), optionsOf(stored));
  assert.deepEqual(placings.map(({ algorithm }) => algorithm).sort(), Object.keys(expected).sort(), where);
  for (const { algorithm, value, rank } of placings) {
    assert.equal(rank, expected[algorithm]!.rank, `${where} ${algorithm}`);
    assertClose(value, expected[algorithm]!.value, { absolute: 1e-9 }, `${where} ${algorithm}`);
  }
}

/** Columns row, task, algorithm, value, case. */
function readMatrix(folder: string): Map<string, ResultRow[]> {
  const tasks = new Map<string, ResultRow[]>();
  for (const line of readFileSync(join(folder, "ranking/data_matrix.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)) {
    const [, task = "", algorithm = "", value = "", name = ""] = line.replaceAll('"', "").split(",");
    tasks.set(task, [...(tasks.get(task) ?? []), { algorithm, case: name, value: Number(value) }]);
  }
  return tasks;
}

testWithShared("ranks of three tasks by six methods in both directions", ["cases/metrics"], ([folder]) => {
  const { data_matrix } = JSON.parse(readFileSync(join(folder, "ranking.json"), "utf8"));
  const tasks = readMatrix(folder);
  assert.equal(data_matrix.results.length, 12);
  for (const stored of data_matrix.results as (StoredRanking & { expected: Record<string, Expected> })[])
    for (const [task, expected] of Object.entries(stored.expected))
      check(tasks.get(task)!, stored, expected, `${task} ${stored.method}`);
  const tests = data_matrix.wilcoxon_p_one_sided_row_greater_than_column;
  for (const [task, { algorithms, p }] of Object.entries<{ algorithms: string[]; p: (number | null)[][] }>(
    tests,
  )) {
    const table = resultTable(tasks.get(task)!);
    const place = algorithms.map((name) => table.algorithms.indexOf(name));
    const found = pairwiseTests(table, { smallerIsBetter: false, adjust: "none" });
    for (const [a, row] of p.entries())
      for (const [b, value] of row.entries())
        if (value !== null) {
          assertClose(found[place[a]!]![place[b]!]!, value, { absolute: 1e-9 }, `${task} ${a} ${b}`);
          assertClose(
            Math.log(found[place[a]!]![place[b]!]!),
            Math.log(value),
            { absolute: 1e-9 },
            `${task} ${a} ${b}`,
          );
        }
  }
});

testWithShared(
  "small cases with ties, missing results and several tasks",
  ["cases/metrics/ranking.json"],
  ([path]) => {
    const { unit_cases } = JSON.parse(readFileSync(path, "utf8"));
    assert.equal(unit_cases.length, 34);
    for (const [n, stored] of unit_cases.entries()) {
      const rows = stored.data as (ResultRow & { task?: string })[];
      const where = `case ${n} ${stored.method}`;
      if (typeof stored.expected === "string") {
        assert.match(stored.expected, /^error/);
        assert.throws(() => check(rows, stored, {}, where), { name: "VisceraError", code: "usage" }, where);
        continue;
      }
      const tasks = new Set(rows.map(({ task }) => task));
      for (const task of tasks)
        check(
          rows.filter((row) => row.task === task),
          stored,
          task === undefined ? stored.expected : stored.expected[task],
          where,
        );
    }
  },
);

test("tails of the normal distribution", () => {
  // Abramowitz & Stegun, table 26.1.
  for (const [z, p] of [
    [0, 0.5],
    [1, 0.158655253931457],
    [1.96, 0.0249978951482204],
    [2.5, 0.00620966532577613],
    [3, 0.00134989803163009],
    [5, 2.86651571879194e-7],
    [-1, 0.841344746068543],
  ] as const)
    assertClose(upperTail(z), p, { relative: 1e-13 });
  assertClose(upperTail(2.4999999), upperTail(2.5000001), { relative: 1e-6 });
});

test("signed ranks by hand; equal results say nothing", () => {
  // Differences 1, -2, 3: ranks of the positive ones 1 + 3 = 4; mean 3, variance 3.5.
  assertClose(wilcoxonGreater([1, 0, 3], [0, 2, 0]), upperTail(0.5 / Math.sqrt(3.5)), { relative: 1e-14 });
  assert.ok(Number.isNaN(wilcoxonGreater([1, 2], [1, 2])));
});

test("Holm's steps: the smallest times all, the next times one less, never falling, at most 1", () => {
  assert.deepEqual(holmAdjusted([0.01, 0.04, 0.03, Number.NaN]).slice(0, 3), [0.03, 0.06, 0.06]);
  assert.deepEqual(holmAdjusted([0.5, 0.9]), [1, 1]);
});

test("Kendall's tau of equal, reversed and partly tied rankings", () => {
  assert.equal(kendallTau([1, 2, 3, 4], [1, 2, 3, 4]), 1);
  assert.equal(kendallTau([1, 2, 3, 4], [4, 3, 2, 1]), -1);
  // Five of six pairs untied in b, all concordant.
  assertClose(kendallTau([1, 2, 3, 4], [1, 2, 2, 4]), 5 / Math.sqrt(30), { absolute: 1e-15 });
  assert.ok(Number.isNaN(kendallTau([1, 1], [1, 2])));
});

test("bootstrap ranks: sure where one is always better, even where nothing differs, the seed's alone", async () => {
  const stream = new RandomStream(3, "evaluate.test");
  const rows: ResultRow[] = [];
  for (let c = 0; c < 30; c++) {
    const noise = (k: number) => stream.normal(k, c);
    rows.push({ algorithm: "best", case: `${c}`, value: 5 + 0.1 * noise(0) });
    rows.push({ algorithm: "x", case: `${c}`, value: noise(1) });
    rows.push({ algorithm: "y", case: `${c}`, value: noise(2) });
  }
  const options = { ...RANKING_DEFAULTS, smallerIsBetter: false };
  const run = (seed: number) =>
    bootstrapRanks(resultTable(rows), "mean-then-rank", options, new Bootstrap(seed, 400));
  const { algorithms, tau } = await run(1);
  assert.deepEqual(algorithms[0]!.shares, [1, 0, 0]);
  for (const { shares } of algorithms)
    assertClose(shares[0]! + shares[1]! + shares[2]!, 1, { absolute: 1e-12 });
  const x = algorithms[1]!.shares;
  assert.ok(x[0] === 0 && x[1]! > 0.02 && x[2]! > 0.02, `${x}`);
  assert.ok(tau.mean > 1 / 3 && tau.mean < 1);
  assert.deepEqual(await run(1), await run(1));
  assert.notDeepEqual(await run(1), await run(2));
});

test("a result that stands twice is refused", () => {
  const row = { algorithm: "a", case: "1", value: 1 };
  assert.throws(() => resultTable([row, row]), VisceraError);
  assert.throws(() => resultTable([]), VisceraError);
});
