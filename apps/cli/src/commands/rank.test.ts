import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { filesBelow, fingerprint, refused, scratch, viscera } from "./testing.js";

describe("rank", () => {
  const { at, remove } = scratch();
  before(() => {
    const lines = ["algorithm,case,structure,value"];
    for (const structure of ["liver", "spleen"])
      for (let c = 0; c < 10; c++)
        for (const [a, name] of ["best", "middle", "last"].entries())
          lines.push(`${name},${c},${structure},${0.9 - 0.1 * a + 0.01 * ((c * 7 + a) % 5)}`);
    writeFileSync(at("results.csv"), `${lines.join("\n")}\n`);
    writeFileSync(at("holes.csv"), `${lines.slice(0, -1).join("\n")}\n`);
    for (const [name, dice] of [
      ["unet", 0.9],
      ["resnet", 0.8],
    ] as const) {
      mkdirSync(at(name));
      writeFileSync(
        at(name, "cases.csv"),
        `case,structure,label,tolerance[mm],dice,hausdorff_95[mm]\na,liver,1,2,${dice},${10 * dice}\nb,liver,1,2,${dice},\n`,
      );
    }
  });
  after(remove);

  test("a table is ranked task by task, and the same seed gives the same files", () => {
    const run = (out: string) =>
      viscera(["rank", at("results.csv"), "--higher", "--out", at(out), "--bootstrap", "100", "--json"]);
    const { status, stdout, stderr } = run("one");
    assert.equal(status, 0, stderr);
    const { rankings } = JSON.parse(stdout);
    assert.deepEqual(
      rankings.map(({ task }: { task: string }) => task),
      ["liver", "spleen"],
    );
    assert.deepEqual(
      rankings[0].placings.map(({ algorithm }: { algorithm: string }) => algorithm),
      ["best", "middle", "last"],
    );
    const file = JSON.parse(readFileSync(at("one", "ranking.json"), "utf8"));
    assert.equal(file.rankings[0].agreement.kendallTau[0][4], 1);
    assert.equal(file.rankings[0].tests.p[0][0], null);
    assert.equal(readFileSync(at("one", "ranking.csv"), "utf8").trim().split("\n").length, 1 + 2 * 5 * 3);
    assert.equal(run("two").status, 0);
    // The page has a date.
    assert.equal(fingerprint(at("two"), ["ranking.html"]), fingerprint(at("one"), ["ranking.html"]));
    assert.match(readFileSync(at("one", "ranking.html"), "utf8"), /Who is better than whom/);
  });

  test("tables of `viscera evaluate` are ranked against each other, by metrics whose direction is known", () => {
    const tables = [at("unet", "cases.csv"), at("resnet", "cases.csv")];
    const { status, stdout, stderr } = viscera([
      ...[
        "rank",
        ...tables,
        "--metric",
        "dice,hausdorff_95",
        "--missing",
        "remove",
        "--out",
        at("both"),
        "--json",
      ],
    ]);
    assert.equal(status, 0, stderr);
    const first = JSON.parse(stdout).rankings.map(
      ({ placings }: { placings: { algorithm: string }[] }) => placings[0]!.algorithm,
    );
    assert.deepEqual(first, ["unet", "resnet"]);
  });

  test("missing results need a rule, and what is wrong is said in a sentence", () => {
    const wrong = (args: string[], message: RegExp, status = 2) =>
      refused(["rank", ...args, "--out", at("never")], status, message);
    wrong([at("holes.csv"), "--higher"], /1 results? (is|are) missing/);
    wrong([at("results.csv")], /not known whether higher or lower/);
    wrong([at("results.csv"), "--higher", "--task", "heart"], /names "heart"/);
    wrong([at("unet", "cases.csv")], /no column of algorithms/, 3);
    wrong(
      [`a=${at("unet", "cases.csv")}`, `a=${at("resnet", "cases.csv")}`],
      /Two tables are of the algorithm a/,
    );
    assert.deepEqual(filesBelow(at("never")), []);
    const { status, stderr } = viscera([
      ...["rank", at("holes.csv"), "--higher", "--missing", "0", "--bootstrap", "20", "--out", at("filled")],
    ]);
    assert.equal(status, 0, stderr);
    const rewarded = viscera([
      ...["rank", at("holes.csv"), "--lower", "--missing", "0", "--bootstrap", "20", "--out", at("rewarded")],
    ]);
    assert.match(rewarded.stderr, /count as 0, which is better than every result/);
  });
});
