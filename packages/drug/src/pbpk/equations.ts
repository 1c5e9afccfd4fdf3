/**
 * The whole-body model as text of the format that `readModelText` reads. Amounts A (mg), volumes V (L), flows Q (L/h),
 * Kp tissue:plasma, BP blood:plasma, fu unbound in plasma. A tissue limited by perfusion is in equilibrium with the
 * blood that leaves it,
 *
 *   dA/dt = Q (Cart - A/V BP/Kp),
 *
 * one limited by permeability has its blood apart: PS (unbound in blood - unbound in tissue) passes between them. Liver
 * metabolism and uptake act on unbound drug; kidneys filter arterial plasma (Jones & Rowland-Yeo 2013,
 * doi:10.1038/psp.2013.41).
 */
import { usageError } from "@viscera/core";
import type { Compound, Process } from "./compound.js";
import {
  levelEquation,
  modulationOf,
  type Organ,
  type ProteinLevel,
  processClearance,
  proteinLevels,
} from "./interactions.js";
import { type NamedCompound, namedCompounds, symbolName } from "./names.js";
import { absorptionLines } from "./oral.js";
import {
  checkStructure,
  checkTissuesOf,
  type LiverModel,
  type PbpkStructure,
  type PbpkTissue,
} from "./structure.js";

/** Number of extraction beyond which the liver lets nothing pass: exp(-20). */
const MOST_EXTRACTION = 20;
/** Dispersion number of the liver (Roberts & Rowland, J. Pharmacokinet. Biopharm. 14 (1986) 227). */
const DISPERSION = 0.17;

/** Whether a compound enters a tissue slowly. */
export const isPermeabilityLimited = (tissue: PbpkTissue, compound: Compound): boolean =>
  compound.permeabilityPerH[tissue.name] !== undefined;

/** Throws `usage` for a structure or compounds that do not go together. */
export function pbpkModelText(compounds: readonly Compound[], structure: PbpkStructure): string {
  checkStructure(structure);
  for (const compound of compounds) checkTissuesOf(compound, structure);
  const named = namedCompounds(compounds);
  const levels = proteinLevels(named);
  const { tissues } = structure;
  const portal = tissues.filter(({ drainsTo, name }) => drainsTo === "liver" && name !== "liver");
  const system = tissues.filter(({ name }) => name !== "lung");
  const split = tissues.filter((tissue) =>
    compounds.some((compound) => isPermeabilityLimited(tissue, compound)),
  );
  return [
    `title: Whole-body PBPK, ${compounds.map(({ name }) => name.replaceAll("#", "")).join(" with ")}`,
    "source: Jones & Rowland-Yeo 2013, doi:10.1038/psp.2013.41",
    "time: h",
    "covariate V_arterial [L]   # arterial blood",
    "covariate V_venous [L]   # venous blood",
    ...tissues.map(({ name }) => `covariate V_${name} [L]`),
    ...system.map(({ name }) => `covariate Q_${name} [L/h]${name === "liver" ? "   # hepatic artery" : ""}`),
    "covariate GFR [L/h]   # glomerular filtration",
    ...split.map(({ name }) => `covariate fVas_${name}   # share of blood`),
    ...levels.map(({ degradation }) => `covariate ${degradation} [1/h]   # degradation`),
    `CO = ${system.map(({ name }) => `Q_${name}`).join(" + ")}`,
    `Q_hepatic = ${["liver", ...portal.map(({ name }) => name)].map((name) => `Q_${name}`).join(" + ")}`,
    ...named.flatMap((entry) => new CompoundEquations(entry, named, structure, levels).lines()),
    ...levels.flatMap((level) => levelEquation(level, named)),
  ].join("\n");
}

class CompoundEquations {
  readonly #compound: Compound;
  readonly #prefix: string;
  readonly #all: readonly NamedCompound[];
  readonly #structure: PbpkStructure;
  readonly #levels: readonly ProteinLevel[];

