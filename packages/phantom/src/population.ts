/**
 * Who the patient is: body size, physiology and organ volumes that belong together.
 *
 * Sources. Height and body mass index: European adults of NCD-RisC (doi:10.7554/eLife.13410,
 * doi:10.1016/S0140-6736(16)30054-X), rounded. Body surface: Du Bois 1916 (doi:10.1001/archinte.1916.00080130010002).
 * Liver: Vauthey 2002 (doi:10.1053/jlts.2002.31654). Spleen: mean of Prassopoulos 1997 (Eur Radiol 7:246), 215 mL; he
 * saw it vary neither with body size nor with age, both are choices here. Kidneys: near ICRP Publication 89's reference
 * man and woman. Pancreas: near the 72 mL (45 of them parenchyma) of Saisho 2007 (doi:10.1002/ca.20543). Lungs:
 * total capacity of the ECSC, Quanjer 1993 (doi:10.1183/09041950.005s1693). Ventricles, atria, left ventricular
 * muscle: after Kawel-Boehm 2020 (doi:10.1186/s12968-020-00683-3). Creatinine: CKD-EPI 2021
 * (doi:10.1056/NEJMoa2102953) solved for it. All else (circulation, filtration rate, haematocrit, hollow organs, share of the lung capacity in a supine
 * inspiration, spreads, shrinking with age, fat) is this project's rounded choice for adults without disease.
 */
import { type Patient, RandomStream } from "@viscera/core";
import type { PhantomParameters } from "./parameters.js";

/** Every field of a patient is known in a phantom. */
export type PhantomPatient = { [K in keyof Patient]: NonNullable<Patient[K]> } & { sex: "female" | "male" };

