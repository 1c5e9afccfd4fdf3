import assert from "node:assert/strict";
import { test } from "node:test";
import { patientSchema } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { bodyOf } from "@viscera/organ";
import { type Compound, type CompoundInput, compoundSchema } from "./compound.js";
import { pbpkCourse } from "./course.js";
import { type Dose, doseRecords, doseSchema } from "./doses.js";
import { MIDAZOLAM } from "./midazolam.js";
import { pbpkModel } from "./model.js";
import { namedCompounds } from "./names.js";
import { pbpkParameters } from "./parameters.js";
import { physiologyOf } from "./physiology.js";
import { type PbpkStructure, WHOLE_BODY } from "./structure.js";
import { vascularShare } from "./vascular.js";

const patient = patientSchema.parse({ sex: "male", heightCm: 176, weightKg: 73, ageYears: 30 });
const body = bodyOf(patient, []);
const physiology = physiologyOf(body, patient);
const LIVER_FLOW = (body.flowLPerMin.liver + body.flowLPerMin.gut + body.flowLPerMin.spleen) * 60;

const drug = (numbers: Partial<CompoundInput>): Compound =>
  compoundSchema.parse({
    name: "drug",
    molarMassGPerMol: 300,
    logP: 1.5,
    fractionUnbound: 0.3,
    bloodToPlasma: 0.8,
    absorption: { ratePerH: 1.5 },
    ...numbers,
  });

const linear = (protein: string, litresPerH: number) => ({
  protein,
  intrinsicClearance: { value: litresPerH, unit: "L/h" as const },
});

/** Values at some times, by name. */
async function course(
  compounds: Compound[],
  doses: Partial<Dose>[],
  timesH: readonly number[],
  { structure = WHOLE_BODY, set = {} }: { structure?: PbpkStructure; set?: Record<string, number> } = {},
) {
  const model = pbpkModel(compounds, structure);
  const parameters = pbpkParameters(model, physiology, compounds);
  for (const [name, value] of Object.entries(set)) {
    const at = model.parameters.findIndex((parameter) => parameter.name === name);
    assert.ok(at >= 0, name);
    parameters[at] = value;
  }
  const records = doseRecords(
    doses.map((dose) => doseSchema.parse({ route: "bolus", doseMg: 100, ...dose })),
    namedCompounds(compounds),
  );
  const result = await pbpkCourse(model, parameters, records, Float64Array.from(timesH));
  return { ...result, model, at: (name: string, i: number) => result.columns.get(name)![i]! };
}

test("what the whole model loses and keeps adds up, with every process at once", async () => {
  const victim = drug({
    metabolism: [
      linear("CYP3A4", 200),
      { protein: "CYP2D6", maximalRate: { value: 500, unit: "pmol/min/mg" }, michaelisUmolPerL: 2 },
    ],
    hepaticUptake: [linear("OATP1B1", 50)],
    biliaryExcretion: [linear("MRP2", 20)],
    tubularSecretion: [
      { protein: "OCT2", maximalRate: { value: 900, unit: "umol/h" }, michaelisUmolPerL: 5 },
    ],
    permeabilityPerH: { liver: 40, muscle: 3, kidney: 60 },
    absorption: {
      ratePerH: 2,
      gutAvailability: 0.6,
      gutMetabolism: { CYP3A4: 0.8 },
      dissolution: { solubilityMgPerL: 300, particleRadiusUm: 25 },
    },
  });
  const perpetrator = drug({
    name: "keto",
    metabolism: [linear("CYP3A4", 20)],
    inhibition: [
      { kind: "competitive", protein: "CYP3A4", inhibitionUmolPerL: 0.1 },
      { kind: "noncompetitive", protein: "OCT2", inhibitionUmolPerL: 1 },
      { kind: "mechanism-based", protein: "CYP3A4", inhibitionUmolPerL: 2, inactivationPerH: 1 },
    ],
    induction: [{ protein: "CYP3A4", maximum: 4, halfMaximumUmolPerL: 1 }],
  });
  const doses: Partial<Dose>[] = [
    { route: "oral", doseMg: 200 },
    { route: "infusion", doseMg: 50, startH: 1, durationH: 2, compound: "keto", everyH: 6, count: 2 },
  ];
  const { columns, model } = await course([victim, perpetrator], doses, [0.3, 1, 4, 12, 48]);
  const amounts = model.compartments.map(({ name }) => name).filter((name) => !/auc|^level/.test(name));
  for (const [i, [ofVictim, ofOther]] of [
    [200, 0],
    [200, 0],
    [200, 50],
    [200, 100],
    [200, 100],
  ].entries()) {
    const sum = (names: string[]) => names.reduce((total, name) => total + columns.get(name)![i]!, 0);
    assertClose(sum(amounts.filter((name) => !name.startsWith("keto_"))), ofVictim!, { relative: 1e-9 });
    if (ofOther! > 0)
      assertClose(sum(amounts.filter((name) => name.startsWith("keto_"))), ofOther!, { relative: 1e-9 });
  }
});

