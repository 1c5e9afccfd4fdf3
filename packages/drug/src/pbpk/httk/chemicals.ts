/** httk's chemicals by name or CAS number. */
import { HTTK_REFERENCES, HTTK_ROWS } from "./compounds-data.js";

const REFERENCED = [
  "logP",
  "logMembraneAffinity",
  "intrinsicClearance",
  "fractionUnbound",
  "bloodToPlasma",
  "fractionAbsorbed",
  "oralAvailability",
  "permeability",
] as const;

/** What httk measured or collected; null is not known. */
export interface HttkChemical {
  name: string;
  cas: string;
  molarMassGPerMol: number;
  logP: number;
  logMembraneAffinity: number | null;
  /** pKa of groups that take up a proton; null where not known, empty where there is none. */
  pKaBases: number[] | null;
  pKaAcids: number[] | null;
  /** uL/min/10^6 hepatocytes, not corrected for binding in the assay. */
  intrinsicClearance: number;
  /** That the clearance is 0. */
  clearancePValue: number | null;
  /** In plasma as measured; 0 is below detection. */
  fractionUnbound: number;
  bloodToPlasma: number | null;
  fractionAbsorbed: number | null;
  gutAvailability: number | null;
  oralAvailability: number | null;
  hepaticAvailability: number | null;
  /** Caco-2, apical to basal, 1e-6 cm/s. */
  permeability: number | null;
  /** log10 of the solubility in water, mol/L. */
  logSolubility: number | null;
  /** log10 of Henry's constant, atm m3/mol. */
  logHenry: number | null;
  /** "PFAS" or "". */
  family: string;
  references: Partial<Record<(typeof REFERENCED)[number], string>>;
}

let chemicals: readonly HttkChemical[] | null = null;

/** All chemicals in the order of their names. */
export function httkChemicals(): readonly HttkChemical[] {
  chemicals ??= HTTK_ROWS.split("\n").map(readRow);
  return chemicals;
}

/** The chemical of a name (in any case) or CAS number; undefined where the table has none. */
export function findHttkChemical(key: string): HttkChemical | undefined {
  const wanted = key.trim().toLowerCase();
  return httkChemicals().find(
    ({ name, cas }) => cas.toLowerCase() === wanted || name.toLowerCase() === wanted,
  );
}

function readRow(line: string): HttkChemical {
  const cells = line.split("|");
  const number = (i: number) => (cells[i] === "" ? null : Number(cells[i]));
  const constants = (i: number) =>
    cells[i] === "?"
      ? null
      : cells[i]!.split(",")
          .filter((text) => text !== "")
          .map(Number);
  const references: HttkChemical["references"] = {};
  for (const [i, index] of cells[19]!.split(",").entries())
    if (index !== "") references[REFERENCED[i]!] = HTTK_REFERENCES[Number(index)]!;
  return {
    name: cells[0]!,
    cas: cells[1]!,
    molarMassGPerMol: number(2)!,
    logP: number(3)!,
    logMembraneAffinity: number(4),
    pKaBases: constants(5),
    pKaAcids: constants(6),
    intrinsicClearance: number(7)!,
    clearancePValue: number(8),
    fractionUnbound: number(9)!,
    bloodToPlasma: number(10),
    fractionAbsorbed: number(11),
    gutAvailability: number(12),
    oralAvailability: number(13),
    hepaticAvailability: number(14),
    permeability: number(15),
    logSolubility: number(16),
    logHenry: number(17),
    family: cells[18]!,
    references,
  };
}
