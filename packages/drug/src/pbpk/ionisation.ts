/** Charge states of a drug with any number of acidic and basic groups (Henderson-Hasselbalch). */

export interface Ionisation {
  neutral: number;
  positive: number;
  negative: number;
  /** With equal numbers of both charges. */
  zwitterion: number;
}

/**
 * Shares of the charge states at a pH. Groups give off their protons in the order of their pKa; a state counts as
 * neutral where no group is charged, as zwitterion where charges cancel.
 */
export function ionisation(pH: number, pKaAcids: readonly number[], pKaBases: readonly number[]): Ionisation {
  const groups = [
    ...pKaAcids.map((pKa) => ({ pKa, acid: true })),
    ...pKaBases.map((pKa) => ({ pKa, acid: false })),
  ].sort((a, b) => a.pKa - b.pKa);
  // From the state with every proton on; logs, for a pKa may lie far from the pH.
  let positiveCharges = pKaBases.length;
  let negativeCharges = 0;
  let logRatio = 0;
  const states = [{ positiveCharges, negativeCharges, logRatio }];
  for (const { pKa, acid } of groups) {
    if (acid) negativeCharges++;
    else positiveCharges--;
    logRatio += pH - pKa;
    states.push({ positiveCharges, negativeCharges, logRatio });
  }
  const largest = Math.max(...states.map((state) => state.logRatio));
  const total = states.reduce((sum, state) => sum + 10 ** (state.logRatio - largest), 0);
  const shares: Ionisation = { neutral: 0, positive: 0, negative: 0, zwitterion: 0 };
  for (const state of states) {
    const share = 10 ** (state.logRatio - largest) / total;
    const charge = state.positiveCharges - state.negativeCharges;
    if (charge > 0) shares.positive += share;
    else if (charge < 0) shares.negative += share;
    else if (state.positiveCharges === 0) shares.neutral += share;
    else shares.zwitterion += share;
  }
  return shares;
}

/** Ions' share of the neutral form's affinity to lipids. */
export const IONS_IN_LIPID = 0.001;

/** Distribution coefficient between lipid and water: ions enter lipids a thousandth as much. */
export function distributionCoefficient(
  neutralCoefficient: number,
  { positive, negative }: Ionisation,
): number {
  return neutralCoefficient * (1 - (1 - IONS_IN_LIPID) * (positive + negative));
}
