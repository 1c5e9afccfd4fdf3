import type { Compound } from "../compound.js";
import { bloodToPlasmaRatio } from "../partition/index.js";
import { wholeOrgan } from "../scaling.js";
import { httkHuman } from "./human.js";
import { HTTK_HUMAN } from "./tissue-data.js";

/**
 * httk's steady-state plasma concentration in mg/L under a constant oral dose in mg/kg/day, of its model
 * `3compartmentss`: absorbed, past the liver once, cleared by filtration and a well-stirred liver (Pearce et al. 2017,
 * doi:10.18637/jss.v079.i04). Metabolism has to be linear.
 */
export function steadyStateMgPerL(compound: Compound, doseMgPerKgPerDay = 1): number {
  const human = httkHuman();
  const { fractionUnbound, absorption, metabolism } = compound;
  const ratio = bloodToPlasmaRatio(compound, human.haematocrit);
  const flow = human.tissues.liver!.flowLPerH + human.tissues.gut!.flowLPerH;
  const intrinsic = metabolism.reduce(
    (sum, { intrinsicClearance, incubationFractionUnbound }) =>
      sum +
      wholeOrgan(intrinsicClearance!.value, intrinsicClearance!.unit, human.tissues.liver!.volumeL) /
        incubationFractionUnbound,
    0,
  );
  const metabolised = fractionUnbound * intrinsic;
  const hepatic = (flow * metabolised) / (flow + metabolised / ratio);
  const pastLiver = flow / (flow + metabolised / ratio);
  const absorbed = (absorption?.fractionAbsorbed ?? 1) * (absorption?.gutAvailability ?? 1);
  const rateMgPerH = (doseMgPerKgPerDay * HTTK_HUMAN.weightKg) / 24;
  return (
    (rateMgPerH * absorbed * pastLiver) /
    (compound.filtrationShare * human.filtrationLPerH * fractionUnbound + hepatic)
  );
}
