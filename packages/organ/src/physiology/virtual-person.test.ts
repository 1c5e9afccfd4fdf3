import assert from "node:assert/strict";
import { test } from "node:test";
import { patientSchema } from "@viscera/core";
import { assertClose, organRecord } from "@viscera/core/testing";
import { anthropometryOf, meanAt } from "./anthropometry.js";
import {
  bodyMassKg,
  bodyOf,
  ckdEpiMlPerMinPer173,
  cockcroftGaultMlPerMin,
  DENSITY_G_PER_ML,
  type PeopleSpec,
  referenceAdult,
  TISSUES,
  type VirtualPerson,
  VOLUME_VARIATION,
  virtualPerson,
} from "./index.js";

const COUNT = 3000;
const drawn = (spec: PeopleSpec, count = COUNT, seed = 1) =>
  Array.from({ length: count }, (_, i) => virtualPerson(spec, seed, i));
const men = drawn({ femaleShare: 0, ageYears: [45, 45] });

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [moments(a), moments(b)];
  const sum = a.reduce((total, value, i) => total + (value - ma.mean) * (b[i]! - mb.mean), 0);
  return sum / ((a.length - 1) * ma.deviation * mb.deviation);
}

test("heights, weights, blood and creatinine have the moments of the regressions", () => {
  // Limits: four standard errors of a mean (of a deviation) of so many people.
  const error = 4 / Math.sqrt(COUNT);
  for (const sex of ["male", "female"] as const) {
    const people = sex === "male" ? men : drawn({ femaleShare: 1, ageYears: [45, 45] });
    const adults = anthropometryOf(sex);
    const check = (values: number[], mean: number, deviation: number, what: string) => {
      const found = moments(values);
      assertClose(found.mean, mean, { absolute: error * deviation }, `${sex} mean ${what}`);
      assertClose(found.deviation, deviation, { relative: error }, `${sex} deviation of ${what}`);
    };
    const of = (pick: (person: VirtualPerson) => number) => people.map(pick);
    const { heightCm, logWeight, haematocritPercent, logCreatinine } = adults;
    check(
      of(({ patient }) => patient.heightCm),
      meanAt(heightCm, 45),
      heightCm.deviation,
      "height",
    );
    const spread = Math.hypot(logWeight.deviation, logWeight.perCm * heightCm.deviation);
    const logs = of(({ patient }) => Math.log(patient.weightKg));
    check(logs, meanAt(logWeight, 45), spread, "ln weight");
    check(
      of(({ patient }) => 100 * patient.haematocrit!),
      meanAt(haematocritPercent, 45),
      haematocritPercent.deviation,
      "haematocrit",
    );
    check(
      of(({ patient }) => Math.log(patient.creatinineMgPerDl!)),
      meanAt(logCreatinine, 45),
      logCreatinine.deviation,
      "ln creatinine",
    );
    const together = correlation(
      of(({ patient }) => patient.heightCm),
      logs,
    );
    assertClose(together, (logWeight.perCm * heightCm.deviation) / spread, { absolute: error }, sex);
  }
});

test("people of all ages have the mean height and weight that NHANES 2013-2018 found", () => {
  // Weighted means of the data themselves, not of the regressions: all adults of 18 to 79 years.
  const people = drawn({ femaleShare: 1, ageYears: [40, 50] });
  assertClose(moments(people.map(({ patient }) => patient.heightCm)).mean, 162.4, { absolute: 0.7 });
  assertClose(moments(people.map(({ patient }) => patient.weightKg)).mean, 79.7, { absolute: 2 });
});

test("everybody's masses add up to the weight and the flows to the cardiac output", () => {
  for (const person of [...men, ...drawn({}, 500, 7)]) {
    const { body, patient } = person;
    assertClose(bodyMassKg(body), patient.weightKg, { relative: 1e-9 });
    const flows = TISSUES.filter((tissue) => tissue !== "lung").map((tissue) => body.flowLPerMin[tissue]);
    const total = flows.reduce((sum, flow) => sum + flow, 0);
    assertClose(total, body.cardiacOutputLPerMin, { relative: 1e-12 });
    assert.equal(body.flowLPerMin.lung, body.cardiacOutputLPerMin);
    for (const tissue of TISSUES) assert.ok(body.tissues[tissue].volumeMl > 0);
  }
});

test("organs vary about the typical person of the same size as the specification says", () => {
  for (const tissue of ["liver", "kidney", "spleen", "lung", "gut"] as const) {
    const logs = men.map(({ patient, body }) =>
      Math.log(body.tissues[tissue].volumeMl / bodyOf(patient, []).tissues[tissue].volumeMl),
    );
    const sigma = Math.sqrt(Math.log1p(VOLUME_VARIATION.male[tissue] ** 2));
    const found = moments(logs);
    // The lean are drawn again until their organs fit, which narrows a little.
    assertClose(found.deviation, sigma, { relative: 0.07 }, tissue);
    assertClose(found.mean, 0, { absolute: 0.08 * sigma }, tissue);
  }
  const heights = men.map(({ patient }) => Math.log(patient.heightCm));
  const livers = men.map(({ body }) => Math.log(body.tissues.liver.volumeMl));
  const [h, sigma] = [0.75 * moments(heights).deviation, Math.sqrt(Math.log1p(0.24 ** 2))];
  assertClose(correlation(heights, livers), h / Math.hypot(h, sigma), { absolute: 0.08 });
});

test("cardiac output falls with age", () => {
  const outputPerSurface = (years: number) =>
    moments(
      drawn({ femaleShare: 0, ageYears: [years, years] }, 50).map(
        ({ body, bodySurfaceM2 }) => body.cardiacOutputLPerMin / bodySurfaceM2,
      ),
    ).mean;
  assertClose(outputPerSurface(75) / outputPerSurface(25), 0.75, { relative: 1e-9 });
});

