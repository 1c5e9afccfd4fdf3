/**
 * Partition coefficient between vegetable oil and water, which describes adipose tissue better than octanol's (Leo,
 * Hansch & Elkins, Chem. Rev. 71 (1971) 525).
 */
export function vegetableOilCoefficient(logP: number): number {
  return 10 ** (1.115 * logP - 1.35);
}
