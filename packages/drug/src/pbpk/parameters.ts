import { inputError } from "@viscera/core";
import type { Compound, Process } from "./compound.js";
import { isPermeabilityLimited } from "./equations.js";
import { proteinLevels } from "./interactions.js";
import type { PbpkModel } from "./model.js";
import { namedCompounds, symbolName } from "./names.js";
import { bloodToPlasmaRatio, partitionCoefficient } from "./partition/index.js";
import type { Physiology } from "./physiology.js";
import { wholeOrgan } from "./scaling.js";
import { degradationPerH, type Turnover } from "./turnover.js";
import { vascularShare } from "./vascular.js";

export interface PbpkParameterOptions {
  /** Degradation of proteins whose level changes, in place of known values. */
  turnover?: Turnover;
}

/** mL of fluid in the small intestine with a glass of water, and mean time in it (Yu et al., Int. J. Pharm. 140 (1996) 111). */
const LUMEN_L = 0.25;
const TRANSIT_PER_H = 60 / 199;
/** Diffusion layers of large particles are no thicker (Hintz & Johnson 1989). */
const LARGEST_LAYER_UM = 30;

/**
 * The parameters of one person in the order of the model's: volumes (L), flows (L/h), coefficients, clearances of whole
 * organs (L/h), rates (mg/h) and concentrations (mg/L). The compounds are those the model was made of, perhaps with other
 * numbers. Throws `input.parameters` for what is not finite or negative, `usage` for an unknown protein's turnover.
 */
export function pbpkParameters(
  model: PbpkModel,
  physiology: Physiology,
  compounds: readonly Compound[],
  { turnover = {} }: PbpkParameterOptions = {},
): Float64Array {
  const values = new Map<string, number>();
  const { tissues } = model.structure;
  const membersOf = (of: readonly string[]) =>
    of.map((name) => {
      const found = physiology.tissues[name];
      if (found) return { name, ...found };
      throw inputError("parameters", `The body has no tissue "${name}", which the model needs.`);
    });
  values.set("V_arterial", physiology.arterialL);
  values.set("V_venous", physiology.venousL);
  values.set("GFR", physiology.filtrationLPerH);
  for (const { name, of } of tissues) {
    const members = membersOf(of);
    values.set(
      `V_${name}`,
      members.reduce((sum, { volumeL }) => sum + volumeL, 0),
    );
    values.set(
      `Q_${name}`,
      members.reduce((sum, { flowLPerH }) => sum + flowLPerH, 0),
    );
    values.set(`fVas_${name}`, vascularShare(name));
  }
  const named = namedCompounds(compounds);
  for (const { protein, organ, degradation } of proteinLevels(named))
    values.set(degradation, degradationPerH(protein, organ, turnover));
  for (const { compound, prefix } of named) {
    const set = (name: string, value: number) => values.set(prefix + name, value);
    set("fu", compound.fractionUnbound);
    set("BP", bloodToPlasmaRatio(compound, physiology.haematocrit));
    set("fGFR", compound.filtrationShare);
    for (const tissue of tissues) {
      const members = membersOf(tissue.of);
      const whole = members.reduce((sum, { volumeL }) => sum + volumeL, 0);
      const held = members.reduce(
        (sum, { name, volumeL }) =>
          sum + volumeL * partitionCoefficient(name, compound, physiology.haematocrit),
        0,
      );
      set(`Kp_${tissue.name}`, compound.partition[tissue.name] ?? held / whole);
      if (isPermeabilityLimited(tissue, compound))
        set(`PS_${tissue.name}`, compound.permeabilityPerH[tissue.name]! * whole);
    }
    setProcesses(compound, values.get("V_liver")!, values.get("V_kidney")!, set);
    setInteractions(compound, set);
    if (compound.absorption) setAbsorption(compound, compound.absorption, set);
  }
  return Float64Array.from(model.parameters, ({ name }) => checked(name, values.get(name)));
}

type Setter = (name: string, value: number) => void;

