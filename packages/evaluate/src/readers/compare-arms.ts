import { usageError } from "@viscera/core";
import { rocAreas } from "./delong.js";
import { quantileT, twoSidedT } from "./student.js";

/** Two ways of reading (without and with help, say) compared over readers and cases. */
export interface ArmComparison {
  /** Area under the ROC curve by arm and reader. */
  areas: [number[], number[]];
  /** Mean area of each arm, and second minus first with its 95 % interval. */
  means: [number, number];
  difference: number;
  low: number;
  high: number;
  /** Of no difference, readers and cases both taken as random; degrees of freedom after Hillis. */
  p: number;
  freedom: number;
}

/**
 * Multi-reader multi-case comparison of two arms, `ratings[arm][reader][case]`: every reader read every case in both.
 * Obuchowski & Rockette 1995 (doi:10.1080/03610919508813243) with DeLong's covariances and the degrees of freedom of
 * Hillis 2007 (doi:10.1002/sim.2532). Throws `usage` below two readers, and what `rocAreas` throws.
 */
export function compareArms(
  ratings: readonly [readonly (readonly number[])[], readonly (readonly number[])[]],
  isPositive: readonly boolean[],
): ArmComparison {
  const readers = ratings[0].length;
  if (readers < 2 || ratings[1].length !== readers)
    throw usageError("Comparing two arms needs two or more readers who read in both.");
  const { areas, covariances } = rocAreas([...ratings[0], ...ratings[1]], isPositive);
  const arm = (a: number) => areas.slice(a * readers, (a + 1) * readers);
  const mean = (values: readonly number[]) => values.reduce((x, y) => x + y, 0) / values.length;
  const split: [number[], number[]] = [arm(0), arm(1)];
  const means: [number, number] = [mean(split[0]), mean(split[1])];
  const difference = means[1] - means[0];
  // Covariances of two readers' areas in one arm, and in different arms.
  const same: number[] = [];
  const across: number[] = [];
  for (let i = 0; i < 2 * readers; i++)
    for (let j = 0; j < i; j++) {
      if (i % readers === j % readers) continue;
      (Math.floor(i / readers) === Math.floor(j / readers) ? same : across).push(covariances[i]![j]!);
    }
  // With two arms the interaction is half the variance of the readers' differences.
  const differences = split[1].map((area, r) => area - split[0][r]!);
  const interaction = differences.reduce((sum, d) => sum + (d - difference) ** 2, 0) / (2 * (readers - 1));
  const denominator = interaction + Math.max(0, readers * (mean(same) - mean(across)));
  const error = Math.sqrt((2 * denominator) / readers);
  const freedom =
    interaction === 0 ? Number.POSITIVE_INFINITY : (denominator ** 2 * (readers - 1)) / interaction ** 2;
  // Without any spread an equal pair does not differ, and an unequal one surely does.
  const t = error === 0 ? (difference === 0 ? 0 : Number.POSITIVE_INFINITY) : difference / error;
  const reach = error === 0 ? 0 : error * quantileT(0.05, freedom);
  return {
    areas: split,
    means,
    difference,
    low: difference - reach,
    high: difference + reach,
    p: Number.isFinite(t) ? twoSidedT(t, freedom) : 0,
    freedom,
  };
}
