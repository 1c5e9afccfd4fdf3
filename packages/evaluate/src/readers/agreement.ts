/** Agreement of readers who answered the same questions about the same cases. */
import { usageError } from "@viscera/core";

/**
 * Fleiss' kappa (doi:10.1037/h0031619) of `counts[case][answer]`: how many readers gave each answer. Every case has the
 * same number of readers, at least two. NaN where all answers are alike. Throws `usage`.
 */
export function fleissKappa(counts: readonly (readonly number[])[]): number {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const readers = counts.length === 0 ? 0 : sum(counts[0]!);
  if (readers < 2 || counts.some((row) => sum(row) !== readers))
    throw usageError("Fleiss' kappa needs the answers of the same two or more readers to every case.");
  const cases = counts.length;
  const observed =
    sum(counts.map((row) => (sum(row.map((n) => n * n)) - readers) / (readers * (readers - 1)))) / cases;
  const shares = counts[0]!.map((_, k) => sum(counts.map((row) => row[k]!)) / (cases * readers));
  const byChance = sum(shares.map((share) => share * share));
  return byChance === 1 ? Number.NaN : (observed - byChance) / (1 - byChance);
}

export interface IntraclassCorrelation {
  /** Other readers could have read: absolute agreement of one reader, and of the mean of all (ICC(2,1), ICC(2,k)). */
  agreement: number;
  agreementOfMean: number;
  /** Exactly these readers: consistency of one, and of the mean of all (ICC(3,1), ICC(3,k)). */
  consistency: number;
  consistencyOfMean: number;
}

/**
 * Intraclass correlations of `ratings[case][reader]` (Shrout & Fleiss 1979, doi:10.1037/0033-2909.86.2.420). Throws
 * `usage` below two cases or readers.
 */
export function intraclassCorrelation(ratings: readonly (readonly number[])[]): IntraclassCorrelation {
  const n = ratings.length;
  const k = ratings[0]?.length ?? 0;
  if (n < 2 || k < 2 || ratings.some((row) => row.length !== k))
    throw usageError("An intraclass correlation needs two or more readers who all read two or more cases.");
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const grand = mean(ratings.map(mean));
  const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + (value - grand) ** 2, 0);
  const betweenCases = k * squares(ratings.map(mean));
  const betweenReaders = n * squares(ratings[0]!.map((_, r) => mean(ratings.map((row) => row[r]!))));
  const rest = squares(ratings.flat()) - betweenCases - betweenReaders;
  const bms = betweenCases / (n - 1);
  const jms = betweenReaders / (k - 1);
  const ems = rest / ((n - 1) * (k - 1));
  return {
    agreement: (bms - ems) / (bms + (k - 1) * ems + (k * (jms - ems)) / n),
    agreementOfMean: (bms - ems) / (bms + (jms - ems) / n),
    consistency: (bms - ems) / (bms + (k - 1) * ems),
    consistencyOfMean: (bms - ems) / bms,
  };
}