  constructor(
    { compound, prefix }: NamedCompound,
    all: readonly NamedCompound[],
    structure: PbpkStructure,
    levels: readonly ProteinLevel[],
  ) {
    this.#compound = compound;
    this.#prefix = prefix;
    this.#all = all;
    this.#structure = structure;
    this.#levels = levels;
  }

  lines(): string[] {
    const p = this.#prefix;
    const compound = this.#compound;
    const { tissues } = this.#structure;
    const { biliaryExcretion, absorption } = compound;
    const oral = absorption
      ? absorptionLines(absorption, p, this.#gutActivity(Object.keys(absorption.gutMetabolism)))
      : { compartments: [], sinks: [], definitions: [], metabolised: "" };
    return [
      `covariate ${p}fu   # unbound in plasma`,
      `covariate ${p}BP   # blood:plasma`,
      ...tissues.map(({ name }) => `covariate ${p}Kp_${name}   # ${name}:plasma`),
      ...tissues
        .filter((tissue) => this.#slow(tissue))
        .map(({ name }) => `covariate ${p}PS_${name} [L/h]   # permeability x surface`),
      ...this.#processParameters(),
      ...this.#inhibitionParameters(),
      `covariate ${p}fGFR   # filtered share of GFR`,
      ...oral.compartments,
      `${p}Cart = ${p}arterial / V_arterial`,
      `${p}Cven = ${p}venous / V_venous`,
      ...tissues.flatMap((tissue) => this.#concentrations(tissue)),
      ...oral.definitions,
      ...this.#hepatic(),
      `${p}filtered = GFR * ${p}fGFR * ${p}fu * ${p}Cart / ${p}BP`,
      `${p}secreted = ${this.#total(compound.tubularSecretion, "sec", "kidney")} * ${p}Cu_kidney`,
      `d/dt(${p}venous) = ${this.#venousReturn()} - CO * ${p}Cven [mg]`,
      `d/dt(${p}arterial) = CO * (${p}Cout_lung - ${p}Cart) [mg]`,
      ...tissues.flatMap((tissue) => this.#tissue(tissue)),
      `d/dt(${p}metabolised) = ${p}metabolism${oral.metabolised} [mg]`,
      `d/dt(${p}urine) = ${p}filtered + ${p}secreted [mg]`,
      ...(biliaryExcretion.length > 0 ? [`d/dt(${p}bile) = ${p}biliary [mg]`] : []),
      ...oral.sinks,
      `d/dt(${p}auc) = ${p}Cven / ${p}BP [mg.h/L]`,
      `output ${p}C_plasma = ${p}Cven / ${p}BP [mg/L]`,
      ...tissues.map((tissue) => {
        const blood = this.#slow(tissue) ? ` + ${p}${tissue.name}_blood` : "";
        return `output ${p}C_${tissue.name} = (${p}${tissue.name}${blood}) / V_${tissue.name} [mg/L]`;
      }),
    ];
  }

  #slow(tissue: PbpkTissue): boolean {
    return isPermeabilityLimited(tissue, this.#compound);
  }

  #processParameters(): string[] {
    const p = this.#prefix;
    const { metabolism, hepaticUptake, biliaryExcretion, tubularSecretion } = this.#compound;
    const kinds: [Process[], string, string][] = [
      [metabolism, "int", "metabolism"],
      [hepaticUptake, "up", "uptake by the liver"],
      [biliaryExcretion, "bil", "excretion into the bile"],
      [tubularSecretion, "sec", "tubular secretion"],
    ];
    return kinds.flatMap(([processes, kind, what]) =>
      processes.flatMap(({ protein, intrinsicClearance }) => {
        const name = `${kind}_${symbolName(protein)}`;
        return intrinsicClearance
          ? [`covariate ${p}CL${name} [L/h]   # ${what}, unbound`]
          : [
              `covariate ${p}V${name} [mg/h]   # ${what}, largest rate`,
              `covariate ${p}K${name} [mg/L]   # unbound concentration of half of it`,
            ];
      }),
    );
  }

  #inhibitionParameters(): string[] {
    const p = this.#prefix;
    const { inhibition, induction } = this.#compound;
    return [
      ...inhibition.flatMap(({ kind, protein }) => {
        const name = symbolName(protein);
        if (kind === "mechanism-based")
          return [`covariate ${p}kinact_${name} [1/h]`, `covariate ${p}KI_${name} [mg/L]`];
        return [`covariate ${p}${kind === "competitive" ? "Kic" : "Kin"}_${name} [mg/L]`];
      }),
      ...induction.flatMap(({ protein }) => {
        const name = symbolName(protein);
        return [`covariate ${p}Emax_${name}`, `covariate ${p}EC50_${name} [mg/L]`];
      }),
    ];
  }

  /** Blood that leaves a tissue, and unbound drug in it. */
  #concentrations(tissue: PbpkTissue): string[] {
    const p = this.#prefix;
    const t = tissue.name;
    if (!this.#slow(tissue)) {
      return [
        `${p}Cout_${t} = ${p}${t} / V_${t} * ${p}BP / ${p}Kp_${t}`,
        `${p}Cu_${t} = ${p}${t} / V_${t} * ${p}fu / ${p}Kp_${t}`,
      ];
    }
    return [
      `${p}Cout_${t} = ${p}${t}_blood / (V_${t} * fVas_${t})`,
      `${p}Cu_${t} = ${p}${t} / (V_${t} * (1 - fVas_${t})) * ${p}fu / ${p}Kp_${t}`,
      `${p}Cub_${t} = ${p}Cout_${t} * ${p}fu / ${p}BP`,
    ];
  }

  #total(processes: readonly Process[], kind: string, organ: Organ, concentration?: string): string {
    if (processes.length === 0) return "0";
    const formulas = processes.map((process) => {
      const modulation = modulationOf(process.protein, organ, this.#compound, this.#all, this.#levels);
      const at = concentration ?? `${this.#prefix}Cu_${organ}`;
      return processClearance(process, kind, this.#prefix, at, modulation);
    });
    return formulas.length === 1 ? formulas[0]! : `(${formulas.join(" + ")})`;
  }

  /** What gut wall metabolism is to its usual one, or null where nothing changes it; shares are parameters. */
  #gutActivity(proteins: readonly string[]): string | null {
    const changed = proteins.flatMap((protein) => {
      const modulation = modulationOf(protein, "gut", this.#compound, this.#all, this.#levels);
      const { level, competitive, noncompetitive } = modulation;
      return level === "1" && competitive === "1" && noncompetitive === "1"
        ? []
        : [
            {
              share: `${this.#prefix}fgut_${symbolName(protein)}`,
              factor: `${level} / ${competitive} / ${noncompetitive}`,
            },
          ];
    });
    if (changed.length === 0) return null;
    return `1 + ${changed.map(({ share, factor }) => `${share} * (${factor} - 1)`).join(" + ")}`;
  }

  #hepatic(): string[] {
    const p = this.#prefix;
    const { metabolism, biliaryExcretion, hepaticUptake } = this.#compound;
    const liver = this.#structure.tissues.find(({ name }) => name === "liver")!;
    const slow = this.#slow(liver);
    const model = this.#structure.liver;
    const saturable = metabolism.some(({ intrinsicClearance }) => intrinsicClearance === undefined);
    const name = this.#compound.name;
    if (!slow && hepaticUptake.length > 0) {
      throw usageError(
        `"hepaticUptake" of ${name} needs a liver that is limited by permeability.`,
        'Give the liver in "permeabilityPerH".',
      );
    }
    if (model !== "well-stirred" && (slow || saturable)) {
      throw usageError(
        `The ${model} liver cannot be used for ${name}: ${slow ? "its liver is limited by permeability" : "its metabolism is saturable"}.`,
        'Choose "well-stirred".',
      );
    }
    const intrinsic = this.#total(metabolism, "int", "liver");
    return [
      ...hepaticClearance(model, p, intrinsic),
      `${p}metabolism = ${p}CLliver * ${p}Cu_liver`,
      ...(biliaryExcretion.length > 0
        ? [`${p}biliary = ${this.#total(biliaryExcretion, "bil", "liver")} * ${p}Cu_liver`]
        : []),
    ];
  }

  #venousReturn(): string {
    return this.#structure.tissues
      .filter(({ name, drainsTo }) => name !== "lung" && drainsTo === "venous")
      .map(({ name }) => `${name === "liver" ? "Q_hepatic" : `Q_${name}`} * ${this.#prefix}Cout_${name}`)
      .join(" + ");
  }

