import assert from "node:assert/strict";
import { test } from "node:test";
import { readDataSet } from "./data-set.js";

const refused = (text: string, message: RegExp) =>
  assert.throws(() => readDataSet(text, { name: "d.csv" }), { code: "input.data", message });

test("commas or white space, any case, quotes, dots, comments and ignored lines", () => {
  const commas = readDataSet(
    '"id","Time",amt,DV,"WT"\n# a comment\n1,0,100,.,70\n\n1,1,.,2.5,.\r\n2,0,,1,80\n',
    {
      covariates: ["WT"],
    },
  );
  const spaces = readDataSet("C ID TIME AMT DV WT\nC 1 0 100 . 70".replace(/^C |\nC /g, "\n").trim(), {
    covariates: ["WT"],
  });
  assert.deepEqual(
    commas.subjects.map(({ id, records }) => [id, records.map(({ kind, line }) => [kind, line])]),
    [
      [
        "1",
        [
          ["dose", 3],
          ["observation", 5],
        ],
      ],
      ["2", [["observation", 6]]],
    ],
  );
  // Carried forward within a subject.
  assert.deepEqual([...commas.subjects[0]!.records[1]!.covariates], [70]);
  assert.equal(commas.subjects[0]!.records[1]!.observed, 2.5);
  assert.equal(spaces.subjects[0]!.records[0]!.dose!.amount, 100);
  const ignored = readDataSet("ID TIME DV\n@ 1 2\nx 0 5\n1 0 5", { ignore: "@" });
  assert.equal(ignored.subjects.length, 1);
  assert.equal(readDataSet("ID,TIME,DV\n1,0,5\nI,0,5", { ignore: "I" }).subjects.length, 1);
});

test("EVID follows from the doses where it is not given; MDV hides observations", () => {
  const { subjects } = readDataSet(
    "ID,TIME,AMT,RATE,DV,MDV,SS\n1,0,10,.,.,1,.\n1,1,.,.,3,0,.\n1,2,.,.,4,1,.\n1,3,.,5,.,1,1",
  );
  const [dose, seen, hidden, constant] = subjects[0]!.records;
  assert.equal(dose!.kind, "dose");
  assert.equal(seen!.observed, 3);
  assert.equal(hidden!.observed, null);
  assert.equal(hidden!.kind, "observation");
  assert.equal(constant!.dose!.rate, 5);
});

test("RxODE's older codes of boluses name the compartment", () => {
  const { subjects } = readDataSet("ID,TIME,AMT,EVID\n1,0,10,201");
  assert.deepEqual([subjects[0]!.records[0]!.kind, subjects[0]!.records[0]!.compartment], ["dose", "2"]);
});

test("a reset may begin a new count of time; nothing else may go back", () => {
  const { subjects } = readDataSet("ID,TIME,AMT,EVID\n1,0,10,1\n1,24,0,0\n1,0,10,4\n1,5,0,0");
  assert.equal(subjects[0]!.records.length, 4);
  refused("ID,TIME,AMT,EVID\n1,0,10,1\n1,24,0,0\n1,5,0,0", /Line 4 of d.csv: TIME falls from 24 to 5/);
});

