import { type Size3, usageError, type Vec3 } from "@viscera/core";
import { ARTERIES, TUMOUR_ORGANS } from "./tissues.js";

/** What a synthetic patient and its scan are made from. Null means "drawn by the seed" or "chosen to fit". */
export interface PhantomParameters {
  /** Whole number from 0 to 2^53 − 1; keys everything random. Default 1. */
  seed: number;
  /** Default null: by the seed. */
  sex: "female" | "male" | null;
  /** 140 to 210. Default null: drawn from an adult population of that sex. */
  heightCm: number | null;
  /** 35 to 200, with a body mass index from 15 to 50 kg/m2. Default null: drawn, consistent with the height. */
  weightKg: number | null;
  /** 18 to 95. Default null: drawn. */
  ageYears: number | null;
  /** Voxels along x (to the right), y (anterior), z (superior). Default [128, 128, 128]. */
  size: Size3;
  /** Default null: chosen so that the field of view fits the patient. */
  spacingMm: Vec3 | null;
  /** Default "CT". */
  modality: "CT" | "MR-T1" | "MR-T2";
  /** Contrast phase of a CT; MR is always native. Default "portal-venous". */
  phase: "native" | "portal-venous";
  /** Standard deviation of the noise in the middle of the body, in HU; an MR has noiseHu / 10 % of its range. Default 12. */
  noiseHu: number;
  /** Standard deviation of the scanner's in-plane point spread function. Default 0.7. */
  blurMm: number;
  /** Width of the slice profile. Default null: the slice spacing. */
  sliceThicknessMm: number | null;
  /** "torso" from the shoulders to the hips, "abdomen" from the diaphragm to the hips, "chest" from the neck to the kidneys. Default "torso". */
  field: "torso" | "abdomen" | "chest";
  /** Whether a CT shows the couch below the patient. Default true. */
  couch: boolean;
  /** A round tumour in an organ, placed by the seed. Default null. */
  tumour: { organ: string; volumeMl: number } | null;
  /** A short narrowing half way along an artery, by `percent` (0 to 95) of its diameter. Default null. */
  stenosis: { artery: string; percent: number } | null;
}

export const PHANTOM_DEFAULTS: PhantomParameters = {
  seed: 1,
  sex: null,
  heightCm: null,
  weightKg: null,
  ageYears: null,
  size: [128, 128, 128],
  spacingMm: null,
  modality: "CT",
  phase: "portal-venous",
  noiseHu: 12,
  blurMm: 0.7,
  sliceThicknessMm: null,
  field: "torso",
  couch: true,
  tumour: null,
  stenosis: null,
};

/** At most this many voxels: 2^31 − 1, the longest typed array that works everywhere. */
const MAXIMUM_VOXELS = 2 ** 31 - 1;

function requireNumber(name: string, value: unknown, low: number, high: number): void {
  if (typeof value !== "number" || !(value >= low && value <= high))
    throw usageError(`The phantom's ${name} is ${String(value)}.`, `Give a number from ${low} to ${high}.`);
}

function requireChoice(name: string, value: unknown, choices: readonly unknown[]): void {
  if (!choices.includes(value))
    throw usageError(`The phantom's ${name} is "${String(value)}".`, `Choose one of: ${choices.join(", ")}.`);
}

function requireTriple(name: string, value: unknown, low: number, high: number, whole: boolean): void {
  const good =
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((n) => typeof n === "number" && n >= low && n <= high && (!whole || Number.isInteger(n)));
  if (!good)
    throw usageError(
      `The phantom's ${name} is ${JSON.stringify(value)}.`,
      `Give three ${whole ? "whole " : ""}numbers from ${low} to ${high}.`,
    );
}

/** Fills in the defaults and checks every value. Throws `usage` naming the first wrong one. */
export function phantomParameters(given: Partial<PhantomParameters> = {}): PhantomParameters {
  for (const key of Object.keys(given))
    if (!(key in PHANTOM_DEFAULTS))
      throw usageError(
        `A phantom has no parameter "${key}".`,
        `Its parameters are: ${Object.keys(PHANTOM_DEFAULTS).join(", ")}.`,
      );
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const p: PhantomParameters = { ...PHANTOM_DEFAULTS, ...present };
  requireNumber("seed", p.seed, 0, Number.MAX_SAFE_INTEGER);
  if (!Number.isInteger(p.seed)) throw usageError(`The phantom's seed is ${p.seed}.`, "Give a whole number.");
  if (p.sex !== null) requireChoice("sex", p.sex, ["female", "male"]);
  if (p.heightCm !== null) requireNumber("heightCm", p.heightCm, 140, 210);
  if (p.weightKg !== null) requireNumber("weightKg", p.weightKg, 35, 200);
  if (p.ageYears !== null) requireNumber("ageYears", p.ageYears, 18, 95);
  if (p.heightCm !== null && p.weightKg !== null)
    requireNumber("body mass index", p.weightKg / (p.heightCm / 100) ** 2, 15, 50);
  requireTriple("size", p.size, 8, 4096, true);
  if (p.size[0] * p.size[1] * p.size[2] > MAXIMUM_VOXELS)
    throw usageError(`The phantom's size ${p.size.join(" x ")} is too large.`, "Ask for fewer voxels.");
  if (p.spacingMm !== null) requireTriple("spacingMm", p.spacingMm, 0.1, 50, false);
  requireChoice("modality", p.modality, ["CT", "MR-T1", "MR-T2"]);
  requireChoice("phase", p.phase, ["native", "portal-venous"]);
  requireNumber("noiseHu", p.noiseHu, 0, 200);
  requireNumber("blurMm", p.blurMm, 0, 10);
  if (p.sliceThicknessMm !== null) requireNumber("sliceThicknessMm", p.sliceThicknessMm, 0.1, 50);
  requireChoice("field", p.field, ["torso", "abdomen", "chest"]);
  requireChoice("couch", p.couch, [true, false]);
  if (p.tumour !== null) {
    requireChoice("tumour.organ", p.tumour.organ, TUMOUR_ORGANS);
    requireNumber("tumour.volumeMl", p.tumour.volumeMl, 0.05, 1000);
  }
  if (p.stenosis !== null) {
    requireChoice("stenosis.artery", p.stenosis.artery, ARTERIES);
    requireNumber("stenosis.percent", p.stenosis.percent, 0, 95);
  }
  return p;
}