export interface Person {
  patient: PhantomPatient;
  bodyMassIndex: number;
  bodySurfaceM2: number;
  /** Volumes in mL that the organs are shaped to have. */
  targetsMl: Record<string, number>;
  /** Air and tissue of both lungs, mL. */
  lungsMl: number;
  /** Litres of fat inside the abdomen relative to a lean man's: 0 lean, 1 plump, 2 obese. */
  visceralFat: number;
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** Serum creatinine (mg/dL) at which the CKD-EPI 2021 formula gives this filtration rate (mL/min/1.73 m2). */
export function creatinineForGfr(gfr: number, sex: "female" | "male", ageYears: number): number {
  const female = sex === "female";
  const kappa = female ? 0.7 : 0.9;
  const atKappa = 142 * 0.9938 ** ageYears * (female ? 1.012 : 1);
  const exponent = gfr > atKappa ? (female ? -0.241 : -0.302) : -1.2;
  return kappa * (gfr / atKappa) ** (1 / exponent);
}

/** Draws what the parameters leave open; fixed values change no other draw. */
export function drawPerson(parameters: PhantomParameters): Person {
  const random = new RandomStream(parameters.seed, "phantom.person");
  let next = 0;
  const normal = () => clamp(random.normal(0, next++), -2.3, 2.3);
  const uniform = () => random.uniform(0, next++);

  const drawnSex = uniform() < 0.5 ? "female" : "male";
  const sex = parameters.sex ?? drawnSex;
  const male = sex === "male";
  const drawnAge = Math.round(22 + 62 * uniform());
  const ageYears = parameters.ageYears ?? drawnAge;
  const heightDeviate = normal();
  let heightCm = male ? 177 + 7 * heightDeviate : 164 + 6.5 * heightDeviate;
  heightCm -= 0.05 * (ageYears - 40);
  if (parameters.weightKg !== null) {
    // Nobody is drawn too short or too tall for a given weight: index 16 to 46 kg/m2.
    const [shortest, tallest] = [46, 16].map((index) => 100 * Math.sqrt(parameters.weightKg! / index));
    heightCm = clamp(heightCm, shortest!, tallest!);
  }
  heightCm = parameters.heightCm ?? Math.round(clamp(heightCm, 140, 210) * 10) / 10;
  const heightM = heightCm / 100;
  const bmiDeviate = normal();
  // Log-normal, heavier towards sixty; the clamp also keeps a drawn weight inside the allowed range.
  const drawnBmi = (male ? 25.3 : 24.4) * Math.exp(0.15 * bmiDeviate) + 0.05 * (Math.min(ageYears, 65) - 45);
  const weightKg = parameters.weightKg ?? Math.round(clamp(drawnBmi, 17, 45) * heightM ** 2 * 10) / 10;
  const bodyMassIndex = weightKg / heightM ** 2;
  const bodySurfaceM2 = 0.007184 * weightKg ** 0.425 * heightCm ** 0.725;

  const heartRateBpm = Math.round(clamp((male ? 67 : 71) + 9 * normal(), 46, 100));
  const cardiacIndex = clamp(3.25 - 0.008 * (ageYears - 25) + 0.3 * normal(), 2.2, 4.2);
  const cardiacOutputLPerMin = Math.round(cardiacIndex * bodySurfaceM2 * 100) / 100;
  const meanPressure = clamp(86 + 0.2 * (ageYears - 30) + 0.5 * (bodyMassIndex - 24) + 6 * normal(), 70, 120);
  // Pulse pressure grows with stroke volume and with the stiffening of the aorta with age.
  const strokeMl = (cardiacOutputLPerMin * 1000) / heartRateBpm;
  const pulsePressure = clamp(strokeMl * (0.5 + 0.004 * (ageYears - 30)) + 3 * normal(), 28, 85);
  const systolicMmHg = Math.round(meanPressure + (2 / 3) * pulsePressure);
  const diastolicMmHg = Math.round(meanPressure - (1 / 3) * pulsePressure);
  const haematocrit = Math.round(clamp((male ? 0.45 : 0.405) + 0.025 * normal(), 0.33, 0.53) * 1000) / 1000;
  const gfr = clamp(112 - 0.85 * (ageYears - 25) + 11 * normal(), 42, 135);
  const creatinineMgPerDl = Math.round(creatinineForGfr(gfr, sex, ageYears) * 100) / 100;

  const spread = (percent: number) => Math.exp((percent / 100) * normal());
  const strokeFraction = clamp(0.62 + 0.045 * normal(), 0.52, 0.73);
  const leftVentricle = strokeMl / strokeFraction;
  const oldAge = Math.max(0, ageYears - 50);
  const kidney = 84 * bodySurfaceM2 * (1 - 0.004 * oldAge) * spread(11);
  const capacityMl = male ? 7990 * heightM - 7080 : 6600 * heightM - 5790;
  const targetsMl: Record<string, number> = {
    liver: Math.max(800, 1267.28 * bodySurfaceM2 - 794.41) * spread(13),
    spleen: 112 * bodySurfaceM2 * (1 - 0.004 * oldAge) * spread(26),
    kidney_right: kidney * 0.97 * spread(4),
    kidney_left: kidney * 1.03 * spread(4),
    pancreas: 43 * bodySurfaceM2 * (1 - 0.006 * oldAge) * spread(16),
    gallbladder: 30 * spread(32),
    stomach: 260 * spread(28),
    urinary_bladder: 150 * spread(45),
    heart_ventricle_left: leftVentricle,
    heart_ventricle_right: leftVentricle * 1.08 * spread(6),
    heart_atrium_left: 41 * bodySurfaceM2 * spread(14),
    heart_atrium_right: 47 * bodySurfaceM2 * spread(14),
    heart_myocardium: ((male ? 66 : 54) * bodySurfaceM2 * spread(11)) / 1.05,
  };
  const lungsMl = capacityMl * clamp(0.78 + 0.07 * normal(), 0.6, 0.92);
  const visceralFat = clamp(0.16 * (bodyMassIndex - 22) * (male ? 1.15 : 0.75) * spread(20) + 0.25, 0.05, 3);

  const patient: PhantomPatient = {
    ageYears,
    sex,
    heightCm,
    weightKg,
    heartRateBpm,
    systolicMmHg,
    diastolicMmHg,
    cardiacOutputLPerMin,
    haematocrit,
    creatinineMgPerDl,
  };
  return { patient, bodyMassIndex, bodySurfaceM2, targetsMl, lungsMl, visceralFat };
}
