import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { refused, scratch, viscera } from "./testing.js";

describe("drug compounds and whole-body models on data sets", () => {
  const { at, remove } = scratch();
  after(remove);
  const put = (name: string, text: string) => {
    writeFileSync(at(name), text);
    return at(name);
  };
  const DATA = [
    "ID,TIME,AMT,EVID,CMT,WT,SEX",
    "1,0,7.5,1,lumen,60,1",
    "1,2,.,0,.,60,1",
    "2,0,7.5,1,lumen,110,0",
    "2,2,.,0,.,110,0\n",
  ].join("\n");

  test("a compound's numbers come with their sources, by name and by CAS number", () => {
    const byName = viscera(["drug", "compounds", "midazolam"]);
    assert.equal(byName.status, 0, byName.stderr);
    assert.match(byName.stdout, /logP +2\.444 +httk 2\.7\.4, EPA-CCD-OPERA/);
    assert.match(byName.stdout, /Blood:plasma ratio +0\.67 +httk 2\.7\.4, Sternbeck 2012/);
    const byNumber = viscera(["drug", "compounds", "59467-70-8", "--json"]);
    const { compound, steadyStateMgPerLOf1MgPerKgPerDay } = JSON.parse(byNumber.stdout);
    assert.deepEqual([compound.name, compound.pKaBases], ["Midazolam", [6.19, 3.41]]);
    assert.ok(Math.abs(steadyStateMgPerLOf1MgPerKgPerDay - 0.345) < 0.001);
  });

  test("compounds are searched; a file's schema is printed", () => {
    const found = JSON.parse(viscera(["drug", "compounds", "--search", "midazolam", "--json"]).stdout);
    assert.deepEqual(
      found.compounds.map(({ name }: { name: string }) => name),
      ["osp:midazolam", "Hydroxymidazolam", "Midazolam"],
    );
    const schema = JSON.parse(viscera(["drug", "compounds", "--schema"]).stdout);
    assert.ok("fractionUnbound" in schema.properties);
  });

  test("each subject of a data set has a body of its own", () => {
    const out = at("bodies.csv");
    const result = viscera([
      "drug",
      "simulate",
      "pbpk:osp:midazolam",
      "--data",
      put("bodies-data.csv", DATA),
      "--out",
      out,
    ]);
    assert.equal(result.status, 0, result.stderr);
    const [header = "", small = "", large = ""] = readFileSync(out, "utf8").trim().split("\n");
    assert.match(header, /^ID,TIME,C_plasma\[mg\/L\],C_lung/);
    const plasma = (row: string) => Number(row.split(",")[2]);
    assert.ok(plasma(small) > 1.2 * plasma(large), `${small}\n${large}`);
  });

  test("a model's text with its values gives the same as the model", () => {
    const text = viscera(["drug", "models", "httk:midazolam"]);
    assert.equal(text.status, 0, text.stderr);
    assert.match(text.stdout, /^parameter Kp_rest = \d/m);
    const data = put("plain.csv", "ID,TIME,AMT,EVID,CMT\n1,0,5,1,lumen\n1,3,.,0,.\n");
    const rows = ["httk:midazolam", put("own.txt", text.stdout)].map((model, i) => {
      const out = at(`same-${i}.csv`);
      const result = viscera(["drug", "simulate", model, "--data", data, "--out", out]);
      assert.equal(result.status, 0, result.stderr);
      return readFileSync(out, "utf8");
    });
    assert.equal(rows[0], rows[1]);
  });

  test("mistakes are told in a sentence and nothing is written", () => {
    const out = at("never.csv");
    const data = put("good.csv", DATA);
    const simulate = (model: string, ...more: string[]) => [
      ...["drug", "simulate", model, "--data", data, "--out", out],
      ...more,
    ];
    refused(simulate("pbpk:midazolm"), 3, /no compound "midazolm" in the library[\s\S]*Midazolam/);
    refused(simulate("pbpk:none.json"), 3, /file "none\.json" does not exist/);
    refused(simulate("pk1", "--patient", data), 2, /--patient is for whole-body models/);
    assert.equal(existsSync(out), false);
  });
});
