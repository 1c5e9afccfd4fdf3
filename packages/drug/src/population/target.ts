/** Targets of exposure: `auc>400`, `cmax<20`, `auc/mic>=100`, `t>mic>50%`, `t>2>=60%`. */
import { usageError } from "@viscera/core";
import { EXPOSURE_NAMES, type ExposureName } from "./exposure.js";

export type Comparison = ">" | ">=" | "<" | "<=";

export interface Target {
  /** As it was written. */
  text: string;
  /** A measure, or the share of the window in which the curve is above `threshold`. */
  of: ExposureName | "time-above";
  threshold: number | "mic" | null;
  /** The measure is divided by the MIC. */
  perMic: boolean;
  comparison: Comparison;
  /** A share between 0 and 1 for `time-above`. */
  limit: number;
}

const HINT = `Write for example auc>400, cmax<20, cmin>=10, auc/mic>100 or t>mic>50%; measures: ${EXPOSURE_NAMES.join(", ")}.`;
const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const MEASURE = new RegExp(`^([a-z]+)(/mic)?(>=|<=|>|<)(${NUMBER})$`, "i");
const TIME = new RegExp(`^t>(mic|${NUMBER})(>=|<=|>|<)(${NUMBER})(%?)$`, "i");

/** Throws `usage`. */
export function readTarget(text: string): Target {
  const compact = text.replace(/\s+/g, "");
  const time = TIME.exec(compact);
  if (time) {
    const [, above = "", comparison, limit = "", percent] = time;
    const share = Number(limit) / (percent ? 100 : 1);
    if (!(share >= 0 && share <= 1)) {
      throw usageError(
        `The target "${text}" asks for ${limit}${percent} of the time.`,
        "It has to lie between 0 and 100 %.",
      );
    }
    return {
      text: compact,
      of: "time-above",
      threshold: /^mic$/i.test(above) ? "mic" : Number(above),
      perMic: false,
      comparison: comparison as Comparison,
      limit: share,
    };
  }
  const [, name = "", perMic, comparison, limit] = MEASURE.exec(compact) ?? [];
  const of = EXPOSURE_NAMES.find((known) => known.toLowerCase() === name.toLowerCase());
  if (of === undefined) throw usageError(`The target "${text}" is not understood.`, HINT);
  return {
    text: compact,
    of,
    threshold: null,
    perMic: perMic !== undefined,
    comparison: comparison as Comparison,
    limit: Number(limit),
  };
}

export const needsMic = ({ threshold, perMic }: Target): boolean => perMic || threshold === "mic";

/** Whether a value (of the measure, or the share of time) meets the target. */
export function meets({ comparison, limit, perMic }: Target, value: number, mic: number | null): boolean {
  const compared = perMic ? value / mic! : value;
  switch (comparison) {
    case ">":
      return compared > limit;
    case ">=":
      return compared >= limit;
    case "<":
      return compared < limit;
    case "<=":
      return compared <= limit;
  }
}

/** Two-sided 95 % of the normal distribution. */
const Z = 1.959963984540054;

/** A share with its 95 % interval (Wilson 1927, doi:10.1080/01621459.1927.10502953). */
export function wilson(hits: number, count: number): { share: number; low: number; high: number } {
  const share = hits / count;
  const shrink = 1 + Z ** 2 / count;
  const centre = (share + Z ** 2 / (2 * count)) / shrink;
  const half = (Z / shrink) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  // At the ends the bound is the share itself; rounding would leave a trace of 1e-17.
  return { share, low: hits === 0 ? 0 : centre - half, high: hits === count ? 1 : centre + half };
}
