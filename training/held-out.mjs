/** Cases that no training sees: every fifth, by the numbers in their names, chosen before anything was trained. */
import { readdir } from "node:fs/promises";

/** Numbers in file names that fit a pattern with one group, ascending. */
export async function caseNumbers(folder, pattern) {
  const found = (await readdir(folder))
    .map((name) => pattern.exec(name)?.[1])
    .filter((text) => text !== undefined);
  return found.sort((a, b) => Number(a) - Number(b));
}

/** The 5th, 10th, 15th ... of a list. */
export const everyFifth = (list) => list.filter((_, i) => i % 5 === 4);
