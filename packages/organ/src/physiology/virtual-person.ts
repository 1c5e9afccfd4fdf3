/**
 * Virtual people: age, sex, height, weight, blood and creatinine drawn as in NHANES (anthropometry.ts), organs and
 * flows as the reference adult's scaled to the person (`bodyOf`), times log-normal factors of what people of the same
 * size still differ in. Coefficients of variation: McNally et al. 2014, Toxicology 315:70,
 * doi:10.1016/j.tox.2013.07.009, tables 1, 4 and 5 (some are of normal distributions there). Age: cardiac output and
 * brain after Bosgra et al. 2012, Crit. Rev. Toxicol. 42:751, doi:10.3109/10408444.2012.709225; muscle after Janssen et
 * al. 2000, J. Appl. Physiol. 89:81, doi:10.1152/jappl.2000.89.1.81; all three as httk 2.7.4 uses them.
 */
import { inputError, type OrganRecord, type Patient, patientSchema, RandomStream } from "@viscera/core";
import { ADULT_YEARS, anthropometryOf, meanAt, skewed } from "./anthropometry.js";
import { type Body, type BodyVariation, bodyOf, bodySurfaceM2, LEAST_FAT } from "./body.js";
import { ckdEpiMlPerMinPer173, cockcroftGaultMlPerMin } from "./filtration.js";
import { DENSITY_G_PER_ML, referenceAdult, TISSUES, type Tissue } from "./reference-adult.js";

export type Range = readonly [low: number, high: number];

/** Who is to be drawn. */
export interface PeopleSpec {
  /** Uniform between the two; default 18 to 80. */
  ageYears?: Range;
  /** Default 0.5. */
  femaleShare?: number;
  /** People outside these are drawn again. */
  heightCm?: Range;
  weightKg?: Range;
  bodyMassIndex?: Range;
  /** People like this patient: what is known of them and what was measured in the image stays, the rest varies. */
  like?: { patient: Patient; organs: readonly OrganRecord[] };
}

export interface VirtualPerson {
  /** With age, sex, height, weight, haematocrit and creatinine. */
  patient: Patient & { ageYears: number; sex: "female" | "male"; heightCm: number; weightKg: number };
  body: Body;
  bodySurfaceM2: number;
  /** CKD-EPI 2021 of the person's own body surface. */
  filtrationMlPerMin: number;
  /** Cockcroft & Gault. */
  creatinineClearanceMlPerMin: number;
}

/** Coefficients of variation between people of the same size, sex and age. */
export const VOLUME_VARIATION: Readonly<
  Record<"male" | "female", Record<Exclude<Tissue, "fat"> | "blood", number>>
> = {
  // Gut: stomach, intestines and pancreas, each with its own; bone and rest: the skin's.
  male: variations({ heart: 0.19, kidney: 0.25, liver: 0.24, gut: 0.09 }),
  female: variations({ heart: 0.25, kidney: 0.25, liver: 0.25, gut: 0.08 }),
};
export const FLOW_VARIATION = 0.05;

function variations(own: Record<"heart" | "kidney" | "liver" | "gut", number>) {
  return {
    ...own,
    lung: 0.33,
    spleen: 0.38,
    brain: 0.05,
    muscle: 0.27,
    bone: 0.05,
    skin: 0.05,
    rest: 0.05,
    blood: 0.1,
  };
}

/** Age of the reference adult. */
const REFERENCE_YEARS = 35;
const MOST_PEOPLE = 2000;
/** Bodies tried for one person before another is drawn. */
const MOST_BODIES = 20;
/** Draws of one attempt. */
const DRAWS = 64;

/**
 * The person with a number. Depends on the seed, the number and the specification only. Throws `input.people` for
 * ranges without sense or without people.
 */
export function virtualPerson(spec: PeopleSpec, seed: number, index: number): VirtualPerson {
  checkPeople(spec);
  const people = new RandomStream(seed, "organ.people");
  const bodies = new RandomStream(seed, "organ.bodies");
  for (let attempt = 0; attempt < MOST_PEOPLE; attempt++) {
    const patient = drawPatient(spec, people, attempt * DRAWS, index);
    if (!isWanted(spec, patient)) continue;
    const body = drawBody(spec, patient, bodies, attempt * MOST_BODIES * DRAWS, index);
    if (body === null) continue;
    const surface = bodySurfaceM2(patient.heightCm, patient.weightKg);
    const kidneys = { ...patient, creatinineMgPerDl: patient.creatinineMgPerDl! };
    return {
      patient,
      body,
      bodySurfaceM2: surface,
      filtrationMlPerMin: (ckdEpiMlPerMinPer173(kidneys) * surface) / 1.73,
      creatinineClearanceMlPerMin: cockcroftGaultMlPerMin(kidneys),
    };
  }
  throw inputError(
    "people",
    `Of ${MOST_PEOPLE} people drawn none was within the limits asked for.`,
    "Widen the limits of height, weight or body mass index, or check the patient's own values.",
  );
}

function checkPeople({ ageYears, femaleShare, heightCm, weightKg, bodyMassIndex }: PeopleSpec): void {
  const check = (name: string, range: Range | undefined, [least, most]: Range) => {
    if (range === undefined) return;
    const [low, high] = range;
    if (low >= least && high <= most && low <= high) return;
    throw inputError(
      "people",
      `The range of the ${name} is ${low} to ${high}.`,
      `It has to rise and to lie within ${least} to ${most}.`,
    );
  };
  check("age", ageYears, ADULT_YEARS);
  check("height", heightCm, [20, 280]);
  check("weight", weightKg, [0.3, 600]);
  check("body mass index", bodyMassIndex, [5, 150]);
  if (femaleShare !== undefined && !(femaleShare >= 0 && femaleShare <= 1)) {
    throw inputError("people", `The share of women is ${femaleShare}.`, "It has to lie between 0 and 1.");
  }
}

