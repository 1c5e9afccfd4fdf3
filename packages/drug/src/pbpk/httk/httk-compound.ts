/** A compound with httk's numbers and httk's corrections of them. */
import type { Compound } from "../compound.js";
import { distributionCoefficient, ionisation } from "../ionisation.js";
import { schmitt } from "../partition/schmitt.js";
import { HEPATOCYTES_MILLION_PER_G, wholeOrgan } from "../scaling.js";
import type { HttkChemical } from "./chemicals.js";
import { httkHuman } from "./human.js";
import { HTTK_HUMAN } from "./tissue-data.js";

/** A clearance with a larger p value counts as none; unbound fractions are no smaller. */
const SIGNIFICANT = 0.05;
const LEAST_UNBOUND = 1e-4;
/** Stands for an unbound fraction below detection. */
export const BELOW_DETECTION = 0.005;
/** Octanol:water beyond it is not reached within an assay. */
const MOST_OCTANOL = 1e6;
/** Caco-2 permeability where none was measured, 1e-6 cm/s. */
const USUAL_PERMEABILITY = 1.6;
/** Mean blood:plasma ratio of the table's measured ones, where none can be computed. */
const MEAN_BLOOD_TO_PLASMA = 0.90469;
/** Chemicals above it, in log10 atm m3/mol, are breathed out, which the model leaves out. */
const VOLATILE_LOG_HENRY = -4.5;

/** What somebody should know who uses a chemical's numbers. */
export function httkCautions(chemical: HttkChemical): string[] {
  const cautions: string[] = [];
  if (chemical.family === "PFAS")
    cautions.push(`${chemical.name} is a PFAS, for which httk does not use this model.`);
  if (chemical.logHenry !== null && chemical.logHenry > VOLATILE_LOG_HENRY)
    cautions.push(`${chemical.name} is volatile; breathing it out is left out.`);
  if (chemical.pKaAcids === null || chemical.pKaBases === null)
    cautions.push(`The pKa of ${chemical.name} is not known; it is taken as never charged.`);
  if (chemical.fractionUnbound === 0)
    cautions.push(
      `The unbound fraction of ${chemical.name} was below detection; ${BELOW_DETECTION} stands in, so tissue concentrations are guesses.`,
    );
  return cautions;
}

/**
 * Of the unbound fraction httk takes off what plasma's lipids hold (Pearce et al. 2017); the clearance is divided by the
 * unbound fraction in the hepatocyte assay (Kilford et al., Drug Metab. Dispos. 36 (2008) 1194); absorption follows from
 * Caco-2 permeability, and availability in the gut from a hundredth of the liver's clearance (Yang et al. 2007), unless
 * measured in people.
 */
export function httkCompound(chemical: HttkChemical): Compound {
  const { name, references, logP } = chemical;
  const pKaAcids = chemical.pKaAcids ?? [];
  const pKaBases = chemical.pKaBases ?? [];
  const charges = ionisation(7.4, pKaAcids, pKaBases);
  const octanol = Math.min(10 ** logP, MOST_OCTANOL);
  const distribution = distributionCoefficient(octanol, charges);
  const measured = chemical.fractionUnbound === 0 ? BELOW_DETECTION : chemical.fractionUnbound;
  const fractionUnbound = Math.max(
    1 / (distribution * HTTK_HUMAN.plasmaLipid + 1 / Math.max(measured, LEAST_UNBOUND)),
    LEAST_UNBOUND,
  );
  const significant = chemical.clearancePValue === null || chemical.clearancePValue <= SIGNIFICANT;
  const clearance = significant ? chemical.intrinsicClearance : 0;
  const incubationFractionUnbound = unboundInAssay(charges.positive > 0.5 ? octanol : distribution);
  const bloodToPlasma =
    chemical.bloodToPlasma ?? (chemical.fractionUnbound === 0 ? MEAN_BLOOD_TO_PLASMA : null);
  const absorption = httkAbsorption(
    chemical,
    fractionUnbound,
    bloodToPlasma ?? redCellRatio(chemical, pKaAcids, pKaBases, fractionUnbound),
    clearance / incubationFractionUnbound,
  );
  /** Publication of a number of the table, and what was done to it. */
  const table = (key: keyof typeof references, change = ""): string =>
    `httk 2.7.4${references[key] === undefined ? "" : `, ${references[key]}`}${change}`;
  return {
    name,
    cas: chemical.cas,
    molarMassGPerMol: chemical.molarMassGPerMol,
    logP,
    logMembraneAffinity: chemical.logMembraneAffinity,
    pKaAcids,
    pKaBases,
    fractionUnbound,
    bloodToPlasma,
    metabolism: [
      {
        protein: "hepatocytes",
        intrinsicClearance: { value: clearance, unit: "uL/min/10^6 cells" },
        incubationFractionUnbound,
      },
    ],
    hepaticUptake: [],
    biliaryExcretion: [],
    tubularSecretion: [],
    filtrationShare: 1,
    absorption: { ...absorption.values, gutMetabolism: {} },
    partitionMethod: "httk",
    partition: {},
    permeabilityPerH: {},
    inhibition: [],
    induction: [],
    sources: {
      molarMassGPerMol: "httk 2.7.4",
      logP: table("logP"),
      logMembraneAffinity: table("logMembraneAffinity"),
      pKaAcids: chemical.pKaAcids === null ? "not known" : "httk 2.7.4, ChemAxon",
      pKaBases: chemical.pKaBases === null ? "not known" : "httk 2.7.4, ChemAxon",
      fractionUnbound:
        chemical.fractionUnbound === 0
          ? `below detection, ${BELOW_DETECTION} stands in; less what plasma lipids hold, Pearce et al. 2017`
          : table("fractionUnbound", ` (${measured}), less what plasma lipids hold, Pearce et al. 2017`),
      bloodToPlasma:
        chemical.bloodToPlasma !== null
          ? table("bloodToPlasma")
          : bloodToPlasma === null
            ? "from red cells by Schmitt 2008"
            : "mean of httk's measured ratios",
      metabolism: significant
        ? table(
            "intrinsicClearance",
            `, divided by what is unbound in the assay (Kilford et al. 2008); ${HEPATOCYTES_MILLION_PER_G} million hepatocytes per g`,
          )
        : table("intrinsicClearance", `; not significant (p = ${chemical.clearancePValue}), so taken as 0`),
      absorption: absorption.source,
      partitionMethod: "Schmitt 2008, calibrated by Pearce et al. 2017",
    },
  };
}

