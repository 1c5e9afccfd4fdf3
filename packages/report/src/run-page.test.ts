import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { buildReport, buildRunReport, type RunReportInput } from "./index.js";
import { HOSTILE, hostileCase } from "./testing/hostile-case.js";
import { smallCase } from "./testing/small-case.js";

const input = (): RunReportInput => {
  const { runs, generatedAt, version } = smallCase();
  return { title: runs[0]!.summary.title, runs, generatedAt, version };
};

const prose = (page: string) =>
  page.replace(/<script[\s\S]*?<\/script>/g, "").replace(/<style[\s\S]*?<\/style>/g, "");

test("a run without a case has a page: figures, results, curves, tables, configuration, imprint", async () => {
  const page = await buildRunReport(input());
  const text = prose(page);
  for (const part of [
    "Research and education only.",
    "<h1>Midazolam 2 mg, intravenous</h1>",
    "Peak plasma concentration",
    "31.4 to 52.2",
    "The lung volume comes from a table.",
    'class="chart-still"',
    "<caption>Volumes</caption>",
    "midazolam",
    "Viscera 0.1.0 on 2026-11-21 07:06 UTC",
  ])
    assert.ok(text.includes(part), part);
  assert.equal(text.match(/>Midazolam 2 mg/g)!.length, 2, "title of the document and heading");
  assert.ok(!/three\.js|Slices|Organs in space/.test(text));
  assert.equal(page, await buildRunReport(input()), "the same bytes");
});

test("its sections are those of the case's page", async () => {
  const section = (page: string) => /<table class="values">[\s\S]*?<\/pre>/.exec(page)![0];
  assert.equal(section(await buildRunReport(input())), section(await buildReport(smallCase())));
});

test("its policy allows its own script and style only, and without the scene it is small", async () => {
  const page = await buildRunReport(input());
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll("&#39;", "'");
  for (const [name, tag] of [
    ["script-src", "script"],
    ["style-src", "style"],
  ]) {
    const content = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)![1]!;
    const hash = createHash("sha256").update(content).digest("base64");
    assert.ok(policy.includes(`${name} 'sha256-${hash}'`), name);
  }
  assert.match(policy, /default-src 'none'/);
  assert.ok(page.length < 250_000, `${page.length} characters`);
});

test("hostile texts of runs stay texts", async () => {
  const { runs } = hostileCase();
  const page = await buildRunReport({ title: HOSTILE, runs, generatedAt: HOSTILE, version: HOSTILE });
  assert.ok(!page.includes(HOSTILE));
  assert.ok(!/<img/.test(prose(page)));
  assert.equal(
    page.match(/<\/?script/g)!.length,
    (await buildRunReport(input())).match(/<\/?script/g)!.length,
  );
});

test("tables: units as people write them, decimals alike within a column, whole numbers without", async () => {
  const { runs, ...rest } = input();
  const columns = ["Quantity", "AUC (mg.h/L)", "Unit", "People", "Note (see 2.1)"];
  const rows = [
    ["a", 8, "ug.h/L", 1000, "x"],
    ["b", 0.98, "1", 12, null],
  ];
  const summary = { ...runs[0]!.summary, tables: [{ title: "T", columns, rows }] };
  const text = prose(await buildRunReport({ ...rest, runs: [{ ...runs[0]!, summary }] }));
  const cells = [...text.matchAll(/<t[hd][^>]*>([^<]*)<\/t[hd]>/g)].map((match) => match[1]);
  const from = cells.indexOf("AUC (mg·h/L)") - 1;
  assert.deepEqual(cells.slice(from, from + 15), [
    ...["Quantity", "AUC (mg·h/L)", "Unit", "People", "Note (see 2.1)"],
    ...["a", "8.00", "µg·h/L", "1000", "x"],
    ...["b", "0.980", "", "12", "–"],
  ]);
});

test("a run with nothing in it still makes a page", async () => {
  const { runs, ...rest } = input();
  const { summary } = runs[0]!;
  const empty = { ...summary, values: [], plots: [], tables: [], warnings: [], series: [] };
  const text = prose(
    await buildRunReport({ ...rest, runs: [{ name: "x", summary: empty, config: null, series: [] }] }),
  );
  assert.ok(!/NaN|undefined/.test(text));
  assert.ok(!text.includes('class="figures"'));
});
