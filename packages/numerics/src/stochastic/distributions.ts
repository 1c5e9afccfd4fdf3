/**
 * Distributions by their quantiles: one uniform number gives one value, and limits only narrow the range of the
 * uniform number (Devroye, Non-Uniform Random Variate Generation, 1986, chapter II.2). Both limits belong to the
 * range.
 */
import { inputError } from "@viscera/core";
import { logGamma, lowerGamma, normalCdf, normalQuantile, upperGamma } from "./special-functions.js";

export type DistributionName =
  | "uniform"
  | "normal"
  | "lognormal"
  | "exponential"
  | "gamma"
  | "chisquare"
  | "poisson"
  | "bernoulli"
  | "binomial"
  | "cauchy"
  | "laplace"
  | "rayleigh";

/** A binomial distribution keeps its sums. */
const MOST_TRIALS = 10_000_000;

interface Distribution {
  cdf(x: number): number;
  quantile(p: number): number;
  /** Whole numbers only. */
  discrete?: boolean;
}

/** How many parameters each takes; most may have defaults (Cauchy and Laplace: location 0, scale 1). */
const PARAMETERS: Readonly<Record<DistributionName, readonly number[]>> = {
  uniform: [2],
  normal: [2],
  lognormal: [2],
  exponential: [1],
  gamma: [2],
  chisquare: [1],
  poisson: [1],
  bernoulli: [1],
  binomial: [2],
  cauchy: [0, 1, 2],
  laplace: [0, 1, 2],
  rayleigh: [1],
};
const WITHOUT_LIMITS: ReadonlySet<DistributionName> = new Set(["uniform", "bernoulli"]);

export function isDistribution(name: string): name is DistributionName {
  return Object.hasOwn(PARAMETERS, name);
}

/** Whether a distribution may be given so many numbers: its parameters, and two limits behind them. */
export function takesArguments(name: DistributionName, count: number): boolean {
  if (PARAMETERS[name].includes(count)) return true;
  return !WITHOUT_LIMITS.has(name) && count === Math.max(...PARAMETERS[name]) + 2;
}

/**
 * The value of a distribution for a uniform number from [0, 1): normal (mean, standard deviation), uniform
 * (least, most), lognormal (of the logarithm: mean, standard deviation), exponential (rate), gamma (shape, scale),
 * chisquare (degrees of freedom), poisson (rate), bernoulli (probability), binomial (number, probability), cauchy
 * (location, scale), laplace (location, scale), rayleigh (scale); each but uniform and bernoulli with two limits
 * where wanted. Throws `input.distribution` for values that a parameter cannot have or limits without anything
 * between them.
 */
export function drawFrom(name: DistributionName, values: readonly number[], uniform: number): number {
  const most = Math.max(...PARAMETERS[name]);
  const { cdf, quantile, discrete } = distribution(name, values.slice(0, most));
  const [low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY] = values.slice(most);
  if (!(low <= high)) refuse(name, `its limits are ${low} and ${high}`);
  // Of whole numbers the lower limit itself counts.
  const below = low === Number.NEGATIVE_INFINITY ? 0 : cdf(discrete ? Math.ceil(low) - 1 : low);
  const above = high === Number.POSITIVE_INFINITY ? 1 : cdf(high);
  if (!(above > below)) {
    if (!discrete && low === high) return low;
    refuse(name, `nothing of it lies between ${low} and ${high}`);
  }
  // Never quite 0 or 1, where quantiles may be infinite.
  const share = Math.min(1 - Number.EPSILON / 2, Math.max(2 ** -54, below + uniform * (above - below)));
  return Math.min(high, Math.max(low, quantile(share)));
}

function refuse(name: DistributionName, problem: string): never {
  throw inputError(
    "distribution",
    `A value of the distribution "${name}" cannot be drawn: ${problem}.`,
    "Correct the distribution's parameters in the model.",
  );
}