function drawPatient(
  spec: PeopleSpec,
  stream: RandomStream,
  step: number,
  index: number,
): VirtualPerson["patient"] {
  const known = spec.like?.patient ?? patientSchema.parse({});
  const z = (draw: number) => stream.normal(step + draw, index);
  const [youngest, oldest] = spec.ageYears ?? ADULT_YEARS;
  const ageYears = known.ageYears ?? youngest + (oldest - youngest) * stream.uniform(step, index);
  const female = stream.uniform(step + 1, index) < (spec.femaleShare ?? 0.5);
  const drawn = female ? "female" : "male";
  const sex = known.sex === null || known.sex === "other" ? drawn : known.sex;
  const adults = anthropometryOf(sex);
  const meanHeight = meanAt(adults.heightCm, ageYears);
  const heightCm = known.heightCm ?? meanHeight + adults.heightCm.deviation * z(2);
  const { logWeight, haematocritPercent, logCreatinine } = adults;
  const weightKg =
    known.weightKg ??
    Math.exp(
      meanAt(logWeight, ageYears) +
        logWeight.perCm * (heightCm - meanHeight) +
        logWeight.deviation * skewed(z(3), logWeight.skewness),
    );
  const haematocrit =
    known.haematocrit ??
    Math.min(
      0.65,
      Math.max(0.2, (meanAt(haematocritPercent, ageYears) + haematocritPercent.deviation * z(4)) / 100),
    );
  const creatinineMgPerDl =
    known.creatinineMgPerDl ?? Math.exp(meanAt(logCreatinine, ageYears) + logCreatinine.deviation * z(5));
  return { ...known, ageYears, sex, heightCm, weightKg, haematocrit, creatinineMgPerDl };
}

function isWanted(
  { heightCm, weightKg, bodyMassIndex, like }: PeopleSpec,
  patient: VirtualPerson["patient"],
): boolean {
  const within = (value: number, range: Range | undefined) =>
    range === undefined || (value >= range[0] && value <= range[1]);
  const own = like?.patient;
  return (
    (own?.heightCm != null || within(patient.heightCm, heightCm)) &&
    (own?.weightKg != null || within(patient.weightKg, weightKg)) &&
    within(patient.weightKg / (patient.heightCm / 100) ** 2, bodyMassIndex)
  );
}

/**
 * Organs that fit into the person's weight. Where twenty draws leave too little fat (a very lean person) muscle gives
 * way, as `bodyOf` does it; null where not even that balances.
 */
function drawBody(
  { like }: PeopleSpec,
  patient: VirtualPerson["patient"],
  stream: RandomStream,
  step: number,
  index: number,
): Body | null {
  let balanced: Body | null = null;
  for (let attempt = 0; attempt < MOST_BODIES; attempt++) {
    const body = bodyOf(
      patient,
      like?.organs ?? [],
      drawVariation(patient, stream, step + attempt * DRAWS, index),
    );
    if (Math.abs(bodyMassKg(body) / patient.weightKg - 1) > 1e-9) continue;
    const fatKg = (body.tissues.fat.volumeMl * DENSITY_G_PER_ML.fat) / 1000;
    if (fatKg > LEAST_FAT * patient.weightKg * (1 + 1e-9)) return body;
    balanced ??= body;
  }
  return balanced;
}

/** Sum over all tissues and the blood. */
export function bodyMassKg(body: Body): number {
  let grams = (body.arterialBloodMl + body.venousBloodMl) * DENSITY_G_PER_ML.blood;
  for (const tissue of TISSUES) grams += body.tissues[tissue].volumeMl * DENSITY_G_PER_ML[tissue];
  return grams / 1000;
}

function drawVariation(
  { sex, ageYears }: VirtualPerson["patient"],
  stream: RandomStream,
  step: number,
  index: number,
): BodyVariation {
  let draw = 0;
  const factor = (variation: number) =>
    Math.exp(Math.sqrt(Math.log1p(variation ** 2)) * stream.normal(step + draw++, index));
  const own = VOLUME_VARIATION[sex];
  const aged = ageFactors(sex, ageYears);
  const volume: BodyVariation["volume"] = {};
  const flow: BodyVariation["flow"] = {};
  for (const tissue of TISSUES) {
    if (tissue !== "fat") volume[tissue] = factor(own[tissue]);
    if (tissue !== "lung") flow[tissue] = factor(FLOW_VARIATION);
  }
  volume.brain! *= aged.brain;
  volume.muscle! *= aged.muscle;
  return { volume, bloodVolume: factor(own.blood), cardiacOutput: aged.cardiacOutput, flow };
}

/** How the reference adult of 35 years ages. */
function ageFactors(sex: "female" | "male", ageYears: number) {
  const muscleKg = referenceAdult(sex).massG.muscle / 1000;
  const outputAt = (years: number) => 1 - 0.005 * Math.max(0, years - 25);
  return {
    brain: Math.exp((REFERENCE_YEARS - ageYears) / 629),
    muscle: Math.max(0.2, 1 + (0.001 * (REFERENCE_YEARS ** 2 - ageYears ** 2)) / muscleKg),
    cardiacOutput: Math.max(0.3, outputAt(ageYears) / outputAt(REFERENCE_YEARS)),
  };
}
