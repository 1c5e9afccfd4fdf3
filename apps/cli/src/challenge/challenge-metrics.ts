/** metrics.json, as Grand Challenge's leaderboards read it. */
import type { Summary } from "@viscera/evaluate";
import type { Evaluation } from "../evaluate/evaluation.js";

/** JSON without NaN and infinities, for a leaderboard can rank neither. */
const plain = (_: string, value: unknown) =>
  typeof value === "number" && !Number.isFinite(value) ? null : value;

/**
 * `results`: values of every structure of every job; `aggregates`: summaries by metric of each job's mean over its
 * structures (`aggregates.dice.mean`), and by structure. Values that are no number or infinite are null and counted.
 */
export function challengeMetrics(evaluation: Evaluation, caseNames: ReadonlyMap<string, string>): string {
  const { structures, cases, settings, overall, summaries } = evaluation;
  const aggregate = (found: Record<string, Summary>) =>
    Object.fromEntries(Object.entries(found).map(([metric, summary]) => [metric, { ...summary }]));
  return `${JSON.stringify(
    {
      convention: settings.options.convention,
      results: cases.map(({ name, values }) => ({
        pk: name,
        case: caseNames.get(name) ?? null,
        structures: Object.fromEntries(structures.map((structure, s) => [structure.name, values[s]])),
      })),
      aggregates: {
        ...aggregate(overall),
        structures: Object.fromEntries(
          structures.map((structure, s) => [structure.name, aggregate(summaries[s]!)]),
        ),
      },
    },
    plain,
    1,
  )}\n`;
}
