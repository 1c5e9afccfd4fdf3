/** What happened in a training run: the record that curves, tables and resumed runs are made of. */

import { type CaseScore, type Scores, scoresOf } from "./dice.js";
import type { ScoredExample } from "./examples.js";

/** Means over the steps since the row before. */
export interface HistoryRow {
  /** Steps finished. */
  step: number;
  loss: number;
  gradientNorm: number;
  /** Of the last of these steps. */
  learningRate: number;
  /** Time spent on training so far. */
  seconds: number;
}

export interface Validation extends Scores {
  /** Steps finished when it was made. */
  step: number;
}

export interface TrainingHistory {
  /** Steps of the whole run. */
  steps: number;
  rows: HistoryRow[];
  validations: Validation[];
  /** Slices of the worst, the median and the best case of the last validation. */
  examples: ScoredExample[];
  /** Sums of the row that is not full yet. */
  open: { count: number; loss: number; gradientNorm: number };
}

/** At most about so many rows in a run. */
const MOST_ROWS = 2000;

export function emptyHistory(steps: number): TrainingHistory {
  return {
    steps,
    rows: [],
    validations: [],
    examples: [],
    open: { count: 0, loss: 0, gradientNorm: 0 },
  };
}

/** Adds a finished step. */
export function recordStep(
  history: TrainingHistory,
  at: { step: number; loss: number; gradientNorm: number; learningRate: number; seconds: number },
): void {
  const { open } = history;
  open.count++;
  open.loss += at.loss;
  open.gradientNorm += at.gradientNorm;
  const width = Math.max(1, Math.ceil(history.steps / MOST_ROWS));
  if (open.count < width && at.step < history.steps) return;
  history.rows.push({
    step: at.step,
    loss: open.loss / open.count,
    gradientNorm: open.gradientNorm / open.count,
    learningRate: at.learningRate,
    seconds: at.seconds,
  });
  history.open = { count: 0, loss: 0, gradientNorm: 0 };
}

export function recordValidation(
  history: TrainingHistory,
  step: number,
  cases: readonly CaseScore[],
  examples: readonly ScoredExample[],
  classes: number,
): void {
  history.validations.push({ step, ...scoresOf(cases, classes) });
  history.examples = [...examples];
}

/** The rows as CSV; Dice stands in the rows of the steps at which it was measured. */
export function historyCsv(history: TrainingHistory, structures: readonly string[]): string {
  const name = (text: string) => `dice_${text.replace(/[^\w.-]+/g, "_")}[1]`;
  const header = [
    "step[1]",
    "loss[1]",
    "gradient_norm[1]",
    "learning_rate[1]",
    "time[s]",
    "dice_mean[1]",
    ...structures.map(name),
  ];
  const validations = new Map(history.validations.map((validation) => [validation.step, validation]));
  const steps = new Set([...history.rows.map(({ step }) => step), ...validations.keys()]);
  const rows = new Map(history.rows.map((row) => [row.step, row]));
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? "" : String(Number(value.toPrecision(7)));
  const lines = [...steps]
    .sort((a, b) => a - b)
    .map((step) => {
      const row = rows.get(step);
      const validation = validations.get(step);
      return [
        String(step),
        number(row?.loss),
        number(row?.gradientNorm),
        number(row?.learningRate),
        row ? row.seconds.toFixed(1) : "",
        number(validation?.mean),
        ...structures.map((_, i) => number(validation?.structures[i])),
      ].join(",");
    });
  return `${[header.join(","), ...lines].join("\n")}\n`;
}