test("a very permeable tissue is one limited by perfusion whose blood is part of it", async () => {
  const permeable = drug({ metabolism: [linear("X", 100)], permeabilityPerH: { muscle: 1e7, kidney: 1e7 } });
  const times = [0.1, 1, 5, 20];
  const slow = await course([permeable], [{}], times);
  assert.ok(slow.linear);
  const mixed = (tissue: string) => {
    const model = pbpkModel([permeable]);
    const kp = pbpkParameters(model, physiology, [permeable])[
      model.parameters.findIndex(({ name }) => name === `Kp_${tissue}`)
    ]!;
    const share = vascularShare(tissue);
    return share * 0.8 + (1 - share) * kp;
  };
  const fast = await course([drug({ metabolism: [linear("X", 100)] })], [{}], times, {
    set: { Kp_muscle: mixed("muscle"), Kp_kidney: mixed("kidney") },
  });
  for (const i of times.keys()) {
    for (const name of ["C_plasma", "C_muscle", "C_kidney", "C_fat"])
      assertClose(slow.at(name, i), fast.at(name, i), { relative: 1e-4 }, name);
  }
});

test("a hardly permeable tissue stays empty", async () => {
  const { at } = await course([drug({ permeabilityPerH: { brain: 1e-6 } })], [{}], [1]);
  assert.ok(at("C_brain", 0) < 0.05 * at("C_plasma", 0));
  assert.ok(at("brain", 0) < 1e-4 * at("brain_blood", 0));
});

test("liver models have their closed forms", async () => {
  const intrinsic = 300;
  const [ratio, unbound] = [0.8, 0.3];
  const compound = drug({ metabolism: [linear("X", intrinsic)], filtrationShare: 0 });
  const number = (unbound * intrinsic) / (ratio * LIVER_FLOW);
  const root = Math.sqrt(1 + 4 * 0.17 * number);
  const extraction = {
    "well-stirred": number / (1 + number),
    "parallel-tube": 1 - Math.exp(-number),
    dispersion:
      1 -
      (4 * root) /
        ((1 + root) ** 2 * Math.exp((root - 1) / 0.34) - (1 - root) ** 2 * Math.exp(-(root + 1) / 0.34)),
  };
  for (const [liver, expected] of Object.entries(extraction)) {
    const structure = { ...WHOLE_BODY, liver: liver as keyof typeof extraction };
    const intravenous = await course([compound], [{}], [2000], { structure });
    const clearance = 100 / intravenous.at("auc", 0);
    assertClose(clearance, LIVER_FLOW * expected * ratio, { relative: 1e-9 }, liver);
    // What comes from the gut passes the liver once.
    const oral = await course([compound], [{ route: "oral" }], [2000], { structure });
    assertClose(oral.at("auc", 0) / intravenous.at("auc", 0), 1 - expected, { relative: 1e-9 }, liver);
  }
});

test("renal clearance is filtration, and secretion of what the kidney's blood brings", async () => {
  const filtered = await course([drug({ filtrationShare: 0.5 })], [{}], [20000]);
  assertClose(100 / filtered.at("auc", 0), 0.5 * 7.2 * 0.3, { relative: 1e-9 });
  assertClose(filtered.at("urine", 0), 100, { relative: 1e-9 });
  const secretion = 90;
  const secreted = await course(
    [drug({ filtrationShare: 0, tubularSecretion: [linear("OCT2", secretion)] })],
    [{}],
    [5000],
  );
  const flow = body.flowLPerMin.kidney * 60;
  const intrinsic = (secretion * 0.3) / 0.8;
  assertClose(100 / secreted.at("auc", 0), ((flow * intrinsic) / (flow + intrinsic)) * 0.8, {
    relative: 1e-9,
  });
});

test("saturable metabolism: its clearance at low dose, its largest rate at high dose", async () => {
  const saturable = drug({
    filtrationShare: 0,
    metabolism: [{ protein: "X", maximalRate: { value: 1000, unit: "umol/h" }, michaelisUmolPerL: 10 }],
  });
  const plain = drug({ filtrationShare: 0, metabolism: [linear("X", 100)] });
  const low = await course([saturable], [{ doseMg: 1e-3 }], [1, 10]);
  const reference = await course([plain], [{ doseMg: 1e-3 }], [1, 10]);
  assert.equal(low.linear, false);
  for (const i of [0, 1]) assertClose(low.at("C_plasma", i), reference.at("C_plasma", i), { relative: 1e-4 });
  const high = await course([saturable], [{ doseMg: 1e6 }], [5, 6]);
  // 1000 umol/h of 300 g/mol are 300 mg/h.
  assertClose(high.at("metabolised", 1) - high.at("metabolised", 0), 300, { relative: 2e-3 });
});

