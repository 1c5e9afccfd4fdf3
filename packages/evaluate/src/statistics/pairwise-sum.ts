/**
 * Sum by halves, as numpy adds arrays: blocks of up to 128 values in eight running sums. More exact than one running
 * sum, and it decides shares that lie on a limit (half of eight equal areas) as tools based on numpy do.
 */
export function pairwiseSum(values: Float64Array): number {
  const count = values.length;
  if (count < 8) return values.reduce((sum, value) => sum + value, 0);
  if (count > 128) {
    const half = (count >> 1) & ~7;
    return pairwiseSum(values.subarray(0, half)) + pairwiseSum(values.subarray(half));
  }
  const sums = values.slice(0, 8);
  let at = 8;
  for (; at + 8 <= count; at += 8) for (let k = 0; k < 8; k++) sums[k]! += values[at + k]!;
  const [a, b, c, d, e, f, g, h] = sums as unknown as number[];
  let sum = a! + b! + (c! + d!) + (e! + f! + (g! + h!));
  for (; at < count; at++) sum += values[at]!;
  return sum;
}
