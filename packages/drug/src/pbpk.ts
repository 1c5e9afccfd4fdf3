/**
 * The linear, perfusion-limited whole-body model. Every tissue is well stirred and in equilibrium with the
 * blood that leaves it:
 *
 *   dA_t/dt   = Q_t (A_art/V_art - A_t B/(V_t Kp_t))                          t = kidney, gut, heart, ... rest
 *   dA_liv/dt = Q_ha A_art/V_art + (gut and spleen outflow) - Q_liv A_liv B/(V_liv Kp_liv) - CLint fu A_liv/(V_liv Kp_liv)
 *   dA_lun/dt = CO (A_ven/V_ven - A_lun B/(V_lun Kp_lun));  dA_art/dt = CO (A_lun B/(V_lun Kp_lun) - A_art/V_art)
 *   dA_ven/dt = sum of outflows - CO A_ven/V_ven
 *
 * A: amounts (mg), V: volumes (L), Q: blood flows (L/h), Kp: tissue:plasma, B: blood:plasma ratio. An oral
 * dose enters the gut tissue from the lumen by first order. Jones & Rowland-Yeo, CPT Pharmacometrics
 * Syst. Pharmacol. 2 (2013) e63, doi:10.1038/psp.2013.41.
 */
import { type Body, TISSUES, type Tissue } from "@viscera/organ";
import type { Compound } from "./compound.js";
import { partitionCoefficient } from "./partition.js";

/**
 * States in order: the tissues, arterial and venous blood, gut lumen, what left the body by each way (all in
 * mg), and the time integral of the venous amount (mg h), which gives the area under the curve exactly.
 */
export const STATES = [
  ...TISSUES,
  "arterial",
  "venous",
  "lumen",
  "metabolised",
  "excreted",
  "lost",
  "exposure",
] as const;
export type State = (typeof STATES)[number];

export interface PbpkModel {
  /** dA/dt = matrix A, row-major, in 1/h. */
  matrix: Float64Array;
  /** Volume of each tissue and blood pool in L. */
  volumeL: Record<Tissue | "arterial" | "venous", number>;
  partition: Record<Tissue, number>;
  /** Blood flow through the liver, arterial and portal, in L/h. */
  liverFlowLPerH: number;
}

export function stateIndex(state: State): number {
  return STATES.indexOf(state);
}

/** Glomerular filtration in L/h: Cockcroft & Gault 1976 (doi:10.1159/000180580) where creatinine, age and sex are known, else 120 mL/min. */
export function glomerularFiltrationLPerH(
  body: Body,
  patient: { ageYears: number | null; sex: string | null; creatinineMgPerDl: number | null },
): number {
  const { ageYears, sex, creatinineMgPerDl } = patient;
  if (ageYears === null || creatinineMgPerDl === null || sex === null) return 120 * 0.06;
  const clearance = ((140 - ageYears) * body.weightKg) / (72 * creatinineMgPerDl);
  return Math.max(clearance * (sex === "female" ? 0.85 : 1), 5) * 0.06;
}

/** The system matrix for a body and a compound. */
export function pbpkModel(body: Body, compound: Compound, gfrLPerH: number): PbpkModel {
  const n = STATES.length;
  const matrix = new Float64Array(n * n);
  const at = (state: State) => stateIndex(state);
  const move = (from: State, to: State, perH: number) => {
    matrix[at(from) * n + at(from)]! -= perH;
    matrix[at(to) * n + at(from)]! += perH;
  };
  const partition = {} as Record<Tissue, number>;
  const volumeL = {
    arterial: body.arterialBloodMl / 1000,
    venous: body.venousBloodMl / 1000,
  } as PbpkModel["volumeL"];
  const flowLPerH = {} as Record<Tissue, number>;
  for (const tissue of TISSUES) {
    partition[tissue] =
      compound.partition[tissue] ?? partitionCoefficient(tissue, compound.logP, compound.fractionUnbound);
    volumeL[tissue] = body.tissues[tissue].volumeMl / 1000;
    flowLPerH[tissue] = body.flowLPerMin[tissue] * 60;
  }
  /** Rate constant at which a tissue's amount leaves with a blood flow. */
  const outflow = (tissue: Tissue, flow: number) =>
    (flow * compound.bloodToPlasma) / (volumeL[tissue] * partition[tissue]);

  const liverFlowLPerH = flowLPerH.liver + flowLPerH.gut + flowLPerH.spleen;
  const outputLPerH = flowLPerH.lung;
  for (const tissue of TISSUES) {
    if (tissue === "lung") continue;
    move("arterial", tissue, flowLPerH[tissue] / volumeL.arterial);
    if (tissue === "gut" || tissue === "spleen") move(tissue, "liver", outflow(tissue, flowLPerH[tissue]));
    else if (tissue === "liver") move("liver", "venous", outflow("liver", liverFlowLPerH));
    else move(tissue, "venous", outflow(tissue, flowLPerH[tissue]));
  }
  move("venous", "lung", outputLPerH / volumeL.venous);
  move("lung", "arterial", outflow("lung", outputLPerH));

  const unboundPlasma = (tissue: Tissue) => compound.fractionUnbound / (volumeL[tissue] * partition[tissue]);
  const hepaticLPerH = compound.hepaticClearancePerMin * 60 * volumeL.liver;
  move("liver", "metabolised", hepaticLPerH * unboundPlasma("liver"));
  move("kidney", "excreted", compound.glomerularFraction * gfrLPerH * unboundPlasma("kidney"));
  move("lumen", "gut", compound.absorptionPerH * compound.gutAvailability);
  move("lumen", "lost", compound.absorptionPerH * (1 - compound.gutAvailability));
  matrix[at("exposure") * n + at("venous")] = 1;
  return { matrix, volumeL, partition, liverFlowLPerH };
}
