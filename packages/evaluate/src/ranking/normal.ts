/** Probability that a standard normal deviate exceeds z, to about 15 digits of the smaller tail. */
export function upperTail(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 2.5) {
    // P(0 < Z < z) = density * (z + z^3/3 + z^5/15 + ...) (Marsaglia 2004, doi:10.18637/jss.v011.i04).
    let term = z;
    let sum = z;
    for (let n = 3; term > 1e-17 * sum; n += 2) {
      term *= (z * z) / n;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // Laplace's continued fraction z + 1/(z + 2/(z + 3/...)), from far inside.
  let fraction = z;
  for (let n = 400; n >= 1; n--) fraction = z + n / fraction;
  return density / fraction;
}
