/** What a loss is made of, as data: names and options of PyTorch, MONAI and nnU-Net. */

/** How scores become probabilities: `softmax` for classes that exclude each other, `sigmoid` for regions. */
export type Activation = "softmax" | "sigmoid";

/** `torch.nn.CrossEntropyLoss`: the mean is over voxels that count, weighted by their class. */
export interface CrossEntropyLoss {
  kind: "crossEntropy";
  classWeights?: readonly number[];
  /** Share of the target spread evenly over all classes; default 0. */
  labelSmoothing?: number;
  reduction?: "mean" | "sum";
}

/** `torch.nn.BCEWithLogitsLoss`: the mean over voxels that count and channels. */
export interface BinaryCrossEntropyLoss {
  kind: "binaryCrossEntropy";
}

interface OverlapOptions {
  /** Default `softmax`. */
  activation?: Activation;
  /** Whether class 0 has a part in the mean; default true. */
  includeBackground?: boolean;
  /** Sum over the batch before dividing; default false. */
  batch?: boolean;
}

/** `monai.losses.DiceLoss` (Milletari et al., doi:10.1109/3DV.2016.79). */
export interface DiceLoss extends OverlapOptions {
  kind: "dice";
  /** Squares in the denominator; default false. */
  squaredPrediction?: boolean;
  /** Intersection over union instead; default false. */
  jaccard?: boolean;
  /** Added above and below the fraction bar; default 1e-5 each. */
  smoothNumerator?: number;
  smoothDenominator?: number;
}

/** `monai.losses.GeneralizedDiceLoss` (Sudre et al., doi:10.1007/978-3-319-67558-9_28). */
export interface GeneralisedDiceLoss extends OverlapOptions {
  kind: "generalisedDice";
  /** Weight of a class by its volume V: 1/V², 1/V or 1; default `square`. A class that is absent gets the largest. */
  weighting?: "square" | "simple" | "uniform";
  smoothNumerator?: number;
  smoothDenominator?: number;
}

/** nnU-Net's `MemoryEfficientSoftDiceLoss`: minus the mean Dice, so that it goes to -1. */
export interface SoftDiceLoss extends OverlapOptions {
  kind: "softDice";
  /** Added above and below the fraction bar; default 1, as there (its trainers give 1e-5). */
  smooth?: number;
}

/** `monai.losses.TverskyLoss` (Salehi et al., arXiv:1706.05721). */
export interface TverskyLoss extends OverlapOptions {
  kind: "tversky";
  /** Weights of false positives and of false negatives; default 0.5 each. */
  alpha?: number;
  beta?: number;
  smoothNumerator?: number;
  smoothDenominator?: number;
}

/** `monai.losses.FocalLoss` (Lin et al., arXiv:1708.02002): the mean over voxels that count and all classes. */
export interface FocalLoss {
  kind: "focal";
  activation?: Activation;
  /** Default 2. */
  gamma?: number;
  /** Weight of every class but background (softmax) or of voxels inside (sigmoid), 1 - alpha for the others. */
  alpha?: number | null;
  includeBackground?: boolean;
}

/**
 * Boundary loss (Kervadec et al., doi:10.1016/j.media.2020.101851): the mean over voxels and classes of
 * probability times signed distance to the true surface (negative inside), which the caller gives.
 */
export interface BoundaryLoss {
  kind: "boundary";
  activation?: Activation;
  /** Default false. */
  includeBackground?: boolean;
}

/** A weighted sum. */
export interface SumLoss {
  kind: "sum";
  terms: readonly { weight: number; loss: LossSpec }[];
}

export type LossSpec =
  | CrossEntropyLoss
  | BinaryCrossEntropyLoss
  | DiceLoss
  | GeneralisedDiceLoss
  | SoftDiceLoss
  | TverskyLoss
  | FocalLoss
  | BoundaryLoss
  | SumLoss;

interface NnunetOptions {
  batchDice?: boolean;
  weightDice?: number;
  weightCrossEntropy?: number;
}

/** nnU-Net's `DC_and_CE_loss`, for labels that exclude each other. */
export function diceAndCrossEntropy(options: NnunetOptions = {}): LossSpec {
  return nnunetSum(
    { kind: "softDice", includeBackground: false, batch: options.batchDice ?? false, smooth: 1e-5 },
    { kind: "crossEntropy" },
    options,
  );
}

/** nnU-Net's `DC_and_BCE_loss`, for regions that may overlap. */
export function diceAndBinaryCrossEntropy(options: NnunetOptions = {}): LossSpec {
  return nnunetSum(
    { kind: "softDice", activation: "sigmoid", batch: options.batchDice ?? false, smooth: 1e-5 },
    { kind: "binaryCrossEntropy" },
    options,
  );
}

function nnunetSum(
  dice: LossSpec,
  crossEntropy: LossSpec,
  { weightDice = 1, weightCrossEntropy = 1 }: NnunetOptions,
): LossSpec {
  return {
    kind: "sum",
    terms: [
      { weight: weightCrossEntropy, loss: crossEntropy },
      { weight: weightDice, loss: dice },
    ],
  };
}

/** `monai.losses.DiceCELoss` with softmax. */
export function monaiDiceCrossEntropy(dice: Omit<DiceLoss, "kind" | "activation"> = {}): LossSpec {
  return {
    kind: "sum",
    terms: [
      { weight: 1, loss: { kind: "dice", ...dice } },
      { weight: 1, loss: { kind: "crossEntropy" } },
    ],
  };
}

/** Whether a loss asks for distance maps. */
export function needsDistances(spec: LossSpec): boolean {
  return spec.kind === "sum" ? spec.terms.some(({ loss }) => needsDistances(loss)) : spec.kind === "boundary";
}

/**
 * nnU-Net's weights of the outputs from the finest on: halved from level to level, none for the coarsest, the
 * sum being 1.
 */
export function deepSupervisionWeights(levels: number): number[] {
  const weights = Array.from({ length: levels }, (_, i) => (i > 0 && i === levels - 1 ? 0 : 0.5 ** i));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}
