/** The SBML Test Suite's NNNNN-settings.txt (https://github.com/sbmlteam/sbml-test-suite). */

export interface SuiteSettings {
  start: number;
  duration: number;
  steps: number;
  variables: string[];
  absolute: number;
  relative: number;
  amount: string[];
  concentration: string[];
  /** Columns of the results where they are not the variables (stochastic cases: X-mean, X-sd). */
  output: string[];
  /** Between which numbers of standard errors means and variances of a stochastic case have to lie. */
  meanRange: readonly [number, number] | null;
  sdRange: readonly [number, number] | null;
}

export function readSettings(text: string): SuiteSettings {
  const values = new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const match = /^\s*([A-Za-z]+)\s*:(.*)$/.exec(line);
      return match ? [[match[1]!, match[2]!.trim()] as const] : [];
    }),
  );
  const list = (key: string) =>
    (values.get(key) ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
  const value = (key: string) => Number(values.get(key) || 0);
  const range = (key: string): [number, number] | null => {
    const match = /^\(\s*([-+.\deE]+)\s*,\s*([-+.\deE]+)\s*\)$/.exec(values.get(key) ?? "");
    return match ? [Number(match[1]), Number(match[2])] : null;
  };
  return {
    start: value("start"),
    duration: value("duration"),
    steps: value("steps"),
    variables: list("variables"),
    absolute: value("absolute"),
    relative: value("relative"),
    amount: list("amount"),
    concentration: list("concentration"),
    output: list("output"),
    meanRange: range("meanRange"),
    sdRange: range("sdRange"),
  };
}

/** The times of the results: `steps` equal intervals. */
export function suiteTimes({
  start,
  duration,
  steps,
}: Pick<SuiteSettings, "start" | "duration" | "steps">): Float64Array {
  return Float64Array.from({ length: steps + 1 }, (_, i) => start + (i * duration) / Math.max(1, steps));
}