  #tissue(tissue: PbpkTissue): string[] {
    const p = this.#prefix;
    const t = tissue.name;
    const { biliaryExcretion, absorption, hepaticUptake } = this.#compound;
    const portal = this.#structure.tissues.filter(({ drainsTo, name }) => drainsTo === "liver" && name !== t);
    const inflow =
      t === "lung"
        ? `CO * ${p}Cven`
        : `Q_${t} * ${p}Cart${t === "liver" ? portal.map(({ name }) => ` + Q_${name} * ${p}Cout_${name}`).join("") : ""}`;
    const outflow = `${t === "lung" ? "CO" : t === "liver" ? "Q_hepatic" : `Q_${t}`} * ${p}Cout_${t}`;
    const fromBlood = t === "kidney" ? ` - ${p}filtered` : "";
    const own =
      t === "liver"
        ? ` - ${p}metabolism${biliaryExcretion.length > 0 ? ` - ${p}biliary` : ""}`
        : t === "kidney"
          ? ` - ${p}secreted`
          : t === "gut" && absorption
            ? ` + ${p}absorbed`
            : "";
    if (!this.#slow(tissue)) return [`d/dt(${p}${t}) = ${inflow} - ${outflow}${fromBlood}${own} [mg]`];
    const uptake =
      t === "liver" && hepaticUptake.length > 0
        ? ` + ${this.#total(hepaticUptake, "up", "liver", `${p}Cub_liver`)} * ${p}Cub_liver`
        : "";
    return [
      `${p}exchange_${t} = ${p}PS_${t} * (${p}Cub_${t} - ${p}Cu_${t})${uptake}`,
      `d/dt(${p}${t}_blood) = ${inflow} - ${outflow}${fromBlood} - ${p}exchange_${t} [mg]`,
      `d/dt(${p}${t}) = ${p}exchange_${t}${own} [mg]`,
    ];
  }
}

