import assert from "node:assert/strict";
import { test } from "node:test";
import { patientSchema } from "@viscera/core";
import { readDataSet } from "../pharmacology/data-set.js";
import { libraryCompound, readCompound, resolveCompound } from "./compound-library.js";
import { drugConfigSchema } from "./simulation.js";
import { PATIENT_COLUMNS, pbpkSubjects } from "./subjects.js";

test("a compound based on another keeps the rest, with the sources of each", () => {
  const { compound } = resolveCompound({ basedOn: "59467-70-8", fractionUnbound: 0.03 });
  assert.deepEqual([compound.fractionUnbound, compound.bloodToPlasma], [0.03, 0.67]);
  assert.equal(compound.sources.fractionUnbound, "given in the configuration");
  assert.equal(compound.sources.bloodToPlasma, "httk 2.7.4, Sternbeck 2012");
  // What a run writes down as its configuration is the same compound.
  assert.deepEqual(resolveCompound(JSON.parse(JSON.stringify(compound))).compound, compound);
});

test("one clearance is divided among enzymes", () => {
  const based = { basedOn: "midazolam", enzymeShares: { CYP3A4: 0.9 } };
  const { metabolism, sources } = resolveCompound(based).compound;
  assert.deepEqual(
    metabolism.map(({ protein, intrinsicClearance }) => [protein, intrinsicClearance!.value.toFixed(3)]),
    [
      ["CYP3A4", "10.890"],
      ["hepatocytes", "1.210"],
    ],
  );
  assert.match(sources.metabolism!, /Wambaugh 2019.*shares of enzymes given/);
  assert.throws(
    () => resolveCompound({ ...based, enzymeShares: { A: 0.9, B: 0.2 } }),
    /"enzymeShares" of the compound add up to 1\.1/,
  );
  assert.throws(
    () => resolveCompound({ basedOn: "osp:midazolam", enzymeShares: { A: 0.9 } }),
    /divides one intrinsic clearance, but "metabolism" has 2/,
  );
});

test("missing and wrong numbers are named", () => {
  const wrong = (own: object, message: RegExp) =>
    assert.throws(() => readCompound(JSON.stringify({ basedOn: "midazolam", ...own }), "drug.json"), message);
  assert.throws(
    () => readCompound('{"name": "x", "logP": 2, "molarMassGPerMol": 300}', "drug.json"),
    /compound in drug\.json does not have the expected content: fractionUnbound/,
  );
  wrong({ metabolism: [{ protein: "X", intrinsicClearance: { value: 3 } }] }, /intrinsicClearance\.unit/);
  wrong({ metabolism: [{ protein: "X", michaelisUmolPerL: 3 }] }, /needs either "intrinsicClearance"/);
  wrong({ fractionUnbound: 1.2 }, /fractionUnbound/);
  wrong({ molarMassGPerMol: -3 }, /molarMassGPerMol/);
  wrong({ logp: 3 }, /logp/);
  wrong({ partitionMethod: "guess" }, /partitionMethod/);
  wrong({ absorption: { ratePerH: 1, gutMetabolism: { A: 0.7, B: 0.7 } } }, /add up to more than 1/);
  const induction = { protein: "CYP3A4", maximum: 2, halfMaximumUmolPerL: 1 };
  wrong({ induction: [induction, induction] }, /induction: CYP3A4 stands there twice/);
  assert.throws(() => libraryCompound("midazolm"), { hint: /Midazolam/ });
  assert.throws(() => resolveCompound(3), /neither a name nor/);
});

test("a configuration with a compound that cannot be used is refused when it is read", () => {
  assert.equal(drugConfigSchema.safeParse({ compound: "midazolam" }).success, true);
  const { error } = drugConfigSchema.safeParse({ compound: { basedOn: "midazolam", fractionUnbound: 2 } });
  assert.match(error!.issues[0]!.message, /fractionUnbound/);
  assert.equal(drugConfigSchema.safeParse({ compound: "no such drug" }).success, false);
});

test("subjects have the bodies of their columns, and fixed parameters in common", () => {
  const { compound } = libraryCompound("osp:midazolam");
  const subjects = pbpkSubjects(compound, patientSchema.parse({ heightCm: 170 }), { fixed: { Kp_fat: 9 } });
  const names = subjects.model.parameters.map(({ name }) => name);
  const read = (rows: string) =>
    readDataSet(`ID,TIME,AMT,EVID,CMT,WT,SEX,CREAT,AGE\n${rows}`, { covariates: PATIENT_COLUMNS });
  const data = read("1,0,1,1,1,60,1,0.8,40\n2,0,1,1,1,90,0,1.6,40");
  const [one, other] = data.subjects.map((subject) => subjects.parametersOf(data, subject));
  const at = (name: string) => names.indexOf(name);
  assert.ok(one![at("V_muscle")]! < other![at("V_muscle")]!);
  assert.ok(one![at("GFR")]! > other![at("GFR")]!);
  assert.deepEqual([one![at("Kp_fat")], other![at("Kp_fat")]], [9, 9]);
  const wrong = read("1,0,1,1,1,60,3,1,40");
  assert.throws(() => subjects.parametersOf(wrong, wrong.subjects[0]!), /Subject 1 .* has SEX 3/);
  const heavy = read("1,0,1,1,1,6000,1,1,40");
  assert.throws(() => subjects.parametersOf(heavy, heavy.subjects[0]!), /Subject 1 .*weightKg/);
});
