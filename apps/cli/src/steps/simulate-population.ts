/** Simulates a population on threads, and looks for the dose or interval that meets a goal. */
import type { JobOptions } from "@viscera/core";
import {
  findDose,
  type Goal,
  isDataSet,
  lastDoseTime,
  type PopulationDose,
  PopulationResult,
  PopulationRunner,
  type PopulationTask,
  reached,
} from "@viscera/drug";
import { peopleBlocks } from "../threads/block-jobs.js";
import { runBlocks } from "../threads/run-blocks.js";

export async function simulatePopulation(
  population: PopulationTask,
  size: number,
  job: JobOptions & { stage?: string },
): Promise<PopulationResult> {
  // Prepared here too, for the layout: mistakes are told before any thread starts.
  const { layout } = await PopulationRunner.create(population);
  const result = new PopulationResult(layout, size);
  const task = { population, size };
  await runBlocks("people", task, peopleBlocks(task), (people) => result.add(people), job);
  return result;
}

export interface DoseSearch {
  goal: Goal;
  what: "dose" | "interval";
  low: number;
  high: number;
  mic: number | null;
  /** The window is that of the last dosing interval, whatever that is. */
  lastInterval: boolean;
}

/** The same people again for each dose that is tried; gives the task at the dose (or interval) found. */
export async function optimisePopulation(
  task: PopulationTask,
  size: number,
  search: DoseSearch,
  job: JobOptions,
): Promise<{ task: PopulationTask; value: number; reached: number }> {
  const { goal, what, low, high, mic } = search;
  let tried = 0;
  const found = await findDose(goal, {
    low,
    high,
    what,
    evaluate: async (value) => {
      tried++;
      const result = await simulatePopulation(changed(task, search, value), size, {
        ...job,
        stage: `${what} ${Number(value.toPrecision(4))}, attempt ${tried}`,
      });
      return reached(goal, result, mic);
    },
  });
  return { task: changed(task, search, found.value), ...found };
}

/** The task with another first dose (all are changed alike) or another interval (over the same time). */
function changed(task: PopulationTask, { what, lastInterval }: DoseSearch, value: number): PopulationTask {
  const { doses, times } = task;
  if (isDataSet(doses)) return { ...task, doseFactor: value };
  if (what === "dose") return { ...task, doseFactor: value / doses[0]!.amount };
  const factor = value / repeatedDose(doses)!.interval;
  const spread = doses.map((dose): PopulationDose => {
    if (dose.interval === 0) return dose;
    const interval = dose.interval * factor;
    const count = Math.max(1, Math.floor((dose.count * dose.interval) / interval + 1e-9));
    return { ...dose, interval, count };
  });
  if (!lastInterval) return { ...task, doses: spread };
  const last = repeatedDose(spread) ?? spread[0]!;
  const from = lastDoseTime(last);
  const until = Math.min(from + (last.interval || value), times.at(-1)!);
  const grid = [...new Set([...times, from, until])].sort((a, b) => a - b);
  return { ...task, doses: spread, times: grid, window: { from, until } };
}

/** The first dose that is repeated. */
export const repeatedDose = (doses: readonly PopulationDose[]): PopulationDose | undefined =>
  doses.find(({ interval }) => interval > 0);
