import type { OrganRecord } from "@viscera/core";
import { displayName, structureOf } from "../structures/index.js";
import {
  ABOVE,
  CT_RANGE_HU,
  FRAGMENT_SHARE,
  ONE_PIECE,
  PAIR_RATIO,
  REFERENCE_MASS_G,
  VERTEBRAE_ORDER,
  VOLUME_FACTORS,
} from "./expectations.js";

/** Something that anatomy does not lead one to expect. */
export interface AnatomyFinding {
  kind: "volume" | "pair" | "side" | "order" | "fragments" | "intensity";
  /** Names of the structures concerned. */
  structures: string[];
  /** One sentence for people. */
  message: string;
}

/** What is known of the patient, as in core's `Patient`. */
export interface AnatomyPatient {
  sex?: "female" | "male" | "other" | null;
  ageYears?: number | null;
}

/** Soft tissue, g/mL (ICRP Publication 110 gives 1.03 to 1.06 for these organs). */
const DENSITY_G_PER_ML = 1.05;
/** Younger patients' organs are not held against an adult's. */
const ADULT_YEARS = 18;

/**
 * Compares measured structures with what anatomy leads one to expect: volumes of adults, left and right, order
 * along the body, pieces, values in a CT. A structure that reaches the image's edge is not called too small.
 * Centres are world RAS+ mm, so the patient is taken to lie as the image says. No finding does not mean right.
 */
export function checkAnatomy(organs: readonly OrganRecord[], patient: AnatomyPatient = {}): AnatomyFinding[] {
  const byName = new Map(organs.map((organ) => [organ.name, organ]));
  return [
    ...organs.flatMap((organ) => volumeFindings(organ, patient)),
    ...organs.flatMap(fragmentFindings),
    ...organs.flatMap(intensityFindings),
    ...organs.flatMap((organ) => pairFindings(organ, byName)),
    ...orderFindings(byName),
  ];
}

function volumeFindings(organ: OrganRecord, { sex, ageYears }: AnatomyPatient): AnatomyFinding[] {
  const masses = REFERENCE_MASS_G[organ.name];
  if (!masses || (typeof ageYears === "number" && ageYears < ADULT_YEARS)) return [];
  const [male, female] = masses;
  const least = (sex === "male" ? male : female) / DENSITY_G_PER_ML;
  const most = (sex === "female" ? female : male) / DENSITY_G_PER_ML;
  const [low, high] = [least * VOLUME_FACTORS.low, most * VOLUME_FACTORS.high];
  const small = organ.volumeMl < low && !organ.touchesBorder;
  if (!small && organ.volumeMl <= high) return [];
  return [
    {
      kind: "volume",
      structures: [organ.name],
      message: `${displayName(organ.name)} has ${rounded(organ.volumeMl)} mL; adults have about ${rounded(low)} to ${rounded(high)} mL.`,
    },
  ];
}

function fragmentFindings(organ: OrganRecord): AnatomyFinding[] {
  const share = organ.measures["largest_piece_share"];
  if (!ONE_PIECE.has(organ.name) || organ.touchesBorder || typeof share !== "number") return [];
  if (1 - share <= FRAGMENT_SHARE) return [];
  return [
    {
      kind: "fragments",
      structures: [organ.name],
      message: `${displayName(organ.name)} is in ${organ.pieces} pieces; ${Math.round(100 * (1 - share))} % of it lies apart from the largest.`,
    },
  ];
}

function intensityFindings(organ: OrganRecord): AnatomyFinding[] {
  const range = CT_RANGE_HU[organ.name];
  if (!range || organ.intensity?.unit !== "HU") return [];
  const { mean } = organ.intensity;
  if (mean >= range[0] && mean <= range[1]) return [];
  return [
    {
      kind: "intensity",
      structures: [organ.name],
      message: `${displayName(organ.name)} has a mean of ${Math.round(mean)} HU; ${range[0]} to ${range[1]} HU is usual.`,
    },
  ];
}

/** Looks from the left one of a pair to the right one. */
function pairFindings(left: OrganRecord, byName: ReadonlyMap<string, OrganRecord>): AnatomyFinding[] {
  if (structureOf(left.name)?.side !== "left") return [];
  const right = byName.get(left.name.replace(/left/, "right").replace(/Left/, "Right"));
  if (!right || right === left) return [];
  const structures = [left.name, right.name];
  const findings: AnatomyFinding[] = [];
  // In RAS+ coordinates x grows towards the patient's right.
  if (left.centroidMm[0] > right.centroidMm[0]) {
    findings.push({
      kind: "side",
      structures,
      message: `${displayName(left.name)} lies to the right of ${displayName(right.name).toLowerCase()}: the image may be mirrored, or the two are swapped.`,
    });
  }
  if (REFERENCE_MASS_G[left.name] && !left.touchesBorder && !right.touchesBorder) {
    const ratio = Math.max(left.volumeMl, right.volumeMl) / Math.min(left.volumeMl, right.volumeMl);
    if (ratio > PAIR_RATIO) {
      findings.push({
        kind: "pair",
        structures,
        message: `${displayName(left.name)} (${rounded(left.volumeMl)} mL) and ${displayName(right.name).toLowerCase()} (${rounded(right.volumeMl)} mL) differ by a factor of ${ratio.toFixed(1)}.`,
      });
    }
  }
  return findings;
}

function orderFindings(byName: ReadonlyMap<string, OrganRecord>): AnatomyFinding[] {
  const spine = VERTEBRAE_ORDER.filter((name) => byName.has(name));
  const pairs = [...ABOVE, ...spine.slice(1).map((name, i) => [spine[i]!, name] as const)];
  const findings = pairs.flatMap(([upper, lower]): AnatomyFinding[] => {
    const [above, below] = [byName.get(upper), byName.get(lower)];
    if (!above || !below || above.centroidMm[2] > below.centroidMm[2]) return [];
    return [
      {
        kind: "order",
        structures: [upper, lower],
        message: `${displayName(upper)} lies below ${displayName(lower).toLowerCase()}: the image may be upside down, or one of them is wrong.`,
      },
    ];
  });
  const [liver, spleen] = [byName.get("liver"), byName.get("spleen")];
  if (liver && spleen && liver.centroidMm[0] < spleen.centroidMm[0]) {
    findings.push({
      kind: "side",
      structures: ["liver", "spleen"],
      message: "The liver lies to the left of the spleen: the image may be mirrored (or situs inversus).",
    });
  }
  return findings;
}

/** Two or three digits, as a person would say it. */
function rounded(volumeMl: number): string {
  return String(volumeMl >= 1000 ? Math.round(volumeMl / 10) * 10 : Number(volumeMl.toPrecision(2)));
}
