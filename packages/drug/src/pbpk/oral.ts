/** What becomes of a dose in the gut's lumen. */
import type { Compound } from "./compound.js";
import { symbolName } from "./names.js";

type Absorption = NonNullable<Compound["absorption"]>;

export interface AbsorptionLines {
  /** With their parameters. */
  compartments: string[];
  /** Compartments that only take up. */
  sinks: string[];
  definitions: string[];
  /** What the gut's wall adds to the metabolised amount. */
  metabolised: string;
}

/** Share of a dose's mass below which the last of its particles dissolves by first order, lest the rate has a kink at 0. */
const LAST_OF_SOLID = 1e-6;

/**
 * First-order absorption from solution. Solid spheres of one size dissolve by Noyes & Whitney with Hixson & Crowell's
 * shrinking surface,
 *
 *   dM/dt = -3 D / (rho r0 h) M0^(1/3) M^(2/3) (solubility - concentration), h = r0, at most 30 um
 *
 * (Hintz & Johnson, Int. J. Pharm. 51 (1989) 9); M0 is the last dose, so that doses should have dissolved before the
 * next. Solid and dissolved drug leave the small intestine at its rate of transit. `activity` multiplies the gut wall's
 * metabolism.
 */
export function absorptionLines(
  { dissolution, gutMetabolism }: Absorption,
  p: string,
  activity: string | null,
): AbsorptionLines {
  const availability =
    activity === null
      ? [`${p}Fgut = ${p}fg`]
      : [`${p}gutActivity = ${activity}`, `${p}Fgut = ${p}fg / (${p}fg + (1 - ${p}fg) * ${p}gutActivity)`];
  const shares =
    activity === null
      ? []
      : Object.keys(gutMetabolism).map(
          (protein) => `covariate ${p}fgut_${symbolName(protein)}   # share of gut wall metabolism`,
        );
  const parameters = [
    `covariate ${p}ka [1/h]   # absorption`,
    `covariate ${p}fg   # passes the gut's wall`,
    ...shares,
  ];
  if (!dissolution) {
    return {
      compartments: [
        ...parameters,
        `covariate ${p}fa   # absorbed`,
        `d/dt(${p}lumen) = -${p}ka * ${p}lumen [mg]`,
      ],
      sinks: [`d/dt(${p}faeces) = ${p}ka * (1 - ${p}fa) * ${p}lumen [mg]`],
      definitions: [
        ...availability,
        `${p}entering = ${p}ka * ${p}fa * ${p}lumen`,
        `${p}absorbed = ${p}entering * ${p}Fgut`,
      ],
      metabolised: ` + ${p}entering * (1 - ${p}Fgut)`,
    };
  }
  return {
    compartments: [
      ...parameters,
      `covariate ${p}zdiss [L/mg/h]   # 3 D / (rho r0 h)`,
      `covariate ${p}solubility [mg/L]`,
      `covariate ${p}V_lumen [L]   # fluid in the small intestine`,
      `covariate ${p}ktransit [1/h]   # out of the small intestine`,
      `d/dt(${p}solid) = -${p}dissolving - ${p}ktransit * ${p}solid [mg]`,
      `d/dt(${p}lumen) = ${p}dissolving - (${p}ka + ${p}ktransit) * ${p}lumen [mg]`,
    ],
    sinks: [`d/dt(${p}faeces) = ${p}ktransit * (${p}solid + ${p}lumen) [mg]`],
    definitions: [
      ...availability,
      `${p}M0 = max(dose.${p}solid, 1e-9)`,
      `${p}dissolving = ${p}zdiss * ${p}M0^(1/3) * ${p}solid / (max(${p}solid, 0) + ${LAST_OF_SOLID} * ${p}M0)^(1/3) * max(0, ${p}solubility - ${p}lumen / ${p}V_lumen)`,
      `${p}entering = ${p}ka * ${p}lumen`,
      `${p}absorbed = ${p}entering * ${p}Fgut`,
    ],
    metabolised: ` + ${p}entering * (1 - ${p}Fgut)`,
  };
}
