/** Learning rates over the steps of a training, as plain functions of the step. */
import { usageError } from "@viscera/core";

export interface ScheduleSpec {
  /**
   * `constant`; `polynomial`: (1 - t)^exponent, nnU-Net's; `cosine`: half a wave from the full rate down to the
   * lowest (Loshchilov and Hutter, arXiv:1608.03983). t runs from 0 to 1 after the warm-up.
   */
  kind: "constant" | "polynomial" | "cosine";
  /** The full rate. */
  learningRate: number;
  /** Steps of the whole training. */
  steps: number;
  /** Steps at the start during which the rate rises linearly to the full one; default 0. */
  warmUp?: number;
  /** Of `polynomial`; default 0.9. */
  exponent?: number;
  /** Rate at the end of `cosine`; default 0. */
  lowest?: number;
}

/** The rate of a step, counted from 0; beyond the last step, that of the end. */
export function learningRateAt(schedule: ScheduleSpec, step: number): number {
  const { kind, learningRate, steps, warmUp = 0, exponent = 0.9, lowest = 0 } = schedule;
  if (!(steps > 0 && warmUp >= 0 && warmUp < steps && learningRate >= 0)) {
    throw usageError(
      `A schedule of ${steps} steps with ${warmUp} of warm-up at learning rate ${learningRate} does not exist.`,
      "Give a rate of 0 or more and fewer steps of warm-up than steps.",
    );
  }
  if (step < warmUp) return (learningRate * (step + 1)) / warmUp;
  const t = Math.min(1, (step - warmUp) / (steps - warmUp));
  if (kind === "polynomial") return learningRate * (1 - t) ** exponent;
  if (kind === "cosine") return lowest + ((learningRate - lowest) * (1 + Math.cos(Math.PI * t))) / 2;
  return learningRate;
}
