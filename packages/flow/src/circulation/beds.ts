/**
 * The organs as beds in parallel. Each gets the reference adult's perfusion per volume times the patient's volume, and
 * all together the patient's cardiac output.
 */
import type { Patient } from "@viscera/core";
import { type Body, bodyOf, TISSUES, type Tissue } from "@viscera/organ";

export type BedTissue = Exclude<Tissue, "lung">;
export const BEDS = TISSUES.filter((tissue): tissue is BedTissue => tissue !== "lung");
/** Beds whose blood goes on into the liver by the portal vein. */
export const PORTAL_BEDS: readonly BedTissue[] = ["gut", "spleen"];

export interface Bed {
  tissue: BedTissue;
  volumeMl: number;
  from: "image" | "reference";
  note: string;
  /** Share of the cardiac output; of the liver, that of its artery. */
  share: number;
}

export function bedsOf(patient: Patient, body: Body): Bed[] {
  // What the tables expect of a body of this size, without its image.
  const expected = bodyOf(patient, []);
  const weights = BEDS.map((tissue) => {
    const { volumeMl, from } = body.tissues[tissue];
    const relative = from === "image" ? volumeMl / expected.tissues[tissue].volumeMl : 1;
    return expected.flowLPerMin[tissue] * relative;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return BEDS.map((tissue, i) => {
    const { volumeMl, from, note } = body.tissues[tissue];
    return { tissue, volumeMl, from, note, share: weights[i]! / total };
  });
}
