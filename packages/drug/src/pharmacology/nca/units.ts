/** Units of the measures in those of the data. */
import type { MEASURE_NAMES } from "./measures.js";

/** UCUM codes of the data's columns; "" where one is not known. */
export interface NcaUnitNames {
  time: string;
  dose: string;
  concentration: string;
}

/** Unit of every measure, UCUM; "" where it is not known. */
export function ncaUnits({
  time,
  dose,
  concentration,
}: NcaUnitNames): Record<(typeof MEASURE_NAMES)[number], string> {
  const [amount, per, ...more] = concentration.split("/");
  const volume =
    dose === "" || concentration === ""
      ? ""
      : per !== undefined && more.length === 0 && amount === dose
        ? per
        : `${dose}/(${concentration})`;
  const all = (text: string, ...needed: string[]) => (needed.every((unit) => unit !== "") ? text : "");
  const timesTime =
    per !== undefined && more.length === 0 ? `${amount}.${time}/${per}` : `${concentration}.${time}`;
  const auc = all(timesTime, time, concentration);
  const flow = all(`${volume}/${time}`, time, volume);
  return {
    cmax: concentration,
    tmax: time,
    clast: concentration,
    tlast: time,
    aucLast: auc,
    lambdaZ: all(`1/${time}`, time),
    lambdaZPoints: "",
    lambdaZAdjustedR2: "",
    halfLife: time,
    aucInfinity: auc,
    aucInfinityPredicted: auc,
    aucExtrapolatedPercent: "%",
    aucTau: auc,
    cAverage: concentration,
    cMinimum: concentration,
    fluctuationPercent: "%",
    clearance: flow,
    volumeZ: volume,
    volumeSteadyState: volume,
    meanResidenceTime: time,
  };
}
