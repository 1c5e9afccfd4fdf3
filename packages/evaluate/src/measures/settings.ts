import type { MeasureOptions } from "./measure-structure.js";

/** How a whole evaluation measures; plain data, so that it can be sent to workers. */
export interface EvaluationSettings {
  /** For every structure without a setting of its own. */
  options: MeasureOptions;
  /** Tolerances of surface Dice in mm by label id. */
  tolerancesMm: Readonly<Record<number, number>>;
  /** Structures that also get clDice, and that also get lesion scores. */
  tubular: readonly number[] | "all";
  lesions: readonly number[] | "all";
  /** Labels to measure; null for all that occur. */
  ids: readonly number[] | null;
  /** Structures made of several labels, under ids that no label has (below 0). */
  regions: Readonly<Record<number, readonly number[]>>;
}

/** The options of one structure. */
export function optionsOf(settings: EvaluationSettings, id: number): MeasureOptions {
  const among = (list: readonly number[] | "all") => list === "all" || list.includes(id);
  return {
    ...settings.options,
    toleranceMm: settings.tolerancesMm[id] ?? settings.options.toleranceMm,
    tubular: settings.options.tubular || among(settings.tubular),
    lesions: settings.options.lesions || among(settings.lesions),
  };
}
