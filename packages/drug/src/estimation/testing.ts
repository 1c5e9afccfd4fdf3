/** For tests: data sets drawn from a model, and problems made of texts. */
import { readDataSet } from "../pharmacology/data-set.js";
import { readModelText } from "../pharmacology/model-text.js";
import { dataColumnsOf, type EstimationProblem, estimationProblem, type ProblemOptions } from "./problem.js";
import { simulateObservations } from "./simulate-observations.js";

export async function problemOf(
  modelText: string,
  dataText: string,
  options: ProblemOptions = {},
): Promise<EstimationProblem> {
  const model = readModelText(modelText);
  const data = readDataSet(dataText, { name: "d.csv", covariates: dataColumnsOf(model, options) });
  return estimationProblem(model, data, options);
}

/** The rows with DV drawn from the model at its values; `design` has a DV of 1 wherever something is measured. */
export async function drawnData(modelText: string, design: string, seed: number): Promise<string> {
  const problem = await problemOf(modelText, design);
  const values = problem.space.values(problem.space.start)!;
  const drawn = await simulateObservations(problem, values, { replicates: 1, seed });
  const byLine = new Map(
    problem.subjects.flatMap(({ data }, s) =>
      data.layout.lines.map((line, j) => [line, drawn[s]![j]!] as const),
    ),
  );
  const lines = design.split("\n");
  const at = lines[0]!.split(",").indexOf("DV");
  return lines
    .map((line, i) => {
      const value = byLine.get(i + 1);
      return value === undefined
        ? line
        : line
            .split(",")
            .map((cell, c) => (c === at ? String(value) : cell))
            .join(",");
    })
    .join("\n");
}
