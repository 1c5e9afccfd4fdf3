import { basename, dirname, resolve } from "node:path";
import { usageError } from "@viscera/core";
import { readResults, type TaskResult } from "@viscera/evaluate";
import { readText } from "../steps/read-text.js";

/**
 * Results of one or more tables. `name=table.csv` gives a table's algorithm; of several tables without such names each is
 * the algorithm that its folder is called by. Throws `usage`, `input.results`.
 */
export async function loadResults(tables: readonly string[]): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  const seen = new Set<string>();
  for (const given of tables) {
    const [, name, path = given] = /^([^=/\\]+)=(.+)$/.exec(given) ?? [];
    const algorithm = name ?? (tables.length > 1 ? basename(dirname(resolve(path))) : null);
    if (algorithm !== null) {
      if (seen.has(algorithm))
        throw usageError(
          `Two tables are of the algorithm ${algorithm}.`,
          "Name them: first=a/cases.csv second=b/cases.csv.",
        );
      seen.add(algorithm);
    }
    results.push(...readResults(await readText(path, "the table"), basename(path), algorithm));
  }
  const conventions = [...new Set(results.map(({ convention }) => convention))];
  if (conventions.length > 1)
    throw usageError(
      `The tables follow different conventions: ${conventions.map((name) => name || "one that is not named").join(", ")}.`,
      "Evaluate all algorithms by the same one: equal words would mean different numbers.",
    );
  return results;
}
