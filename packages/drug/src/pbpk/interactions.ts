/**
 * How compounds change what proteins do to others: reversible inhibition by the unbound concentration in the organ, and
 * the protein's level E relative to its usual one, with inactivation and induced synthesis
 *
 *   dE/dt = kdeg (1 + sum Emax C / (EC50 + C)) - (kdeg + sum kinact C / (KI + C)) E
 *
 * (Mayhew, Jones & Hall, Drug Metab. Dispos. 28 (2000) 1031; Fahmi et al., ibid. 36 (2008) 1698).
 */
import type { Compound, Process } from "./compound.js";
import { type NamedCompound, symbolName } from "./names.js";

export type Organ = "liver" | "gut" | "kidney";

/** Proteins that a compound meets in an organ. */
export function proteinsIn(organ: Organ, compound: Compound): string[] {
  if (organ === "gut") return Object.keys(compound.absorption?.gutMetabolism ?? {});
  if (organ === "kidney") return compound.tubularSecretion.map(({ protein }) => protein);
  const { metabolism, hepaticUptake, biliaryExcretion } = compound;
  return [...metabolism, ...hepaticUptake, ...biliaryExcretion].map(({ protein }) => protein);
}

const changesLevel = (compound: Compound, protein: string): boolean =>
  compound.induction.some((entry) => entry.protein === protein) ||
  compound.inhibition.some((entry) => entry.kind === "mechanism-based" && entry.protein === protein);

export interface ProteinLevel {
  protein: string;
  organ: Organ;
  /** Its compartment. */
  level: string;
  /** Its parameter of degradation. */
  degradation: string;
}

/** Proteins whose level changes: some compound is handled by them and some compound changes them. */
export function proteinLevels(compounds: readonly NamedCompound[]): ProteinLevel[] {
  const levels: ProteinLevel[] = [];
  for (const organ of ["liver", "gut", "kidney"] as const) {
    const met = new Set(compounds.flatMap(({ compound }) => proteinsIn(organ, compound)));
    for (const protein of met) {
      if (!compounds.some(({ compound }) => changesLevel(compound, protein))) continue;
      const name = symbolName(protein);
      levels.push({ protein, organ, level: `level_${name}_${organ}`, degradation: `kdeg_${name}_${organ}` });
    }
  }
  return levels;
}

/** The equation of a level. */
export function levelEquation(
  { protein, organ, level, degradation }: ProteinLevel,
  compounds: readonly NamedCompound[],
): string[] {
  const name = symbolName(protein);
  const synthesis = ["1"];
  const loss = [degradation];
  for (const { compound, prefix } of compounds) {
    const concentration = `${prefix}Cu_${organ}`;
    if (compound.induction.some((entry) => entry.protein === protein))
      synthesis.push(`${prefix}Emax_${name} * ${concentration} / (${prefix}EC50_${name} + ${concentration})`);
    if (compound.inhibition.some((entry) => entry.kind === "mechanism-based" && entry.protein === protein))
      loss.push(`${prefix}kinact_${name} * ${concentration} / (${prefix}KI_${name} + ${concentration})`);
  }
  return [
    `d/dt(${level}) = ${degradation} * (${synthesis.join(" + ")}) - (${loss.join(" + ")}) * ${level}`,
    `${level}(0) = 1`,
  ];
}

/** Sentences about inhibition and induction of proteins that none of the compounds meets, which do nothing. */
export function idleInteractions(compounds: readonly Compound[]): string[] {
  const met = (compound: Compound) =>
    (["liver", "gut", "kidney"] as const).flatMap((organ) => proteinsIn(organ, compound));
  const all = new Set(compounds.flatMap(met));
  return compounds.flatMap((compound) => {
    const changed = [...compound.inhibition, ...compound.induction].map(({ protein }) => protein);
    return [...new Set(changed)]
      .filter((protein) => !all.has(protein))
      .map(
        (protein) =>
          `${compound.name} acts on ${protein}, which handles none of the drugs here (${[...all].join(", ")} ${all.size === 1 ? "does" : "do"}), so this changes nothing.`,
      );
  });
}

/** What multiplies a protein's work on a compound in an organ: "1" where nothing changes it. */
export interface Modulation {
  level: string;
  /** Multiplies Km. */
  competitive: string;
  /** Divides Vmax. */
  noncompetitive: string;
}

export function modulationOf(
  protein: string,
  organ: Organ,
  substrate: Compound,
  compounds: readonly NamedCompound[],
  levels: readonly ProteinLevel[],
): Modulation {
  const name = symbolName(protein);
  const sumOf = (kind: "competitive" | "noncompetitive", constant: string) => {
    const terms = compounds
      // A substrate's own competition is its Km.
      .filter(({ compound }) => compound !== substrate)
      .filter(({ compound }) =>
        compound.inhibition.some((entry) => entry.kind === kind && entry.protein === protein),
      )
      .map(({ prefix }) => `${prefix}Cu_${organ} / ${prefix}${constant}_${name}`);
    return terms.length === 0 ? "1" : `(1 + ${terms.join(" + ")})`;
  };
  return {
    level: levels.find((entry) => entry.protein === protein && entry.organ === organ)?.level ?? "1",
    competitive: sumOf("competitive", "Kic"),
    noncompetitive: sumOf("noncompetitive", "Kin"),
  };
}

/** Clearance of unbound drug by one protein, as a formula; `kind` tells its parameters from those of others. */
export function processClearance(
  process: Process,
  kind: string,
  prefix: string,
  concentration: string,
  { level, competitive, noncompetitive }: Modulation,
): string {
  const name = symbolName(process.protein);
  const over = (formula: string, divisor: string) => (divisor === "1" ? formula : `${formula} / ${divisor}`);
  const times = (formula: string) => (level === "1" ? formula : `${level} * ${formula}`);
  if (process.intrinsicClearance !== undefined)
    return over(over(times(`${prefix}CL${kind}_${name}`), competitive), noncompetitive);
  const constant =
    competitive === "1" ? `${prefix}K${kind}_${name}` : `${prefix}K${kind}_${name} * ${competitive}`;
  return over(times(`${prefix}V${kind}_${name} / (${constant} + ${concentration})`), noncompetitive);
}
