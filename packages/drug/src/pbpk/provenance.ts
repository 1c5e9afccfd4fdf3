/** Where a result's numbers come from, as tables for people. */
import type { Patient, Table } from "@viscera/core";
import type { Body } from "@viscera/organ";
import type { Compound, Process } from "./compound.js";
import type { Filtration } from "./filtration.js";
import type { PbpkModel } from "./model.js";
import { type NamedCompound, symbolName } from "./names.js";
import type { Physiology } from "./physiology.js";

const round = (value: number, digits: number) => Number(value.toPrecision(digits));

export function tissueLabel(tissue: string): string {
  return tissue === "rest" ? "Other tissue" : tissue[0]!.toUpperCase() + tissue.slice(1);
}

/** Volume, flow and partition coefficient of each organ, and which of them are the patient's. */
export function organTable(
  body: Body,
  model: PbpkModel,
  parameterOf: (parameter: string) => number,
  compounds: readonly NamedCompound[],
): Table {
  const { tissues } = model.structure;
  const hepatic = tissues
    .filter(({ drainsTo, name }) => drainsTo === "liver" || name === "liver")
    .reduce((sum, { name }) => sum + parameterOf(`Q_${name}`), 0);
  const several = compounds.length > 1;
  return {
    title: "Organs in the model",
    columns: [
      "Organ",
      "Volume (mL)",
      "Volume from",
      "Detail",
      "Blood flow (L/min)",
      ...compounds.map(({ compound }) => `Partition coefficient${several ? ` of ${compound.name}` : ""}`),
    ],
    rows: tissues.map(({ name }) => {
      const { volumeMl, from, note } = body.tissues[name as keyof Body["tissues"]];
      const flow =
        name === "lung"
          ? body.cardiacOutputLPerMin
          : (name === "liver" ? hepatic : parameterOf(`Q_${name}`)) / 60;
      return [
        tissueLabel(name),
        round(volumeMl, 4),
        from === "image" ? "this image" : "reference table",
        note,
        round(flow, 3),
        ...compounds.map(({ prefix }) => round(parameterOf(`${prefix}Kp_${name}`), 3)),
      ];
    }),
  };
}

/** What of the patient entered, and what stood in for unknown things. */
export function patientTable(
  body: Body,
  patient: Patient,
  physiology: Physiology,
  filtration: Filtration,
  parameterOf: (parameter: string) => number,
  compounds: readonly NamedCompound[],
): Table {
  const { liver } = body.tissues;
  const known = (value: unknown) => (value === null ? "reference adult (not known)" : "the patient");
  return {
    title: "The patient in the model",
    columns: ["Quantity", "Value", "Unit", "From"],
    rows: [
      ["Sex", patient.sex ?? "not known", "", known(patient.sex)],
      ["Height", round(body.heightCm, 4), "cm", known(patient.heightCm)],
      ["Weight", round(body.weightKg, 4), "kg", known(patient.weightKg)],
      [
        "Cardiac output",
        round(body.cardiacOutputLPerMin, 3),
        "L/min",
        patient.cardiacOutputLPerMin === null ? "reference adult, by body surface" : "the patient",
      ],
      [
        "Blood",
        round(physiology.arterialL + physiology.venousL, 3),
        "L",
        "reference adult, by height and weight",
      ],
      [
        "Haematocrit",
        round(physiology.haematocrit, 3),
        "",
        patient.haematocrit === null ? "a healthy adult's (not known)" : "the patient",
      ],
      ["Glomerular filtration", round(filtration.mlPerMin, 3), "mL/min", filtration.note],
      ...compounds.flatMap(({ compound, prefix }) =>
        compound.metabolism
          .filter(({ intrinsicClearance }) => intrinsicClearance !== undefined)
          .map(({ protein, intrinsicClearance: { value, unit } = { value: 0, unit: "" } }) => [
            `${compound.name}: unbound clearance of the liver's ${protein}`,
            round(parameterOf(`${prefix}CLint_${symbolName(protein)}`), 3),
            "L/h",
            unit === "L/h"
              ? "given for a whole liver"
              : `${round(value, 4)} ${unit} in a liver of ${round(liver.volumeMl, 4)} mL (${liver.from === "image" ? "this image" : "reference table"})`,
          ]),
      ),
    ],
  };
}