test("a constant inhibitor raises the area by 1 / (fm / (1 + I/Ki) + 1 - fm)", async () => {
  // Little extraction: clearance goes with intrinsic clearance.
  const victim = drug({
    filtrationShare: 0,
    metabolism: [linear("CYP3A4", 0.08), linear("CYP2C9", 0.02)],
  });
  const inhibitor = (kind: "competitive" | "noncompetitive") =>
    drug({
      name: "inhibitor",
      filtrationShare: 0,
      inhibition: [{ kind, protein: "CYP3A4", inhibitionUmolPerL: 1 }],
    });
  for (const kind of ["competitive", "noncompetitive"] as const) {
    const doses: Partial<Dose>[] = [{ startH: 200 }, { compound: "inhibitor", doseMg: 300 }];
    const { at } = await course([victim, inhibitor(kind)], doses, [200, 40000]);
    const alone = await course([victim], [{}], [39800]);
    // Nothing removes the inhibitor: its unbound concentration is the same everywhere and stays.
    const concentration = (at("inhibitor_C_plasma", 1) * 0.3 * 1000) / 300;
    assert.ok(concentration > 1, String(concentration));
    const expected = 1 / (0.8 / (1 + concentration) + 0.2);
    assertClose((at("auc", 1) - at("auc", 0)) / alone.at("auc", 0), expected, { relative: 2e-3 });
  }
});

test("inhibition of the gut's wall raises what passes it", async () => {
  const victim = drug({
    filtrationShare: 1,
    absorption: { ratePerH: 2, gutAvailability: 0.5, gutMetabolism: { CYP3A4: 1 } },
  });
  const inhibitor = drug({
    name: "inhibitor",
    filtrationShare: 0,
    inhibition: [{ kind: "competitive", protein: "CYP3A4", inhibitionUmolPerL: 1 }],
  });
  const doses: Partial<Dose>[] = [
    { startH: 200, route: "oral" },
    { compound: "inhibitor", doseMg: 300 },
  ];
  const { at } = await course([victim, inhibitor], doses, [20000]);
  const alone = await course([victim], [{ route: "oral" }], [20000]);
  const factor = 1 / (1 + (at("inhibitor_C_plasma", 0) * 0.3 * 1000) / 300);
  assertClose(alone.at("metabolised", 0), 50, { relative: 1e-9 });
  assertClose(at("metabolised", 0), 100 * (1 - 0.5 / (0.5 + 0.5 * factor)), { relative: 1e-5 });
});

test("levels of enzymes settle where synthesis and loss are equal, and return", async () => {
  const victim = drug({ metabolism: [linear("CYP3A4", 10)] });
  const changer = drug({
    name: "changer",
    filtrationShare: 0,
    inhibition: [
      { kind: "mechanism-based", protein: "CYP3A4", inhibitionUmolPerL: 3, inactivationPerH: 0.2 },
    ],
    induction: [{ protein: "CYP3A4", maximum: 5, halfMaximumUmolPerL: 2 }],
  });
  const { at } = await course([victim, changer], [{ compound: "changer", doseMg: 200 }], [0, 3000]);
  assertClose(at("level_CYP3A4_liver", 0), 1, { relative: 1e-9 });
  const concentration = (at("changer_C_plasma", 1) * 0.3 * 1000) / 300;
  const degradation = Math.LN2 / 36;
  const expected =
    (degradation * (1 + (5 * concentration) / (2 + concentration))) /
    (degradation + (0.2 * concentration) / (3 + concentration));
  assertClose(at("level_CYP3A4_liver", 1), expected, { relative: 1e-6 });
});

test("spheres dissolve by the cube-root law under sink conditions, and a soluble drug is as a solution", async () => {
  const solid = drug({
    absorption: {
      ratePerH: 1.5,
      dissolution: { solubilityMgPerL: 1e5, particleRadiusUm: 100, diffusionCm2PerS: 1e-6 },
    },
  });
  // 3 D solubility / (rho r h): 3 x 1e-6 cm2/s x 100 mg/cm3 / (1200 mg/cm3 x 0.01 cm x 0.003 cm) x 3600 s/h.
  const rate = ((3 * 1e-6 * 100) / (1200 * 0.01 * 0.003)) * 3600;
  const times = [0.02, 0.05, 0.08];
  const { at } = await course([solid], [{ route: "oral", doseMg: 1 }], times, { set: { ktransit: 1e-9 } });
  for (const [i, t] of times.entries())
    assertClose(at("solid", i), (1 - (rate * t) / 3) ** 3, { relative: 2e-3 }, `${t} h`);
  const fine = drug({
    absorption: { ratePerH: 1.5, dissolution: { solubilityMgPerL: 1e6, particleRadiusUm: 0.5 } },
  });
  const dissolved = await course([fine], [{ route: "oral" }], [0.5, 2], { set: { ktransit: 1e-9 } });
  const solution = await course([drug({})], [{ route: "oral" }], [0.5, 2]);
  for (const i of [0, 1])
    assertClose(dissolved.at("C_plasma", i), solution.at("C_plasma", i), { relative: 1e-3 });
  // What dissolves slowly leaves the small intestine first.
  const coarse = drug({
    absorption: { ratePerH: 1.5, dissolution: { solubilityMgPerL: 5, particleRadiusUm: 50 } },
  });
  assert.ok((await course([coarse], [{ route: "oral" }], [100])).at("faeces", 0) > 50);
});

