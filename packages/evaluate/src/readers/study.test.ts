import assert from "node:assert/strict";
import { test } from "node:test";
import type { VisceraError } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { scoreStudy } from "./score-study.js";
import { readAnswers, readStudy } from "./study-file.js";

const CASES = 6;
const STUDY = {
  title: "Nodules",
  arms: ["unaided", "aided"],
  questions: [
    { id: "kind", text: "Which kind?", kind: "choice", options: ["solid", "glass"] },
    { id: "sure", text: "How sure?", kind: "scale", least: 1, most: 5 },
  ],
  cases: Array.from({ length: CASES }, (_, c) => ({
    id: `c${c}`,
    image: `c${c}.nii.gz`,
    truth: { sure: c >= 3 },
  })),
};
const study = readStudy(JSON.stringify(STUDY), "study.json");

const answersOf = (reader: string, arm: string, kinds: string, ratings: string, change = {}) =>
  readAnswers(
    JSON.stringify({
      schema: 1,
      study: "Nodules",
      arm,
      reader,
      answers: [
        ...[...kinds].flatMap((k, c) =>
          k === "-" ? [] : [{ case: `c${c}`, question: "kind", value: k === "s" ? "solid" : "glass" }],
        ),
        ...[...ratings].map((value, c) => ({ case: `c${c}`, question: "sure", value })),
      ],
      ...change,
    }),
    "a.json",
    study,
  );

test("agreement, areas and the comparison of arms from saved answers", () => {
  const { questions, comparisons } = scoreStudy(study, [
    answersOf("ann", "unaided", "ssgggg", "212345"),
    answersOf("bob", "unaided", "ssggg-", "123234"),
    answersOf("ann", "aided", "ssgggg", "112455"),
    answersOf("bob", "aided", "ssgggg", "111545"),
  ]);
  const [kind] = questions.filter((one) => one.question === "kind" && one.arm === "unaided");
  // Bob left the last case out.
  assert.deepEqual(kind!.cases, ["c0", "c1", "c2", "c3", "c4"]);
  assert.equal(kind!.cohen[0]!.kappa, 1);
  assert.equal(kind!.fleiss, 1);
  const [sure] = questions.filter((one) => one.question === "sure" && one.arm === "unaided");
  // Bob: positives 2, 3, 4 against 1, 2, 3: 7 of 9 pairs.
  const bob = sure!.areas!.find(({ reader }) => reader === "bob")!;
  assertClose(bob.area, 7 / 9, { absolute: 1e-12 });
  assert.ok(bob.low < bob.area && bob.high > bob.area);
  assert.ok(sure!.correlation!.agreement > 0.3);
  assert.equal(comparisons.length, 1);
  assert.deepEqual(comparisons[0]!.readers, ["ann", "bob"]);
  assert.deepEqual(comparisons[0]!.result.means[1], 1);
  assert.ok(comparisons[0]!.result.difference > 0);
});

test("one reader has areas and no agreement", () => {
  const { questions, comparisons } = scoreStudy(study, [answersOf("ann", "unaided", "ssgggg", "212345")]);
  assert.equal(questions[0]!.fleiss, null);
  assert.equal(questions[1]!.correlation, null);
  assert.equal(questions[1]!.areas!.length, 1);
  assert.equal(comparisons.length, 0);
});

test("what does not fit the study is told", () => {
  const refuse = (body: () => unknown, message: RegExp) =>
    assert.throws(body, (error: VisceraError) => message.test(error.message));
  refuse(() => answersOf("ann", "x", "", "9"), /answers "9" to sure in c0/);
  refuse(() => answersOf("ann", "x", "", "", { study: "Other" }), /answers the study "Other", not "Nodules"/);
  const changed = (change: object) => () => readStudy(JSON.stringify({ ...STUDY, ...change }), "study.json");
  refuse(changed({ cases: [STUDY.cases[0], STUDY.cases[0]] }), /two cases with the id "c0"/);
  refuse(
    changed({ questions: [{ id: "q", text: "?", kind: "scale", least: 5, most: 5 }] }),
    /goes from 5 to 5/,
  );
  refuse(changed({ questions: [{ id: "a b", text: "?", kind: "scale" }] }), /letters, digits/);
  const ann = answersOf("ann", "x", "ssgggg", "212345");
  refuse(() => scoreStudy(study, [ann, ann]), /two files of the reader ann in x/);
});