function distribution(name: DistributionName, values: readonly number[]): Distribution {
  const positive = (value: number, what: string) => {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) refuse(name, `its ${what} is ${value}`);
    return value;
  };
  const probability = (value: number) => {
    if (!(value >= 0 && value <= 1)) refuse(name, `its probability is ${value}`);
    return value;
  };
  const [first = 0, second = 1] = values;
  switch (name) {
    case "uniform":
      if (!(first <= second)) refuse(name, `it reaches from ${first} to ${second}`);
      return {
        cdf: (x) => Math.min(1, Math.max(0, (x - first) / (second - first))),
        quantile: (p) => first + p * (second - first),
      };
    case "normal":
      return normal(first, spread(name, second));
    case "lognormal": {
      const { cdf, quantile } = normal(first, spread(name, second));
      return { cdf: (x) => (x > 0 ? cdf(Math.log(x)) : 0), quantile: (p) => Math.exp(quantile(p)) };
    }
    case "exponential":
      positive(first, "rate");
      return {
        cdf: (x) => -Math.expm1(-first * Math.max(0, x)),
        quantile: (p) => -Math.log1p(-p) / first,
      };
    case "gamma":
      return gamma(positive(first, "shape"), positive(second, "scale"));
    case "chisquare":
      return gamma(positive(first, "number of degrees of freedom") / 2, 2);
    case "poisson":
      if (!(first >= 0 && first < Number.POSITIVE_INFINITY)) refuse(name, `its rate is ${first}`);
      return poisson(first);
    case "bernoulli":
      probability(first);
      return { cdf: (x) => (x < 0 ? 0 : x < 1 ? 1 - first : 1), quantile: (p) => (p >= 1 - first ? 1 : 0) };
    case "binomial":
      if (!(Number.isInteger(first) && first >= 0 && first <= MOST_TRIALS))
        refuse(name, `its number of trials is ${first}`);
      return binomial(first, probability(second));
    case "cauchy":
      positive(second, "scale");
      return {
        cdf: (x) => 0.5 + Math.atan((x - first) / second) / Math.PI,
        quantile: (p) => first + second * Math.tan(Math.PI * (p - 0.5)),
      };
    case "laplace":
      positive(second, "scale");
      return {
        cdf: (x) =>
          x < first ? 0.5 * Math.exp((x - first) / second) : 1 - 0.5 * Math.exp((first - x) / second),
        quantile: (p) => first + second * (p < 0.5 ? Math.log(2 * p) : -Math.log(2 * (1 - p))),
      };
    case "rayleigh":
      positive(first, "scale");
      return {
        cdf: (x) => -Math.expm1(-0.5 * (Math.max(0, x) / first) ** 2),
        quantile: (p) => first * Math.sqrt(-2 * Math.log1p(-p)),
      };
  }
}

function spread(name: DistributionName, value: number): number {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) refuse(name, `its standard deviation is ${value}`);
  return value;
}

function normal(mean: number, deviation: number): Distribution {
  return {
    cdf: (x) => (deviation > 0 ? normalCdf((x - mean) / deviation) : x >= mean ? 1 : 0),
    quantile: (p) => (deviation > 0 ? mean + deviation * normalQuantile(p) : mean),
  };
}

function gamma(shape: number, scale: number): Distribution {
  const cdf = (x: number) => lowerGamma(shape, x / scale);
  return {
    cdf,
    quantile: (p) => {
      // Wilson & Hilferty's guess, then bisection of what holds the root, with Newton steps inside it.
      const cube = 1 - 1 / (9 * shape) + normalQuantile(p) / (3 * Math.sqrt(shape));
      let x = cube > 0 ? shape * cube ** 3 : shape * p ** (1 / shape);
      let [low, high] = [0, Number.POSITIVE_INFINITY];
      const logScale = logGamma(shape);
      for (let i = 0; i < 200; i++) {
        const error = lowerGamma(shape, x) - p;
        if (error > 0) high = x;
        else low = x;
        const density = Math.exp((shape - 1) * Math.log(x) - x - logScale);
        let next = x - error / density;
        if (!(next > low && next < high)) next = high < Number.POSITIVE_INFINITY ? (low + high) / 2 : 2 * x;
        if (Math.abs(next - x) <= 1e-12 * x) return scale * next;
        x = next;
      }
      return scale * x;
    },
  };
}

function poisson(rate: number): Distribution {
  const cdf = (x: number) => (x < 0 ? 0 : rate === 0 ? 1 : upperGamma(Math.floor(x) + 1, rate));
  return { discrete: true, cdf, quantile: (p) => leastWhole(cdf, p, rate, Math.sqrt(rate)) };
}

function binomial(count: number, probability: number): Distribution {
  const mean = count * probability;
  let sums: Float64Array = new Float64Array(0);
  const cdf = (x: number) => {
    if (x < 0) return 0;
    if (x >= count || probability === 0) return 1;
    if (probability === 1) return 0;
    if (sums.length === 0) sums = binomialSums(count, probability);
    return sums[Math.floor(x)]!;
  };
  return {
    discrete: true,
    cdf,
    quantile: (p) => Math.min(count, leastWhole(cdf, p, mean, Math.sqrt(mean * (1 - probability)))),
  };
}

/** P(X <= k) for every k, from masses by their ratios in logarithms. */
function binomialSums(count: number, probability: number): Float64Array {
  const sums = new Float64Array(count + 1);
  const odds = Math.log(probability) - Math.log1p(-probability);
  let logMass = count * Math.log1p(-probability);
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    sum += Math.exp(logMass);
    sums[k] = Math.min(1, sum);
    logMass += Math.log((count - k) / (k + 1)) + odds;
  }
  return sums;
}

/** The least whole number whose distribution function reaches p, looked for from the mean on. */
function leastWhole(cdf: (x: number) => number, p: number, mean: number, deviation: number): number {
  let low = Math.max(-1, Math.floor(mean + deviation * (normalQuantile(p) - 1)) - 1);
  let high = low + Math.ceil(deviation) + 2;
  while (low >= 0 && cdf(low) >= p) low = Math.max(-1, low - Math.ceil(deviation) - 1);
  while (cdf(high) < p) {
    low = high;
    high += Math.ceil(deviation) + 1;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (cdf(middle) >= p) high = middle;
    else low = middle;
  }
  return high;
}
