import type { PharmacologyModel } from "../pharmacology/model.js";
import { readModelText } from "../pharmacology/model-text.js";
import type { Compound } from "./compound.js";
import { pbpkModelText } from "./equations.js";
import { type PbpkStructure, WHOLE_BODY } from "./structure.js";

/** A whole-body model; no number of a body or compound is in it. */
export interface PbpkModel extends PharmacologyModel {
  structure: PbpkStructure;
}

/**
 * The model of a structure and of what the compounds do: which proteins they meet, which they inhibit or induce, how they
 * are absorbed, which tissues they enter slowly. Its parameters have no values: `pbpkParameters` gives those of a person.
 * Compartments (mg) of the first compound, in this order: lumen where it is given by mouth (before it `solid`, of one that
 * dissolves), venous, arterial, the tissues (`liver_blood` before `liver` where permeability limits), metabolised, urine,
 * bile, faeces, and auc (mg.h/L) of venous plasma; outputs C_plasma and C_<tissue> in mg/L. Further compounds have the same after
 * their name (`ketoconazole_venous`), proteins whose level changes `level_CYP3A4_liver` (1 at rest). Throws `usage` for what
 * does not go together.
 */
export function pbpkModel(compounds: readonly Compound[], structure: PbpkStructure = WHOLE_BODY): PbpkModel {
  return { ...readModelText(pbpkModelText(compounds, structure), "the whole-body model"), structure };
}

/** The model with values for its parameters, in their order, so that it can be simulated or shown as it is. */
export function withParameterValues(model: PbpkModel, values: Float64Array): PbpkModel {
  return {
    ...model,
    parameters: model.parameters.map((parameter, i) => ({ ...parameter, value: values[i]! })),
  };
}

/** The same as text with a person's values, to read, change and simulate like any model text. */
export function pbpkText(
  compounds: readonly Compound[],
  structure: PbpkStructure,
  parameters: Float64Array,
): string {
  let next = 0;
  return pbpkModelText(compounds, structure)
    .split("\n")
    .map((line) => line.replace(/^covariate (\S+)/, (_, name) => `parameter ${name} = ${parameters[next++]}`))
    .join("\n");
}