/**
 * The clearance that a well-stirred liver needs to extract what the model says: E / (1 - E) times the flow over the
 * unbound share in blood. Parallel tube: E = 1 - exp(-N); dispersion with closed ends: Roberts & Rowland 1986; N is the
 * unbound intrinsic clearance over the flow.
 */
function hepaticClearance(model: LiverModel, p: string, intrinsic: string): string[] {
  if (model === "well-stirred") return [`${p}CLliver = ${intrinsic}`];
  const extraction = `${p}extraction = min((${intrinsic}) * ${p}fu / (${p}BP * Q_hepatic), ${MOST_EXTRACTION})`;
  const scale = `Q_hepatic * ${p}BP / ${p}fu`;
  if (model === "parallel-tube") return [extraction, `${p}CLliver = ${scale} * (exp(${p}extraction) - 1)`];
  const [a, d] = [`${p}spread`, String(DISPERSION)];
  return [
    extraction,
    `${a} = sqrt(1 + 4 * ${p}extraction * ${d})`,
    `${p}CLliver = ${scale} * (((1 + ${a})^2 * exp((${a} - 1) / (2 * ${d})) - (1 - ${a})^2 * exp(-(${a} + 1) / (2 * ${d}))) / (4 * ${a}) - 1)`,
  ];
}
