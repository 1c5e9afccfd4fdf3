import { failedError } from "@viscera/core";
import { multiplyDense, norm1, solveDense } from "./dense.js";

/** Coefficients of the [13/13] Pade approximant of exp. */
const B = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];
/** Largest 1-norm for which the approximant is exact to double precision without scaling. */
const THETA_13 = 5.371920351148152;

/**
 * Matrix exponential of an n x n row-major matrix by scaling and squaring with a [13/13] Pade approximant
 * (Higham, SIAM J. Matrix Anal. Appl. 26, 2005, doi:10.1137/04061101X). Throws `failed.not-finite`.
 */
export function expm(a: Float64Array, n: number): Float64Array {
  const norm = norm1(a, n);
  if (!Number.isFinite(norm)) throw failedError("not-finite", "A matrix holds a number that is not finite.");
  const squarings = norm > THETA_13 ? Math.ceil(Math.log2(norm / THETA_13)) : 0;
  const scaled = a.map((v) => v / 2 ** squarings);
  const a2 = multiplyDense(scaled, scaled, n);
  const a4 = multiplyDense(a2, a2, n);
  const a6 = multiplyDense(a2, a4, n);
  const combine = (c6: number, c4: number, c2: number, c0: number): Float64Array => {
    const out = new Float64Array(n * n);
    for (let i = 0; i < n * n; i++) out[i] = c6 * a6[i]! + c4 * a4[i]! + c2 * a2[i]!;
    for (let i = 0; i < n; i++) out[i * n + i]! += c0;
    return out;
  };
  const odd = multiplyDense(a6, combine(B[13]!, B[11]!, B[9]!, 0), n);
  const oddLow = combine(B[7]!, B[5]!, B[3]!, B[1]!);
  for (let i = 0; i < n * n; i++) odd[i]! += oddLow[i]!;
  const u = multiplyDense(scaled, odd, n);
  const v = multiplyDense(a6, combine(B[12]!, B[10]!, B[8]!, 0), n);
  const evenLow = combine(B[6]!, B[4]!, B[2]!, B[0]!);
  for (let i = 0; i < n * n; i++) v[i]! += evenLow[i]!;
  let result = solveDense(
    v.map((value, i) => value - u[i]!),
    v.map((value, i) => value + u[i]!),
    n,
    n,
  );
  for (let s = 0; s < squarings; s++) result = multiplyDense(result, result, n);
  return result;
}
