/** Replicates of a stochastic model on several threads; what comes out never depends on how many. */
import type { JobOptions } from "@viscera/core";
import { Moments } from "@viscera/drug";
import { type BlockMoments, type ReplicateTask, replicateBlocks } from "../threads/block-jobs.js";
import { runBlocks } from "../threads/run-blocks.js";

export async function runReplicates(task: ReplicateTask, job: JobOptions): Promise<Moments> {
  const found: BlockMoments[] = [];
  const { signal, threads } = job;
  const options = { ...(signal ? { signal } : {}), ...(threads === undefined ? {} : { threads }) };
  const take = (moments: BlockMoments, block: number) => {
    found[block] = moments;
  };
  await runBlocks("replicates", task, replicateBlocks(task), take, options);
  // Merged in the order of the blocks: sums of numbers depend on it.
  const total = new Moments(found[0]!.means.length);
  for (const moments of found) total.merge(moments);
  return total;
}
