/** Areas under ROC curves of the same cases, and their covariances (DeLong et al. 1988, doi:10.2307/2531595). */
import { inputError } from "@viscera/core";

export interface RocAreas {
  areas: number[];
  /** `covariances[a][b]` of the areas of two lists of ratings. */
  covariances: number[][];
}

/**
 * Areas of several lists of ratings (`ratings[list][case]`, higher for positive) of the same cases. Throws
 * `input.one-class` unless there are two positive and two negative cases.
 */
export function rocAreas(ratings: readonly (readonly number[])[], isPositive: readonly boolean[]): RocAreas {
  const places = (wanted: boolean) => isPositive.flatMap((positive, c) => (positive === wanted ? [c] : []));
  const positives = places(true);
  const negatives = places(false);
  if (positives.length < 2 || negatives.length < 2)
    throw inputError("one-class", "Comparing ROC curves needs two or more cases of either kind.");
  const score = (higher: number, lower: number) => (higher > lower ? 1 : higher === lower ? 0.5 : 0);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  // How each positive case does against all negative ones, and each negative against all positive ones.
  const ofPositives = ratings.map((own) =>
    positives.map((p) => mean(negatives.map((n) => score(own[p]!, own[n]!)))),
  );
  const ofNegatives = ratings.map((own) =>
    negatives.map((n) => mean(positives.map((p) => score(own[p]!, own[n]!)))),
  );
  const areas = ofPositives.map(mean);
  const covariance = (x: readonly number[], y: readonly number[]) => {
    const [mx, my] = [mean(x), mean(y)];
    return x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0) / (x.length - 1) / x.length;
  };
  return {
    areas,
    covariances: areas.map((_, a) =>
      areas.map(
        (__, b) =>
          covariance(ofPositives[a]!, ofPositives[b]!) + covariance(ofNegatives[a]!, ofNegatives[b]!),
      ),
    ),
  };
}
