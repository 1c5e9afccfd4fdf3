import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { affineOf, type Size3 } from "@viscera/core";
import { writeVolume } from "@viscera/scan/node";
import { filesBelow, refused, scratch, viscera } from "./testing.js";

const SIZE: Size3 = [10, 8, 6];

describe("readers", () => {
  const { at, remove } = scratch();
  const put = (name: string, value: unknown) => writeFileSync(at(name), JSON.stringify(value));
  before(async () => {
    const data = Int16Array.from({ length: 480 }, (_, i) => i);
    await writeVolume(at("scan.nii.gz"), {
      size: SIZE,
      affine: affineOf([1, 1, 1]),
      data,
      modality: "CT",
      unit: "HU",
    });
    put("study.json", {
      title: "Nodules",
      questions: [{ id: "sure", text: "How sure?", kind: "scale" }],
      cases: [0, 1, 2, 3].map((c) => ({ id: `c${c}`, image: "scan.nii.gz", truth: { sure: c > 1 } })),
    });
    for (const [reader, values] of [
      ["ann", "1245"],
      ["bob", "2134"],
    ] as const)
      put(`answers-${reader}.json`, {
        ...{ schema: 1, study: "Nodules", arm: null, reader },
        answers: [...values].map((value, c) => ({ case: `c${c}`, question: "sure", value })),
      });
  });
  after(remove);

  test("page holds the images and nothing of the truth", () => {
    const { status, stderr } = viscera(["readers", "page", at("study.json"), "--out", at("study.html")]);
    assert.equal(status, 0, stderr);
    const page = readFileSync(at("study.html"), "utf8");
    assert.equal([...page.matchAll(/class="study-slice"/g)].length, 4 * 6);
    const study = JSON.parse(readFileSync(at("study.json"), "utf8"));
    put("blind.json", {
      ...study,
      cases: study.cases.map(({ truth: _, ...one }: { truth: unknown }) => one),
    });
    assert.equal(viscera(["readers", "page", at("blind.json"), "--out", at("blind.html")]).status, 0);
    assert.equal(readFileSync(at("blind.html"), "utf8"), page);
  });

  test("score gives agreement and ROC curves", () => {
    const answers = [at("answers-ann.json"), at("answers-bob.json")];
    const { status, stdout, stderr } = viscera([
      "readers",
      "score",
      at("study.json"),
      ...answers,
      "--out",
      at("s.json"),
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /sure +2 +4 +- +0\.8\d\d +1\.000/);
    const { questions } = JSON.parse(readFileSync(at("s.json"), "utf8"));
    assert.deepEqual(
      questions[0].areas.map(({ area }: { area: number }) => area),
      [1, 1],
    );
  });

  test("what does not fit is told, and nothing is written", () => {
    const before = filesBelow(at());
    refused(
      ["readers", "page", at("study.json"), "--arm", "aided", "--out", at("n.html")],
      2,
      /no arm "aided"/,
    );
    put("other.json", { schema: 1, study: "Other", arm: null, reader: "x", answers: [] });
    const score = ["readers", "score", at("study.json"), at("other.json"), "--out", at("n.json")];
    refused(score, 3, /answers the study "Other"/);
    assert.deepEqual(filesBelow(at()), [...before, "other.json"].sort());
  });
});
