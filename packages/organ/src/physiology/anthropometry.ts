/**
 * Height, weight, haematocrit and creatinine of adults by sex and age: regressions on the examination data of NHANES
 * 2013-2018 (CDC; 7198 men and 7802 women of 18 to 79 years with all four measured, weighted by their six-year
 * examination weights), taken from the table that the R package httk 2.7.4 carries for its population generator (Ring
 * et al. 2017, doi:10.1016/j.envint.2017.06.004; MIT licence). x is (age - 45 years) / 10 years.
 */

/** c0 + c1 x + c2 x^2, and the standard deviation about it. */
interface Regression {
  mean: readonly [number, number, number];
  deviation: number;
}

export interface Anthropometry {
  heightCm: Regression;
  /** Of the natural logarithm of kg; `perCm` is the slope with the height's distance from its mean. */
  logWeight: Regression & { perCm: number; skewness: number };
  haematocritPercent: Regression;
  /** Of the natural logarithm of mg/dL, without the 0.4 % farthest out (failing kidneys). */
  logCreatinine: Regression;
}

const MALE: Anthropometry = {
  heightCm: { mean: [176.37, -0.2826, -0.2515], deviation: 7.402 },
  logWeight: { mean: [4.51576, 0.01586, -0.01465], deviation: 0.2023, perCm: 0.0127, skewness: 0.44 },
  haematocritPercent: { mean: [44.67, -0.3306, -0.0428], deviation: 3.226 },
  logCreatinine: { mean: [-0.06031, 0.01556, 0.00569], deviation: 0.1823 },
};

const FEMALE: Anthropometry = {
  heightCm: { mean: [162.556, -0.5277, -0.2763], deviation: 6.725 },
  logWeight: { mean: [4.35355, 0.01338, -0.01353], deviation: 0.248, perCm: 0.01064, skewness: 0.41 },
  haematocritPercent: { mean: [39.864, 0.2568, 0.0177], deviation: 3.199 },
  logCreatinine: { mean: [-0.33316, 0.03012, 0.00649], deviation: 0.2027 },
};

export const anthropometryOf = (sex: "female" | "male"): Anthropometry => (sex === "male" ? MALE : FEMALE);

/** Ages that the regressions stand on. */
export const ADULT_YEARS = [18, 80] as const;

/** The mean at an age; ages outside those of the data get the nearest one's. */
export function meanAt({ mean: [c0, c1, c2] }: Regression, ageYears: number): number {
  const x = (Math.min(ADULT_YEARS[1], Math.max(ADULT_YEARS[0], ageYears)) - 45) / 10;
  return c0 + c1 * x + c2 * x * x;
}

/** A standard normal deviate bent to a small skewness (Cornish & Fisher 1937). */
export const skewed = (z: number, skewness: number): number => z + (skewness / 6) * (z * z - 1);