/** A compound's numbers, one a row: name, value, unit, source. */
export function compoundRows(compound: Compound): [string, string | number | null, string, string][] {
  const source = (field: string) => compound.sources[field] ?? "";
  const rows: [string, string | number | null, string, string][] = [
    ["Molar mass", round(compound.molarMassGPerMol, 5), "g/mol", source("molarMassGPerMol")],
    ["logP", round(compound.logP, 4), "", source("logP")],
  ];
  if (compound.logMembraneAffinity !== null)
    rows.push([
      "log membrane affinity",
      round(compound.logMembraneAffinity, 4),
      "",
      source("logMembraneAffinity"),
    ]);
  if (compound.pKaAcids.length > 0)
    rows.push(["pKa, acids", compound.pKaAcids.join(", "), "", source("pKaAcids")]);
  if (compound.pKaBases.length > 0)
    rows.push(["pKa, bases", compound.pKaBases.join(", "), "", source("pKaBases")]);
  rows.push(
    ["Unbound in plasma", round(compound.fractionUnbound, 4), "", source("fractionUnbound")],
    [
      "Blood:plasma ratio",
      compound.bloodToPlasma === null ? "from red cells" : round(compound.bloodToPlasma, 4),
      "",
      source("bloodToPlasma"),
    ],
    ...processRows("Metabolism in the liver", compound.metabolism, source("metabolism")),
    ...processRows("Uptake by the liver", compound.hepaticUptake, source("hepaticUptake")),
    ...processRows("Excretion into the bile", compound.biliaryExcretion, source("biliaryExcretion")),
    ...processRows("Tubular secretion", compound.tubularSecretion, source("tubularSecretion")),
    ["Filtered share of GFR", round(compound.filtrationShare, 3), "", source("filtrationShare")],
  );
  const { absorption } = compound;
  if (absorption) {
    rows.push(["Absorption", round(absorption.ratePerH, 4), "1/h", source("absorption")]);
    if (!absorption.dissolution)
      rows.push(["Share absorbed", round(absorption.fractionAbsorbed ?? 1, 4), "", source("absorption")]);
    rows.push(["Passes the gut's wall", round(absorption.gutAvailability, 4), "", source("absorption")]);
    if (absorption.dissolution) {
      rows.push(
        ["Solubility", absorption.dissolution.solubilityMgPerL, "mg/L", source("absorption")],
        ["Particle radius", absorption.dissolution.particleRadiusUm, "um", source("absorption")],
      );
    }
  }
  for (const entry of compound.inhibition) {
    const name = entry.kind === "mechanism-based" ? "KI" : "Ki";
    rows.push([
      `${name} of ${entry.protein}, ${entry.kind}`,
      entry.inhibitionUmolPerL,
      "umol/L",
      source("inhibition"),
    ]);
    if (entry.kind === "mechanism-based")
      rows.push([`kinact of ${entry.protein}`, entry.inactivationPerH, "1/h", source("inhibition")]);
  }
  for (const { protein, maximum, halfMaximumUmolPerL } of compound.induction) {
    rows.push(
      [`Emax of ${protein}`, maximum, "", source("induction")],
      [`EC50 of ${protein}`, halfMaximumUmolPerL, "umol/L", source("induction")],
    );
  }
  rows.push(["Partition coefficients", compound.partitionMethod, "", source("partitionMethod")]);
  for (const [tissue, value] of Object.entries(compound.partition))
    rows.push([`Partition coefficient, ${tissue}`, round(value, 4), "", source("partition")]);
  for (const [tissue, value] of Object.entries(compound.permeabilityPerH))
    rows.push([`Permeability x surface, ${tissue}`, value, "L/h/L", source("permeabilityPerH")]);
  return rows;
}

function processRows(what: string, processes: readonly Process[], source: string) {
  return processes.flatMap(
    ({ protein, intrinsicClearance, maximalRate, michaelisUmolPerL, incubationFractionUnbound }) => {
      const rows: [string, number, string, string][] = intrinsicClearance
        ? [[`${what}, ${protein}`, round(intrinsicClearance.value, 4), intrinsicClearance.unit, source]]
        : [
            [`${what}, ${protein}: Vmax`, round(maximalRate!.value, 4), maximalRate!.unit, source],
            [`${what}, ${protein}: Km`, round(michaelisUmolPerL!, 4), "umol/L", source],
          ];
      if (incubationFractionUnbound !== 1)
        rows.push([`Unbound in the assay, ${protein}`, round(incubationFractionUnbound, 4), "", source]);
      return rows;
    },
  );
}

export function compoundTable(compound: Compound): Table {
  return {
    title: `Parameters of ${compound.name}`,
    columns: ["Parameter", "Value", "Unit", "Source"],
    rows: compoundRows(compound),
  };
}