test("muscle, brain and heart age in the same person", () => {
  const aged = (ageYears: number) => {
    const patient = patientSchema.parse({ ageYears, sex: "male", heightCm: 176, weightKg: 130 });
    return virtualPerson({ like: { patient, organs: [] } }, 1, 3).body;
  };
  const [young, old] = [aged(35), aged(75)];
  const ratio = (tissue: "muscle" | "brain" | "liver") =>
    old.tissues[tissue].volumeMl / young.tissues[tissue].volumeMl;
  // 0.001 kg times the squares of the ages of the reference man's 29 kg.
  assertClose(ratio("muscle"), 1 - (0.001 * (75 ** 2 - 35 ** 2)) / 29, { relative: 1e-12 });
  assertClose(ratio("brain"), Math.exp(-40 / 629), { relative: 1e-12 });
  assertClose(ratio("liver"), 1, { relative: 1e-12 });
  assertClose(old.cardiacOutputLPerMin / young.cardiacOutputLPerMin, 0.75 / 0.95, { relative: 1e-12 });
});

test("a person depends on seed and number only", () => {
  assert.deepEqual(virtualPerson({}, 3, 41), drawn({}, 42, 3)[41]);
  assert.notDeepEqual(virtualPerson({}, 4, 41), virtualPerson({}, 3, 41));
});

test("people like a patient keep what is known and measured", () => {
  const patient = patientSchema.parse({ ageYears: 61, sex: "female", heightCm: 168, weightKg: 70 });
  const like = { patient, organs: [organRecord("liver", 1322), organRecord("spleen", 200)] };
  const people = drawn({ like }, 200);
  for (const { patient: own, body } of people) {
    assert.deepEqual([own.ageYears, own.sex, own.heightCm, own.weightKg], [61, "female", 168, 70]);
    assert.equal(body.tissues.liver.volumeMl, 1322);
    assert.equal(body.tissues.spleen.volumeMl, 200);
    assert.equal(body.tissues.liver.from, "image");
    assertClose(bodyMassKg(body), 70, { relative: 1e-9 });
  }
  const kidneys = people.map(({ body }) => Math.log(body.tissues.kidney.volumeMl));
  assertClose(moments(kidneys).deviation, Math.sqrt(Math.log1p(0.25 ** 2)), { relative: 0.2 });
  const creatinine = moments(people.map(({ patient: own }) => own.creatinineMgPerDl!));
  assert.ok(creatinine.deviation > 0.05);
});

test("limits hold, and those without people are told", () => {
  for (const { patient } of drawn({ bodyMassIndex: [19, 25], weightKg: [50, 80] }, 200)) {
    const index = patient.weightKg / (patient.heightCm / 100) ** 2;
    assert.ok(index >= 19 && index <= 25 && patient.weightKg >= 50 && patient.weightKg <= 80);
  }
  assert.throws(() => virtualPerson({ bodyMassIndex: [6, 7] }, 1, 0), /none was within the limits/);
  assert.throws(() => virtualPerson({ ageYears: [60, 40] }, 1, 0), /range of the age is 60 to 40/);
  assert.throws(() => virtualPerson({ ageYears: [4, 12] }, 1, 0), { hint: /within 18 to 80/ });
  assert.throws(() => virtualPerson({ femaleShare: 1.5 }, 1, 0), /share of women is 1.5/);
});

test("kidney function by the published equations", () => {
  // At the equations' knots: 142 * 0.9938^50, times 1.012 for women.
  const at = (sex: "female" | "male", creatinineMgPerDl: number) =>
    ckdEpiMlPerMinPer173({ sex, ageYears: 50, creatinineMgPerDl });
  assertClose(at("male", 0.9), 142 * 0.9938 ** 50, { relative: 1e-12 });
  assertClose(at("female", 1.4), 142 * 2 ** -1.2 * 0.9938 ** 50 * 1.012, { relative: 1e-12 });
  const gault = { sex: "male" as const, ageYears: 40, creatinineMgPerDl: 1, weightKg: 72 };
  assert.equal(cockcroftGaultMlPerMin(gault), 100);
  assert.equal(cockcroftGaultMlPerMin({ ...gault, sex: "female" }), 85);
});

test("without variation a body is that of the tables", () => {
  const patient = patientSchema.parse({ sex: "male", heightCm: 176, weightKg: 73 });
  const none = { volume: {}, bloodVolume: 1, cardiacOutput: 1, flow: {} };
  assert.deepEqual(bodyOf(patient, [], none), bodyOf(patient, []));
  const varied = bodyOf(patient, [], { ...none, volume: { liver: 1.5 }, flow: { kidney: 2 } });
  assertClose(varied.tissues.liver.volumeMl, (1.5 * 1800) / DENSITY_G_PER_ML.liver, { relative: 1e-12 });
  const [plain, more] = [
    bodyOf(patient, []),
    bodyOf(patient, [], { ...none, bloodVolume: 1.1, cardiacOutput: 0.9, volume: { rest: 1.2 } }),
  ];
  assertClose(more.venousBloodMl, 1.1 * plain.venousBloodMl, { relative: 1e-12 });
  assertClose(more.flowLPerMin.lung, 0.9 * plain.flowLPerMin.lung, { relative: 1e-12 });
  assertClose(more.tissues.rest.volumeMl, 1.2 * plain.tissues.rest.volumeMl, { relative: 1e-12 });
  assertClose(bodyMassKg(more), 73, { relative: 1e-12 });
  const share = referenceAdult("male").flowShare.kidney;
  assertClose(varied.flowLPerMin.kidney / 6.5, (2 * share) / (1 + share), { relative: 1e-12 });
});
