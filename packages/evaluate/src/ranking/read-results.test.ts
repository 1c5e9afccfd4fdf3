import assert from "node:assert/strict";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { Bootstrap } from "../statistics/summary.js";
import { rankTask } from "./rank-task.js";
import { readResults } from "./read-results.js";
import { RANKING_DEFAULTS } from "./schemes.js";

test("a long table with quotes, missing values and other names of columns", () => {
  const text = '"","task","alg_name","value","case"\n"1","t, one","A ""1""",0.5,7\n"2","t, one","B",NA,7\r\n';
  assert.deepEqual(readResults(text, "t.csv", null), [
    { algorithm: 'A "1"', case: "7", task: "t, one", metric: "value", convention: "", value: 0.5 },
    { algorithm: "B", case: "7", task: "t, one", metric: "value", convention: "", value: null },
  ]);
});

test("a wide table of one algorithm, as evaluate writes it", () => {
  const text =
    "case,structure,label,convention,tolerance[mm],dice,hausdorff_95[mm]\na,liver,1,monai,2,0.9,Infinity\nb,liver,1,monai,2,,3\n";
  const found = readResults(text, "cases.csv", "mine");
  assert.deepEqual(
    found.map(({ algorithm, task, metric, value }) => [algorithm, task, metric, value]),
    [
      ["mine", "liver", "dice", 0.9],
      ["mine", "liver", "hausdorff_95", Number.POSITIVE_INFINITY],
      ["mine", "liver", "dice", null],
      ["mine", "liver", "hausdorff_95", 3],
    ],
  );
});

test("semicolons separate, too", () => {
  assert.equal(readResults("algorithm;case;value\nA;1;0.5\n", "t", null)[0]!.value, 0.5);
});

test("what is wrong is named with its place", () => {
  const refuse = (text: string, message: RegExp) =>
    assert.throws(
      () => readResults(text, "t.csv", null),
      (error: VisceraError) => message.test(error.message),
    );
  refuse("algorithm,case,value\nA,1,good\n", /"good" in line 2, column 3 of t.csv/);
  refuse("algorithm,case,value\nA,1\n", /Line 2 of t.csv has 2 cells/);
  refuse("algorithm,value\nA,1\n", /no column of cases/);
  refuse("case,value\nA,1\n", /no column of algorithms/);
  refuse("algorithm,case\nA,1\n", /no column of results/);
  refuse("", /no column of cases/);
});

test("a task ranked by all schemes agrees with itself", async () => {
  const rows = ["A", "B", "C"].flatMap((algorithm, a) =>
    Array.from({ length: 12 }, (_, c) => ({ algorithm, case: `${c}`, value: 10 - 3 * a + (c % 4) * 0.1 })),
  );
  const options = { ...RANKING_DEFAULTS, smallerIsBetter: false };
  const found = await rankTask(rows, "rank-then-mean", options, new Bootstrap(1, 50));
  assert.deepEqual(
    found.placings.map(({ algorithm }) => algorithm),
    ["A", "B", "C"],
  );
  assert.ok(found.tau.flat().every((tau) => tau === 1));
  assert.ok(found.p[0]![1]! < 0.05 && found.p[1]![0]! > 0.9);
  const holed = [...rows.slice(1), { algorithm: "A", case: "0", value: null }];
  await assert.rejects(rankTask(holed, "mean-then-rank", options, new Bootstrap(1, 5)), VisceraError);
  const removed = await rankTask(
    holed,
    "mean-then-rank",
    { ...options, missing: "remove" },
    new Bootstrap(1, 5),
  );
  assert.equal(removed.missing, 1);
});
