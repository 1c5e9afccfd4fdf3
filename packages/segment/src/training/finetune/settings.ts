/** Defaults of fine-tuning by the number of labelled cases. */
import { usageError } from "@viscera/core";
import type { AugmentationPreset } from "../data/index.js";

/** What is trained: everything, what lies behind the coarsest stage, or low-rank adapters beside frozen weights. */
export type FinetuneMode = "full" | "decoder" | "adapter";

export interface FinetuneSettings {
  mode: FinetuneMode;
  /** Highest learning rate, the head's. */
  learningRate: number;
  /** Factor of the learning rate from stage to stage, away from the head. */
  decay: number;
  augmentation: AugmentationPreset;
  /** null leaves the length to a number of minutes. */
  steps: number | null;
}

/** Rank of adapters: channels of the narrow layer beside a convolution. */
export const ADAPTER_RANK = 8;
/** Up to so many cases count as few. */
const FEW_CASES = 10;

const RATES: Record<FinetuneMode, { learningRate: number; decay: number }> = {
  full: { learningRate: 1e-3, decay: 0.8 },
  decoder: { learningRate: 1e-3, decay: 0.9 },
  // Adapters begin at zero and are few: they take larger steps.
  adapter: { learningRate: 3e-3, decay: 1 },
};

/**
 * Settings for so many cases to learn from. With few of them: stronger augmentation, and a number of steps that
 * grows with the cases, beyond which a network learns them by heart.
 */
export function finetuneSettings(cases: number, mode: FinetuneMode = "full"): FinetuneSettings {
  const rates = RATES[mode];
  if (!rates) throw usageError(`There is no mode "${mode}".`, "Choose full, decoder or adapter.");
  const few = cases <= FEW_CASES;
  return {
    mode,
    ...rates,
    augmentation: few ? "strong" : "nnunet",
    steps: few ? 400 + 60 * cases : null,
  };
}
