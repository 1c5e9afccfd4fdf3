/** Comparisons of several classes at once. Matrices hold `matrix[reference][prediction]` counts. */
import { usageError } from "@viscera/core";

export type ConfusionMatrix = readonly (readonly number[])[];

/** Weights of disagreements between classes i and j: 1, |i - j| or (i - j)^2. */
export type DisagreementWeights = "unit" | "linear" | "quadratic";

const WEIGHT: Record<DisagreementWeights, (i: number, j: number) => number> = {
  unit: (i, j) => (i === j ? 0 : 1),
  linear: (i, j) => Math.abs(i - j),
  quadratic: (i, j) => (i - j) ** 2,
};

/** Counts of pairs of classes 0 .. count - 1. Throws `usage` for other values or lists of two lengths. */
export function confusionMatrix(ref: ArrayLike<number>, pred: ArrayLike<number>, count: number): number[][] {
  if (ref.length !== pred.length)
    throw usageError(`${ref.length} references cannot be compared with ${pred.length} predictions.`);
  const matrix = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (let n = 0; n < ref.length; n++) {
    const row = matrix[ref[n]!];
    if (!row || row[pred[n]!] === undefined)
      throw usageError(`Sample ${n + 1} holds a class beyond the ${count} that there are.`);
    row[pred[n]!]!++;
  }
  return matrix;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const rowSums = (matrix: ConfusionMatrix) => matrix.map(sum);
const columnSums = (matrix: ConfusionMatrix) => matrix.map((_, j) => sum(matrix.map((row) => row[j]!)));

/** Cohen's kappa, with weighted disagreements (doi:10.1037/h0026256); NaN where chance leaves none. */
export function weightedKappa(matrix: ConfusionMatrix, weights: DisagreementWeights = "unit"): number {
  const rows = rowSums(matrix);
  const columns = columnSums(matrix);
  const total = sum(rows);
  let observed = 0;
  let byChance = 0;
  for (const [i, row] of matrix.entries())
    for (const [j, count] of row.entries()) {
      observed += WEIGHT[weights](i, j) * count;
      byChance += (WEIGHT[weights](i, j) * rows[i]! * columns[j]!) / total;
    }
  return byChance === 0 ? Number.NaN : 1 - observed / byChance;
}

/** Matthews' correlation coefficient of several classes (R_K, doi:10.1016/j.compbiolchem.2004.09.006). */
export function multiClassMatthews(matrix: ConfusionMatrix): number {
  const rows = rowSums(matrix);
  const columns = columnSums(matrix);
  const total = sum(rows);
  const correct = sum(matrix.map((row, i) => row[i]!));
  const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, i) => value * b[i]!));
  const scale = Math.sqrt(total * total - dot(columns, columns)) * Math.sqrt(total * total - dot(rows, rows));
  return scale === 0 ? Number.NaN : (correct * total - dot(rows, columns)) / scale;
}

/** Mean sensitivity of the classes; NaN where the reference lacks one. */
export function multiClassBalancedAccuracy(matrix: ConfusionMatrix): number {
  return sum(matrix.map((row, i) => row[i]! / sum(row))) / matrix.length;
}

/**
 * Mean cost of the decisions. `prior`: a missed class costs 1 / (classes x its share of the reference), so that all
 * weigh alike; else the weights of the disagreement. `normalised`: over the least cost of always deciding alike.
 */
export function expectedCost(
  matrix: ConfusionMatrix,
  costs: "prior" | DisagreementWeights = "prior",
): { cost: number; normalised: number } {
  const rows = rowSums(matrix);
  const total = sum(rows);
  const costOf = (i: number, j: number) =>
    costs === "prior" ? (i === j ? 0 : total / (matrix.length * rows[i]!)) : WEIGHT[costs](i, j);
  const shares = matrix.map((row, i) => row.map((count, j) => (costOf(i, j) * count) / total));
  const always = matrix.map((_, j) => sum(rows.map((count, i) => (costOf(i, j) * count) / total)));
  const cost = sum(shares.map(sum));
  return { cost, normalised: cost / Math.min(...always) };
}

/** F1 of each class; 0 where it is neither in the reference nor predicted. */
export function f1PerClass(matrix: ConfusionMatrix): number[] {
  const rows = rowSums(matrix);
  const columns = columnSums(matrix);
  return matrix.map((row, i) =>
    rows[i]! + columns[i]! === 0 ? 0 : (2 * row[i]!) / (rows[i]! + columns[i]!),
  );
}