test("what contradicts itself is refused with its line", () => {
  const header = "ID,TIME,AMT,RATE,DUR,EVID,CMT,ADDL,II,SS";
  const row = (text: string, message: RegExp) => refused(`${header}\n${text}`, message);
  row("1,0,-5,0,0,1,1,0,0,0", /Line 2 of d.csv: the amount is negative/);
  row("1,0,0,10,0,1,1,0,0,0", /RATE is 10 but the amount is zero/);
  row("1,0,0,0,0,1,1,0,0,0", /no amount/);
  row("1,0,5,0,0,1,1,0,12,0", /II is 12, but neither ADDL nor SS/);
  row("1,0,5,0,0,1,1,3,0,0", /ADDL asks for 3 further doses without an interval/);
  row("1,0,5,0,0,1,1,1.5,12,0", /ADDL is 1.5/);
  row("1,0,5,0,0,1,1,0,0,1", /SS is 1 without an interval/);
  row("1,0,5,0,0,1,1,0,12,3", /SS is 3/);
  row("1,0,5,-3,0,1,1,0,0,0", /RATE is -3/);
  row("1,0,5,5,2,1,1,0,0,0", /both RATE .* and DUR/);
  row("1,0,5,0,-2,1,1,0,0,0", /the duration is negative/);
  row("1,0,0,5,0,1,1,0,12,1", /constant infusion .* has no interval/);
  row("1,0,5,0,0,0,1,0,0,0", /gives no dose \(EVID 0\) has AMT 5/);
  row("1,0,5,0,0,7,1,0,0,0", /EVID is 7/);
  row("1,0,5,0,0,1,-1,0,0,0", /CMT is -1/);
  row("1,.,5,0,0,1,1,0,0,0", /TIME is missing/);
  row(".,0,5,0,0,1,1,0,0,0", /ID is missing/);
  row("1,0,5,0,0,1,1,0,0", /Line 2 of d.csv has 9 values; the header names 10/);
  row("1,0,5x,0,0,1,1,0,0,0", /"5x" in the column AMT is no finite number/);
  row("1,0,1e999,0,0,1,1,0,0,0", /"1e999" in the column AMT is no finite number/);
  row(
    "1,0,5,0,0,1,1,0,0,0\n2,0,5,0,0,1,1,0,0,0\n1,1,0,0,0,0,1,0,0,0",
    /Line 4 .*the subject 1, last seen in line 2/,
  );
  refused("ID,AMT\n1,5", /has no column TIME/);
  refused("TIME,AMT\n1,5", /has no column ID/);
  refused("ID,TIME,DATE,AMT\n1,0,0,5".replace("DATE", "DAT1"), /has dates/);
  refused("ID,TIME,AMT\n1,08:30,5", /"08:30" in the column TIME/);
  refused("ID,TIME,TIME\n1,0,5", /two columns named "TIME"/);
  refused("1,0,5\n1,1,0", /begins with numbers/);
  refused("ID,TIME\n", /holds no data/);
  refused("", /holds no data/);
});

test("what estimation needs: occasions, kinds of measurement, values below a limit", () => {
  const { subjects } = readDataSet(
    "ID,TIME,DV,DVID,OCC,CENS,LLOQ\n1,0,5,cp,1,0,0.1\n1,1,0.2,2,1,1,.\n1,2,0.05,2,2,0,0.1\n1,3,.,2,2,1,0.1",
  );
  assert.deepEqual(
    subjects[0]!.records.map(({ measurement, occasion, below }) => [measurement, occasion, below]),
    [
      ["cp", "1", undefined],
      ["2", "1", 0.2],
      ["2", "2", 0.1],
      ["2", "2", undefined],
    ],
  );
  assert.throws(() => readDataSet("ID,TIME,DV,CENS\n1,0,5,-1"), /Line 2 .* CENS is -1/);
});

test("RxODE's older codes of infusions: the rate where it begins, negative where it ends", () => {
  const { subjects } = readDataSet(
    "ID,TIME,AMT,EVID\n1,0,50,10101\n1,1,.,0\n1,3,-50,10101\n1,4,20,10201\n1,5,-20,10201",
  );
  assert.deepEqual(
    subjects[0]!.records.map(({ kind, compartment, dose }) => [kind, compartment, dose?.amount, dose?.rate]),
    [
      ["dose", "1", 150, 50],
      ["observation", "", undefined, undefined],
      ["other", "1", undefined, undefined],
      ["dose", "2", 20, 20],
      ["other", "2", undefined, undefined],
    ],
  );
  assert.throws(
    () => readDataSet("ID,TIME,AMT,EVID\n1,0,50,10101\n1,3,-40,10101"),
    /Line 3 .* has not begun/,
  );
  assert.throws(() => readDataSet("ID,TIME,AMT,EVID\n1,0,50,10101\n1,1,.,0"), /Line 2 .* has no end/);
});