function redCellRatio(
  { logP, logMembraneAffinity }: HttkChemical,
  pKaAcids: readonly number[],
  pKaBases: readonly number[],
  fractionUnbound: number,
): number {
  const { haematocrit } = HTTK_HUMAN;
  const drug = { logP, logMembraneAffinity, pKaAcids, pKaBases, fractionUnbound };
  return 1 - haematocrit + haematocrit * schmitt("redCells", drug) * fractionUnbound;
}

/** Unbound in suspended hepatocytes, 0.5 % of the volume cells. */
function unboundInAssay(coefficient: number): number {
  const log = Math.log10(coefficient);
  return Math.min(1, 1 / (1 + 125 * 0.005 * 10 ** (0.072 * log ** 2 + 0.067 * log - 1.126)));
}

/** Of httk's reference human of 70 kg. */
function httkAbsorption(
  chemical: HttkChemical,
  fractionUnbound: number,
  bloodToPlasma: number,
  clearance: number,
) {
  const human = httkHuman();
  const { smallIntestineRadiusCm: radius, smallIntestineMeanResidenceMin: residence, weightKg } = HTTK_HUMAN;
  // Effective permeability in 1e-4 cm/s.
  const effective = 10 ** (0.4926 * Math.log10(chemical.permeability ?? USUAL_PERMEABILITY) - 0.1454);
  const ratePerH = ((2 * effective) / radius) * 0.36;
  // Seven compartments of transit (Yu & Amidon 1999).
  const absorbed = chemical.fractionAbsorbed ?? 1 - (1 + ((ratePerH / 60) * residence) / 7) ** -7;
  const hepaticLPerH =
    fractionUnbound * wholeOrgan(clearance, "uL/min/10^6 cells", human.tissues.liver!.volumeL);
  const gut =
    chemical.gutAvailability ?? gutAvailability(effective, fractionUnbound, hepaticLPerH, weightKg, human);
  const permeability =
    chemical.permeability === null
      ? `Caco-2 permeability ${USUAL_PERMEABILITY}e-6 cm/s assumed`
      : `Caco-2 permeability, ${chemical.references.permeability}`;
  const measured = chemical.oralAvailability;
  if (measured !== null) {
    const flow = human.tissues.liver!.flowLPerH + human.tissues.gut!.flowLPerH;
    const hepatic = chemical.hepaticAvailability ?? flow / (flow + hepaticLPerH / bloodToPlasma);
    return {
      values: { ratePerH, fractionAbsorbed: Math.min(1, measured / hepatic), gutAvailability: 1 },
      source: `share: oral availability ${measured} (httk 2.7.4, ${chemical.references.oralAvailability}) over hepatic ${Number(hepatic.toPrecision(3))}; rate: ${permeability}`,
    };
  }
  return {
    values: { ratePerH, fractionAbsorbed: Math.min(1, absorbed), gutAvailability: Math.min(1, gut) },
    source: `httk 2.7.4: ${permeability}${chemical.fractionAbsorbed === null ? "" : `; shares, ${chemical.references.fractionAbsorbed}`}`,
  };
}

/** As httk 2.7.4 computes it, where the unbound fraction enters twice. */
function gutAvailability(
  effective: number,
  fractionUnbound: number,
  hepaticLPerH: number,
  weightKg: number,
  human: ReturnType<typeof httkHuman>,
): number {
  const surfaceM2 = (0.66 / 70) * weightKg;
  const permeation = effective * surfaceM2 * 3.6;
  // Of the gut's flow 18 L/h of 68.99 reach the villi (Yang et al. 2007).
  const villi = (18 / 68.99) * human.tissues.gut!.flowLPerH;
  const flow = (villi * permeation) / (villi + permeation);
  const transport = 0.1 * (weightKg / 70) ** 0.75;
  return ((flow / (flow + (fractionUnbound * hepaticLPerH) / 100)) * flow) / (transport + flow);
}
