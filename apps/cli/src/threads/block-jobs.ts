/** Jobs that threads can do block by block; a block's result never depends on who does it or when. */
import type { JobOptions } from "@viscera/core";
import {
  type Moments,
  PEOPLE_A_BLOCK,
  type PeopleResult,
  PopulationRunner,
  type PopulationTask,
  replicateRunner,
  type SbmlModel,
  type SbmlReplicates,
} from "@viscera/drug";
import type { EvaluationSettings } from "@viscera/evaluate";
import { type CaseOutcome, evaluateCase } from "../evaluate/evaluate-case.js";
import type { FilePair } from "../evaluate/pair-files.js";

/** Does a block by its number. */
export type BlockWork<Result> = (block: number, options: JobOptions) => Result | Promise<Result>;

export interface ReplicateTask {
  model: SbmlModel;
  options: SbmlReplicates;
}

/** Replicates whose moments are taken together. */
const REPLICATES_A_BLOCK = 250;

export const replicateBlocks = ({ options }: ReplicateTask): number =>
  Math.ceil(options.replicates / REPLICATES_A_BLOCK);

export type BlockMoments = Pick<Moments, "count" | "means" | "squares">;

export interface PeopleTask {
  population: PopulationTask;
  size: number;
}

export const peopleBlocks = ({ size }: PeopleTask): number => Math.ceil(size / PEOPLE_A_BLOCK);

export interface EvaluationTask {
  pairs: readonly FilePair[];
  settings: EvaluationSettings;
}

export const BLOCK_JOBS = {
  async replicates(task: ReplicateTask): Promise<BlockWork<BlockMoments>> {
    const run = await replicateRunner(task.model, task.options);
    return (block, options) => {
      const until = Math.min((block + 1) * REPLICATES_A_BLOCK, task.options.replicates);
      const { count, means, squares } = run(block * REPLICATES_A_BLOCK, until, options);
      return { count, means, squares };
    };
  },
  async people({ population, size }: PeopleTask): Promise<BlockWork<PeopleResult>> {
    const runner = await PopulationRunner.create(population);
    return (block, options) =>
      runner.run(block * PEOPLE_A_BLOCK, Math.min((block + 1) * PEOPLE_A_BLOCK, size), options);
  },
  /** One case a block. */
  async evaluation({ pairs, settings }: EvaluationTask): Promise<BlockWork<CaseOutcome>> {
    return (block, options) => evaluateCase(pairs[block]!, settings, options);
  },
};

export type BlockJobName = keyof typeof BLOCK_JOBS;
export type TaskOf<Name extends BlockJobName> = Parameters<(typeof BLOCK_JOBS)[Name]>[0];
export type ResultOf<Name extends BlockJobName> = Awaited<
  ReturnType<Awaited<ReturnType<(typeof BLOCK_JOBS)[Name]>>>
>;
