import { failedError } from "@viscera/core";
import { multiplyDenseInto, norm1, solveDenseInPlace } from "./dense.js";

/** Coefficients of the [m/m] Pade approximants of exp, and the largest 1-norm for which each is exact to rounding. */
const APPROXIMANTS = [
  { theta: 1.495585217958292e-2, b: [120, 60, 12, 1] },
  { theta: 2.53939833006323e-1, b: [30240, 15120, 3360, 420, 30, 1] },
  { theta: 9.504178996162932e-1, b: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1] },
  {
    theta: 2.097847961257068,
    b: [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1],
  },
] as const;
const B13 = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];
const THETA_13 = 5.371920351148152;

/** Room for one size of matrix; small exponentials would spend most of their time on making it. */
interface Workspace {
  scaled: Float64Array;
  /** Second, fourth, sixth and eighth power. */
  powers: Float64Array[];
  odd: Float64Array;
  u: Float64Array;
  v: Float64Array;
}

const workspaces = new Map<number, Workspace>();
const LARGEST_KEPT = 64;

function workspaceFor(n: number): Workspace {
  const known = workspaces.get(n);
  if (known) return known;
  const room = () => new Float64Array(n * n);
  const made = {
    scaled: room(),
    powers: [room(), room(), room(), room()],
    odd: room(),
    u: room(),
    v: room(),
  };
  if (n <= LARGEST_KEPT) workspaces.set(n, made);
  return made;
}

/**
 * Matrix exponential of an n x n row-major matrix by scaling and squaring with Pade approximants of degree 3 to 13
 * (Higham, SIAM J. Matrix Anal. Appl. 26, 2005, doi:10.1137/04061101X). Throws `failed.not-finite`.
 */
export function expm(a: Float64Array, n: number): Float64Array {
  const norm = norm1(a, n);
  if (!Number.isFinite(norm)) throw failedError("not-finite", "A matrix holds a number that is not finite.");
  const space = workspaceFor(n);
  const small = APPROXIMANTS.find(({ theta }) => norm <= theta);
  const squarings = norm > THETA_13 ? Math.ceil(Math.log2(norm / THETA_13)) : 0;
  const scale = 2 ** -squarings;
  for (let i = 0; i < n * n; i++) space.scaled[i] = a[i]! * scale;
  if (small) lowDegree(space, small.b, n);
  else degree13(space, n);
  // (V - U) X = V + U
  const { u, v } = space;
  let result: Float64Array = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) {
    result[i] = v[i]! + u[i]!;
    v[i]! -= u[i]!;
  }
  if (!solveDenseInPlace(v, result, n, n))
    throw failedError("singular", "A linear system has no unique solution.");
  let spare: Float64Array = u;
  for (let s = 0; s < squarings; s++) {
    multiplyDenseInto(result, result, n, spare);
    [result, spare] = [spare, result];
  }
  return result === u ? result.slice() : result;
}

/** U and V from even powers, one by one. */
function lowDegree({ scaled, powers, odd, u, v }: Workspace, b: readonly number[], n: number): void {
  odd.fill(0);
  v.fill(0);
  for (let i = 0; i < n; i++) {
    odd[i * n + i] = b[1]!;
    v[i * n + i] = b[0]!;
  }
  for (let k = 1; 2 * k < b.length; k++) {
    const power = powers[k - 1]!;
    if (k === 1) multiplyDenseInto(scaled, scaled, n, power);
    else multiplyDenseInto(powers[k - 2]!, powers[0]!, n, power);
    const [even, uneven] = [b[2 * k]!, b[2 * k + 1]!];
    for (let i = 0; i < n * n; i++) {
      v[i]! += even * power[i]!;
      odd[i]! += uneven * power[i]!;
    }
  }
  multiplyDenseInto(scaled, odd, n, u);
}

function degree13({ scaled, powers, odd, u, v }: Workspace, n: number): void {
  const [a2, a4, a6, inner] = powers as [Float64Array, Float64Array, Float64Array, Float64Array];
  multiplyDenseInto(scaled, scaled, n, a2);
  multiplyDenseInto(a2, a2, n, a4);
  multiplyDenseInto(a2, a4, n, a6);
  const b = B13;
  for (let i = 0; i < n * n; i++) inner[i] = b[13]! * a6[i]! + b[11]! * a4[i]! + b[9]! * a2[i]!;
  multiplyDenseInto(a6, inner, n, odd);
  for (let i = 0; i < n * n; i++) odd[i]! += b[7]! * a6[i]! + b[5]! * a4[i]! + b[3]! * a2[i]!;
  for (let i = 0; i < n; i++) odd[i * n + i]! += b[1]!;
  multiplyDenseInto(scaled, odd, n, u);
  for (let i = 0; i < n * n; i++) inner[i] = b[12]! * a6[i]! + b[10]! * a4[i]! + b[8]! * a2[i]!;
  multiplyDenseInto(a6, inner, n, v);
  for (let i = 0; i < n * n; i++) v[i]! += b[6]! * a6[i]! + b[4]! * a4[i]! + b[2]! * a2[i]!;
  for (let i = 0; i < n; i++) v[i * n + i]! += b[0]!;
}