function setProcesses(compound: Compound, liverL: number, kidneyL: number, set: Setter): void {
  const all: [readonly Process[], string, number][] = [
    [compound.metabolism, "int", liverL],
    [compound.hepaticUptake, "up", liverL],
    [compound.biliaryExcretion, "bil", liverL],
    [compound.tubularSecretion, "sec", kidneyL],
  ];
  for (const [processes, kind, organL] of all) {
    for (const process of processes) {
      const name = `${kind}_${symbolName(process.protein)}`;
      const { intrinsicClearance, maximalRate, michaelisUmolPerL, incubationFractionUnbound: fu } = process;
      if (intrinsicClearance) {
        set(`CL${name}`, wholeOrgan(intrinsicClearance.value, intrinsicClearance.unit, organL) / fu);
      } else {
        set(`V${name}`, milligrams(wholeOrgan(maximalRate!.value, maximalRate!.unit, organL), compound));
        set(`K${name}`, milligrams(michaelisUmolPerL! * fu, compound));
      }
    }
  }
}

const milligrams = (umol: number, { molarMassGPerMol }: Compound): number => (umol * molarMassGPerMol) / 1000;

function setInteractions(compound: Compound, set: Setter): void {
  for (const entry of compound.inhibition) {
    const name = symbolName(entry.protein);
    const constant = milligrams(entry.inhibitionUmolPerL, compound);
    if (entry.kind === "mechanism-based") {
      set(`kinact_${name}`, entry.inactivationPerH);
      set(`KI_${name}`, constant);
    } else set(`${entry.kind === "competitive" ? "Kic" : "Kin"}_${name}`, constant);
  }
  for (const { protein, maximum, halfMaximumUmolPerL } of compound.induction) {
    set(`Emax_${symbolName(protein)}`, maximum);
    set(`EC50_${symbolName(protein)}`, milligrams(halfMaximumUmolPerL, compound));
  }
}

function setAbsorption(
  compound: Compound,
  absorption: NonNullable<Compound["absorption"]>,
  set: Setter,
): void {
  set("ka", absorption.ratePerH);
  set("fg", absorption.gutAvailability);
  for (const [protein, share] of Object.entries(absorption.gutMetabolism))
    set(`fgut_${symbolName(protein)}`, share);
  const { dissolution } = absorption;
  if (!dissolution) {
    set("fa", absorption.fractionAbsorbed ?? 1);
    return;
  }
  const { particleRadiusUm: radiusUm, densityGPerMl, solubilityMgPerL } = dissolution;
  // Avdeef, Absorption and Drug Development, 2nd ed. (2012): in water at 37 degrees C.
  const diffusionCm2PerS = dissolution.diffusionCm2PerS ?? 9.9e-5 * compound.molarMassGPerMol ** -0.453;
  const layerCm = Math.min(radiusUm, LARGEST_LAYER_UM) * 1e-4;
  // cm3/(s mg) -> L/(h mg): 3600 s/h, 1e-3 L/cm3; the density in mg/cm3.
  const perMg = (3 * diffusionCm2PerS) / (densityGPerMl * 1000 * radiusUm * 1e-4 * layerCm);
  set("zdiss", perMg * 3.6);
  set("solubility", solubilityMgPerL);
  set("V_lumen", LUMEN_L);
  set("ktransit", TRANSIT_PER_H);
}

/** Parameters that may be 0; all others divide or have to be there. */
const MAY_BE_ZERO = /(^|_)(CL(int|up|bil|sec)|V(int|up|bil|sec))_|fGFR$|^GFR$|(^|_)f[ag]$/;

function checked(name: string, value: number | undefined): number {
  if (value === undefined) {
    throw inputError(
      "parameters",
      `The model's parameter "${name}" belongs to none of the compounds.`,
      "Give the compounds that the model was made of.",
    );
  }
  if (!Number.isFinite(value) || value < 0 || (value === 0 && !MAY_BE_ZERO.test(name))) {
    throw inputError(
      "parameters",
      `The parameter "${name}" of the whole-body model is ${value}; it has to be ${MAY_BE_ZERO.test(name) ? "0 or more" : "above 0"}.`,
      "Check the compound's numbers and the patient's.",
    );
  }
  return value;
}
