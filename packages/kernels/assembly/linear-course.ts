/**
 * Linear systems dx/dt = A x of two subjects at once, one in each lane of the vectors: exponentials of their matrices,
 * and courses through steps, doses and outputs. Matrices are row-major, 16 bytes an element.
 */

/** Largest norm for which the Taylor polynomial of degree 16 is exact to double precision. */
const LARGEST_NORM: f64 = 0.78;
const MOST_SQUARINGS: i32 = 200;
/** 1 / k!. */
const FACTORIALS = memory.data<f64>([
  1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664, 0.008333333333333333, 0.001388888888888889,
  0.0001984126984126984, 2.48015873015873e-5, 2.7557319223985893e-6, 2.755731922398589e-7,
  2.505210838544172e-8, 2.08767569878681e-9, 1.6059043836821613e-10, 1.1470745597729725e-11,
  7.647163731819816e-13, 4.779477332387385e-14,
]);

// Steps of a course, three numbers of 32 bits each.
const GO = 0;
const ADD = 1;
const SET = 2;
const OUTPUT = 3;

/** to = a b; `to` is neither of them. */
// @ts-ignore: decorator
@inline
function multiply(a: usize, b: usize, to: usize, n: usize): void {
  const row = n << 4;
  const end = a + n * row;
  for (let p = a, t = to; p < end; p += row, t += row) {
    for (let j: usize = 0; j < row; j += 16) {
      let sum = f64x2.splat(0);
      let q = b + j;
      for (let k: usize = 0; k < row; k += 16, q += row) {
        sum = f64x2.add(sum, f64x2.mul(v128.load(p + k), v128.load(q)));
      }
      v128.store(t + j, sum);
    }
  }
}

/** to = f[k] 1 + f[k+1] a + f[k+2] a2 + f[k+3] a3, with f = 1 / k!. */
// @ts-ignore: decorator
@inline
function combine(k: usize, a: usize, a2: usize, a3: usize, to: usize, n: usize): void {
  const c1 = f64x2.splat(load<f64>(FACTORIALS + ((k + 1) << 3)));
  const c2 = f64x2.splat(load<f64>(FACTORIALS + ((k + 2) << 3)));
  const c3 = f64x2.splat(load<f64>(FACTORIALS + ((k + 3) << 3)));
  const bytes = (n * n) << 4;
  for (let i: usize = 0; i < bytes; i += 16) {
    let sum = f64x2.mul(c3, v128.load(a3 + i));
    sum = f64x2.add(sum, f64x2.mul(c2, v128.load(a2 + i)));
    v128.store(to + i, f64x2.add(sum, f64x2.mul(c1, v128.load(a + i))));
  }
  addDiagonal(to, n, f64x2.splat(load<f64>(FACTORIALS + (k << 3))));
}

// @ts-ignore: decorator
@inline
function addDiagonal(to: usize, n: usize, value: v128): void {
  const step = (n + 1) << 4;
  for (let i: usize = 0, p = to; i < n; i++, p += step) v128.store(p, f64x2.add(v128.load(p), value));
}

/** Bytes that `exponential` works in. */
export function workBytes(n: usize): usize {
  return 6 * ((n * n) << 4);
}

/**
 * to = exp(a span) for both subjects; `decay` holds e to the power of minus the shift that `shiftOf` gave, a pair.
 * The diagonal is shifted so that the matrix of a compartmental model has no negative element: sums then lose no
 * digits, however small a result is (Xue & Ye, Math. Comp. 82 (2013) 1577).
 */
