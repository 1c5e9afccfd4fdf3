/**
 * Share of blood in a tissue's volume (rat; Kawai et al., J. Pharmacokinet. Biopharm. 22 (1994) 327), for tissues that
 * permeability limits.
 */
const SHARES: Readonly<Record<string, number>> = {
  lung: 0.262,
  heart: 0.262,
  kidney: 0.105,
  bone: 0.041,
  muscle: 0.026,
  skin: 0.019,
  fat: 0.01,
  brain: 0.037,
  spleen: 0.282,
  gut: 0.024,
  liver: 0.115,
};
/** Of tissues that are not in the table, as the gut's. */
const OTHER = 0.024;

export function vascularShare(tissue: string): number {
  return SHARES[tissue] ?? OTHER;
}
