/** What the kernel of linear courses computes, for one subject, written plainly. */

/** exp(A span), row-major, by the same shift, scaling, Taylor polynomial and squarings. */
export function exponentialReference(a: Float64Array, n: number, span: number): Float64Array {
  const multiply = (p: Float64Array, q: Float64Array) =>
    Float64Array.from({ length: n * n }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += p[Math.floor(at / n) * n + k]! * q[k * n + (at % n)]!;
      return sum;
    });
  let shift = 0;
  for (let i = 0; i < n; i++) shift = Math.max(shift, -span * a[i * (n + 1)]!);
  const shifted = a.map((value, at) => span * value + (at % (n + 1) === 0 ? shift : 0));
  let norm = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(shifted[i * n + j]!);
    norm = Math.max(norm, sum);
  }
  let squarings = 0;
  while (norm / 2 ** squarings > 0.78) squarings++;
  const x = shifted.map((value) => value / 2 ** squarings);
  let result = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
  for (let k = 16; k >= 1; k--) {
    result = multiply(x, result).map((value, at) => value / k + (at % (n + 1) === 0 ? 1 : 0));
  }
  const decay = Math.exp(-shift / 2 ** squarings);
  result = result.map((value) => value * decay);
  for (let s = 0; s < squarings; s++) result = multiply(result, result);
  return result;
}

export type CourseStep =
  | { kind: "go"; matrix: Float64Array }
  | { kind: "add" | "set"; state: number; value: number }
  | { kind: "output" };

/** The outputs of a course: at each `output` the rows (n numbers and a constant) times the state. */
export function courseReference(
  start: Float64Array,
  steps: readonly CourseStep[],
  rows: readonly Float64Array[],
): number[] {
  const n = start.length;
  let state = start.slice();
  const found: number[] = [];
  for (const step of steps) {
    if (step.kind === "go") {
      const before = state;
      state = before.map((_, i) =>
        before.reduce((sum, value, k) => sum + step.matrix[i * n + k]! * value, 0),
      );
    } else if (step.kind === "output") {
      for (const row of rows) found.push(state.reduce((sum, value, k) => sum + row[k]! * value, row[n]!));
    } else state[step.state] = step.value + (step.kind === "add" ? state[step.state]! : 0);
  }
  return found;
}