export function exponential(a: usize, n: usize, squarings: i32, shift: usize, decay: usize, scale: f64, to: usize, work: usize): void {
  const bytes = (n * n) << 4;
  const x = work;
  const x2 = work + bytes;
  const x3 = work + 2 * bytes;
  const x4 = work + 3 * bytes;
  let sum = work + 4 * bytes;
  let other = work + 5 * bytes;
  const factor = f64x2.splat(scale);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(x + i, f64x2.mul(factor, v128.load(a + i)));
  addDiagonal(x, n, v128.load(shift));
  multiply(x, x, x2, n);
  multiply(x2, x, x3, n);
  multiply(x2, x2, x4, n);
  // Paterson & Stockmeyer: a polynomial in x4 whose coefficients are polynomials in x.
  combine(12, x, x2, x3, sum, n);
  const last = f64x2.splat(load<f64>(FACTORIALS + (16 << 3)));
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(sum + i, f64x2.add(v128.load(sum + i), f64x2.mul(last, v128.load(x4 + i))));
  }
  for (let k: i32 = 8; k >= 0; k -= 4) {
    multiply(sum, x4, to, n);
    combine(<usize>k, x, x2, x3, other, n);
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(sum + i, f64x2.add(v128.load(other + i), v128.load(to + i)));
    }
  }
  const shrink = v128.load(decay);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(sum + i, f64x2.mul(shrink, v128.load(sum + i)));
  for (let s = 0; s < squarings; s++) {
    multiply(sum, sum, other, n);
    const swap = sum;
    sum = other;
    other = swap;
  }
  memory.copy(to, sum, bytes);
}

/**
 * How often a(span) has to be halved, from -1 for a matrix that is not finite; leaves the shift of the diagonal, halved
 * as often, at `shift`.
 */
export function shiftOf(a: usize, n: usize, span: f64, shift: usize): i32 {
  const row = n << 4;
  const diagonal = row + 16;
  const factor = f64x2.splat(span);
  let least = f64x2.splat(0);
  for (let i: usize = 0, p = a; i < n; i++, p += diagonal) least = f64x2.min(least, v128.load(p));
  const moved = f64x2.neg(f64x2.mul(factor, least));
  let largest = f64x2.splat(0);
  for (let j: usize = 0; j < n; j++) {
    let sum = f64x2.splat(0);
    for (let i: usize = 0, p = a + (j << 4); i < n; i++, p += row) {
      let value = f64x2.mul(factor, v128.load(p));
      if (i == j) value = f64x2.add(value, moved);
      sum = f64x2.add(sum, f64x2.abs(value));
    }
    largest = f64x2.max(largest, sum);
  }
  const norm = max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1));
  if (!(norm < Infinity)) return -1;
  let squarings = 0;
  let scale: f64 = 1;
  while (norm * scale > LARGEST_NORM && squarings < MOST_SQUARINGS) {
    scale *= 0.5;
    squarings++;
  }
  v128.store(shift, f64x2.mul(moved, f64x2.splat(scale)));
  return squarings;
}

/**
 * Runs `count` steps from `steps` on the state of n pairs at `state`:
 * GO k: the k-th matrix of `powers`; ADD i v, SET i v: the v-th pair of `inputs` to state i;
 * OUTPUT: `outputs` pairs (rows of `rows`, n + 1 pairs each, the last a constant) to `to`, which moves on.
 * `spare` has room for n pairs.
 */
export function course(
  steps: usize,
  count: i32,
  n: usize,
  state: usize,
  spare: usize,
  powers: usize,
  inputs: usize,
  rows: usize,
  outputs: i32,
  to: usize,
): void {
  const row = n << 4;
  const matrix = n * row;
  let x = state;
  let y = spare;
  for (let s = 0; s < count; s++, steps += 12) {
    const kind = load<i32>(steps);
    const i = <usize>load<i32>(steps, 4);
    if (kind == GO) {
      let p = powers + i * matrix;
      for (let at: usize = 0; at < row; at += 16) {
        let sum = f64x2.mul(v128.load(p), v128.load(x));
        p += 16;
        for (let k: usize = 16; k < row; k += 16, p += 16) {
          sum = f64x2.add(sum, f64x2.mul(v128.load(p), v128.load(x + k)));
        }
        v128.store(y + at, sum);
      }
      const swap = x;
      x = y;
      y = swap;
    } else if (kind == OUTPUT) {
      let p = rows;
      for (let o = 0; o < outputs; o++, to += 16) {
        let sum = v128.load(p + row);
        for (let k: usize = 0; k < row; k += 16) {
          sum = f64x2.add(sum, f64x2.mul(v128.load(p + k), v128.load(x + k)));
        }
        p += row + 16;
        v128.store(to, sum);
      }
    } else {
      const input = v128.load(inputs + (<usize>load<i32>(steps, 8) << 4));
      const at = x + (i << 4);
      v128.store(at, kind == ADD ? f64x2.add(v128.load(at), input) : input);
    }
  }
}
