/** Coefficients of Lanczos' approximation with g = 7 (as tabulated by P. Godfrey). */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Lanczos' sum at x - 1. */
function lanczosSum(z: number): number {
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (z + i);
  return sum;
}

/** Gamma function of a number of at least 1/2, to about 15 digits. */
export function gamma(x: number): number {
  const z = x - 1;
  const t = z + 7.5;
  return Math.sqrt(2 * Math.PI) * t ** (z + 0.5) * Math.exp(-t) * lanczosSum(z);
}

/** Its logarithm, also where the function itself is too large for a number. */
export function logGamma(x: number): number {
  const z = x - 1;
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(lanczosSum(z));
}