test("steady state of a saturable drug is where many doses lead", async () => {
  const saturable = drug({
    metabolism: [{ protein: "X", maximalRate: { value: 200, unit: "umol/h" }, michaelisUmolPerL: 5 }],
  });
  const dose = { route: "oral" as const, doseMg: 60, everyH: 8 };
  const many = await course([saturable], [{ ...dose, count: 60 }], [472, 475]);
  const steady = await course([saturable], [{ ...dose, steadyState: true }], [0, 3]);
  for (const i of [0, 1]) {
    for (const name of ["C_plasma", "liver", "fat"])
      assertClose(steady.at(name, i), many.at(name, i), { relative: 1e-5 }, name);
  }
  // What left the body before is not known: it is counted from here on.
  assert.equal(steady.at("urine", 0), 0);
});

test("uptake by transporters concentrates drug in the liver", async () => {
  const passive = drug({ permeabilityPerH: { liver: 50 } });
  const active = drug({ permeabilityPerH: { liver: 50 }, hepaticUptake: [linear("OATP1B1", 500)] });
  const one = await course([passive], [{}], [3]);
  const other = await course([active], [{}], [3]);
  const ratio = (c: typeof one) => c.at("liver", 0) / c.at("C_plasma", 0);
  // At slow elimination the ratio rises by (PS + uptake) / PS.
  const surface = 50 * (body.tissues.liver.volumeMl / 1000);
  assertClose(ratio(other) / ratio(one), (surface + 500) / surface, { relative: 0.05 });
});

test("a liver's volume scales the clearance measured in its cells", () => {
  const compound = drug({
    metabolism: [{ protein: "X", intrinsicClearance: { value: 10, unit: "uL/min/10^6 cells" } }],
  });
  const model = pbpkModel([compound]);
  const at = model.parameters.findIndex(({ name }) => name === "CLint_X");
  const small = { ...physiology, tissues: { ...physiology.tissues, liver: { volumeL: 0.9, flowLPerH: 25 } } };
  const [value] = pbpkParameters(model, small, [compound]).slice(at);
  // 10 uL/min x 110 million cells/g x 945 g.
  assertClose(value!, 10 * 110 * 945 * 60e-6, { relative: 1e-12 });
});

test("what does not go together is refused in a sentence", () => {
  const saturable = drug({
    metabolism: [{ protein: "X", maximalRate: { value: 1, unit: "umol/h" }, michaelisUmolPerL: 1 }],
  });
  assert.throws(() => pbpkModel([saturable], { ...WHOLE_BODY, liver: "parallel-tube" }), /saturable/);
  assert.throws(
    () => pbpkModel([drug({ hepaticUptake: [linear("OATP1B1", 1)] })]),
    /limited by permeability/,
  );
  assert.throws(() => pbpkModel([MIDAZOLAM, MIDAZOLAM]), /Two compounds have the name/);
  assert.throws(() => pbpkModel([drug({ permeabilityPerH: { livr: 1 } })]), /names the tissue "livr"/);
  assert.throws(() => pbpkModel([drug({ partition: { hoof: 1 } })]), /names the tissue "hoof"/);
  const unknown = drug({
    metabolism: [linear("CYP9Z9", 1)],
    induction: [{ protein: "CYP9Z9", maximum: 2, halfMaximumUmolPerL: 1 }],
  });
  assert.throws(
    () => pbpkParameters(pbpkModel([unknown]), physiology, [unknown]),
    /renewed in the liver is not known/,
  );
  const model = pbpkModel([MIDAZOLAM]);
  const negative = { ...physiology, venousL: -1 };
  assert.throws(
    () => pbpkParameters(model, negative, [MIDAZOLAM]),
    /"V_venous" of the whole-body model is -1/,
  );
  assert.throws(
    () => pbpkModel([MIDAZOLAM], { ...WHOLE_BODY, tissues: WHOLE_BODY.tissues.slice(1) }),
    /lacks lung/,
  );
});
