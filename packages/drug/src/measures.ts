/**
 * Non-compartmental measures of one concentration curve (Gabrielsson & Weiner, Pharmacokinetic and Pharmacodynamic
 * Data Analysis, section 2.8).
 */

export interface CurveMeasures {
  peak: number;
  peakTimeH: number;
  /** To the last time. */
  area: number;
  /** With the terminal phase extrapolated; null without a terminal phase. */
  areaInfinity: number | null;
  terminalPerH: number | null;
  halfLifeH: number | null;
}

/**
 * Measures of a curve whose area to the last time is known (the model integrates it exactly); `terminalFromH`
 * is where the last dose's terminal phase may begin.
 */
export function curveMeasures(
  timesH: Float64Array,
  values: Float64Array,
  area: number,
  terminalFromH: number,
): CurveMeasures {
  let peakAt = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[peakAt]!) peakAt = i;
  const terminalPerH = terminalSlope(timesH, values, Math.max(terminalFromH, timesH[peakAt]!));
  return {
    peak: values[peakAt]!,
    peakTimeH: timesH[peakAt]!,
    area,
    areaInfinity: terminalPerH === null ? null : area + values[values.length - 1]! / terminalPerH,
    terminalPerH,
    halfLifeH: terminalPerH === null ? null : Math.LN2 / terminalPerH,
  };
}

/** Log-linear regression over the last third of the time after `fromH`; null when the curve does not fall there. */
function terminalSlope(timesH: Float64Array, values: Float64Array, fromH: number): number | null {
  const last = timesH[timesH.length - 1]!;
  const start = last - (last - fromH) / 3;
  let n = 0;
  let sumT = 0;
  let sumL = 0;
  let sumTT = 0;
  let sumTL = 0;
  for (let i = 0; i < values.length; i++) {
    if (timesH[i]! < start || !(values[i]! > 0)) continue;
    const log = Math.log(values[i]!);
    n++;
    sumT += timesH[i]!;
    sumL += log;
    sumTT += timesH[i]! ** 2;
    sumTL += timesH[i]! * log;
  }
  if (n < 3) return null;
  const slope = (n * sumTL - sumT * sumL) / (n * sumTT - sumT ** 2);
  return slope < 0 ? -slope : null;
}
