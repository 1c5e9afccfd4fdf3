/**
 * How a data set is trained on: nnU-Net's rules for spacing, patch and depth (Isensee et al. 2021,
 * doi:10.1038/s41592-020-01008-z), held to a memory and, on a CPU, to a time.
 */
import { type ModelFile, type Size3, usageError, type Vec3, voxelCount } from "@viscera/core";
import { type SynthesisSpec, synthesisSpec } from "../../synthesis/index.js";
import { type AugmentationPreset, type AugmentationSpec, augmentationPreset } from "./augmentation.js";
import type { StepCost } from "./cost.js";
import { type Fingerprint, percentile } from "./fingerprint.js";
import { type NetworkPlan, networkPlan } from "./network-plan.js";

export interface TrainingPlan {
  /** What a model trained by this plan does with a scan. */
  input: ModelFile["input"];
  architecture: ModelFile["architecture"];
  channels: number;
  /** Outputs of the network: the labels and background. */
  classes: number;
  batch: number;
  /** Weight of each output of the network, full resolution first; [1] without deep supervision. */
  deepSupervisionWeights: number[];
  augmentation: AugmentationSpec;
  /** Share of patches that are cut around a voxel of a known structure. */
  foregroundShare: number;
  /** How images are made of labels; null where every case has its own. */
  synthesis: SynthesisSpec | null;
  /** What a step is expected to take. */
  cost: StepCost;
}

export interface PlanOptions {
  /** Most memory of a training step. Default 6e9. */
  memoryBytes?: number;
  /** Time for the training on two cores: the network and, next, the patch are made small enough for it. */
  minutes?: number;
  spacingMm?: Vec3;
  /** [x, y, z] voxels; widened to what the network's strides divide. */
  patch?: Size3;
  /** Default 2. */
  batch?: number;
  /** Default PlainConvUNet. */
  architecture?: string;
  /** Features of the first stage. Default 32, less where the time is short. */
  baseFeatures?: number;
  normalisation?: ModelFile["input"]["normalisation"];
  /** Default "nnunet". */
  augmentation?: AugmentationPreset | AugmentationSpec;
  /** Frequencies other than the usual ones, for images made of labels. */
  synthesis?: Partial<Omit<SynthesisSpec, "spacingMm" | "normalisation">>;
}

const DEFAULT_MEMORY = 6e9;
/** Spacings this much coarser than the others, with as few voxels, make an axis anisotropic (nnU-Net). */
const ANISOTROPY = 3;
/** Voxels that a patch starts from before the memory is looked at (nnU-Net). */
const LARGEST_PATCH = 256 ** 3;
/** Patches a network should have seen when the time is over. */
const LEAST_PATCHES = 8000;
/** Share of the time that is left for training steps. */
const STEP_SHARE = 0.85;
const SMALLEST_PATCH = 32;
/** What is given up for speed, in turn: features of the first stage, and the patch's edge. */
const CONCESSIONS: readonly (readonly [features: number, patch: number])[] = [
  [32, 1],
  [24, 1],
  [16, 1],
  [16, 0.75],
  [12, 0.75],
  [12, 0.5],
  [8, 0.5],
];

/** The plan for a data set. Throws `usage` for options that cannot be. */
export function planTraining(fingerprint: Fingerprint, options: PlanOptions = {}): TrainingPlan {
  checkOptions(options);
  const spacing = options.spacingMm ?? targetSpacing(fingerprint.cases);
  const shape = medianShape(fingerprint.cases, spacing);
  const channels = Math.max(1, fingerprint.channels.length);
  const classes = fingerprint.labels.length + 1;
  const kind = options.architecture ?? "PlainConvUNet";
  const batch = options.batch ?? 2;
  const memory = options.memoryBytes ?? DEFAULT_MEMORY;
  const build = (patch: Size3, baseFeatures: number): NetworkPlan =>
    networkPlan(kind, { patch, spacingMm: spacing, channels, classes, baseFeatures, batch });
  const asked = options.baseFeatures;
  const most = asked ?? CONCESSIONS[0]![0];
  const largest = options.patch ?? largestPatch(shape, spacing, memory, (patch) => build(patch, most));
  const seconds = options.minutes === undefined ? Infinity : options.minutes * 60 * STEP_SHARE;
  let chosen: NetworkPlan | null = null;
  for (const [features, share] of CONCESSIONS) {
    chosen = build(options.patch ?? shrunk(largest, share), asked ?? features);
    if ((chosen.cost.seconds * LEAST_PATCHES) / batch <= seconds) break;
  }
  const { topology, architecture, outputs, cost } = chosen!;
  const normalisation = options.normalisation ?? normalisationFor(fingerprint);
  const mirrorAxes = mirrorableAxes(fingerprint.labels.map(({ name }) => name));
  return {
    input: {
      modality: fingerprint.modality,
      orientation: "RAS",
      spacingMm: [...spacing],
      patch: [...topology.patch],
      normalisation,
      conform: null,
      overlap: 0.5,
      haloVoxels: null,
      mirrorAxes,
    },
    architecture,
    channels,
    classes,
    batch,
    deepSupervisionWeights: supervisionWeights(outputs),
    augmentation: plannedAugmentation(options.augmentation ?? "nnunet", spacing, topology.patch, mirrorAxes),
    foregroundShare: 0.33,
    synthesis: fingerprint.synthetic
      ? synthesisSpec({ ...options.synthesis, spacingMm: [...spacing], normalisation })
      : null,
    cost,
  };
}

function checkOptions({ memoryBytes, minutes, spacingMm, patch, batch, baseFeatures }: PlanOptions): void {
  const numbers = { memoryBytes, minutes, batch, baseFeatures };
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
      throw usageError(`The ${name} of a training cannot be ${value}.`, "Give a number above 0.");
    }
  }
  if (spacingMm && !spacingMm.every((s) => s > 0 && Number.isFinite(s))) {
    throw usageError(`A spacing of ${spacingMm.join(" x ")} mm is not possible.`);
  }
  const whole = [
    ...(patch ?? []),
    ...(batch === undefined ? [] : [batch]),
    ...(baseFeatures ? [baseFeatures] : []),
  ];
  if (!whole.every((n) => Number.isInteger(n) && n > 0)) {
    throw usageError("Patch, batch and base features are whole numbers above 0.");
  }
}

/** Median spacing; along a coarse axis of few voxels the finest tenth of the cases decides. */
export function targetSpacing(cases: Fingerprint["cases"]): Vec3 {
  const column = (axis: number) => Float64Array.from(cases, (c) => c.spacingMm[axis]!).sort();
  const median = [0, 1, 2].map((axis) => percentile(column(axis), 50));
  const size = [0, 1, 2].map((axis) => percentile(Float64Array.from(cases, (c) => c.size[axis]!).sort(), 50));
  const coarse = median.indexOf(Math.max(...median));
  const others = [0, 1, 2].filter((axis) => axis !== coarse);
  const coarsestOther = Math.max(...others.map((axis) => median[axis]!));
  if (
    median[coarse]! > ANISOTROPY * coarsestOther &&
    size[coarse]! * ANISOTROPY < Math.min(...others.map((axis) => size[axis]!))
  ) {
    median[coarse] = Math.max(percentile(column(coarse), 10), coarsestOther);
  }
  return median.map((value) => Number(value.toPrecision(6))) as unknown as Vec3;
}

function medianShape(cases: Fingerprint["cases"], spacing: Vec3): Size3 {
  return [0, 1, 2].map((axis) => {
    const voxels = Float64Array.from(cases, (c) =>
      Math.max(1, Math.round((c.size[axis]! * c.spacingMm[axis]!) / spacing[axis]!)),
    ).sort();
    return Math.max(1, Math.round(percentile(voxels, 50)));
  }) as unknown as Size3;
}

const shrunk = (patch: Size3, share: number) =>
  patch.map((n) => Math.max(Math.min(n, SMALLEST_PATCH), Math.round(n * share))) as unknown as Size3;

/** The largest patch, of about the same extent in mm along all axes, whose step fits into the memory. */
function largestPatch(
  shape: Size3,
  spacing: Vec3,
  memory: number,
  build: (patch: Size3) => NetworkPlan,
): Size3 {
  const edgeMm = (LARGEST_PATCH * voxelCount(spacing as unknown as Size3)) ** (1 / 3);
  let patch = shape.map((n, axis) => Math.min(n, Math.round(edgeMm / spacing[axis]!))) as unknown as Size3;
  for (;;) {
    const { topology, cost } = build(patch);
    if (cost.bytes <= memory) return topology.patch;
    // The axis of which the patch shows the most gives way (nnU-Net).
    const axes = [0, 1, 2].filter((axis) => topology.patch[axis]! > Math.max(8, topology.divisor[axis]!));
    if (axes.length === 0) {
      throw usageError(
        `No patch of this data fits into ${(memory / 1e9).toFixed(1)} GB.`,
        "Allow more memory, a smaller batch or fewer base features.",
      );
    }
    const share = (axis: number) => topology.patch[axis]! / shape[axis]!;
    const widest = axes.reduce((a, b) => (share(b) > share(a) ? b : a));
    const smaller = [...topology.patch];
    smaller[widest]! -= topology.divisor[widest]!;
    patch = smaller as unknown as Size3;
  }
}

/** By nnU-Net's names of channels where they say something, else by the structures of a CT, else by each image. */
function normalisationFor({
  modality,
  channels,
  intensities,
}: Fingerprint): ModelFile["input"]["normalisation"] {
  const name = channels[0]?.toLowerCase();
  if (channels.every((channel) => channel.toLowerCase() === name)) {
    if (name === "nonorm") return { kind: "none" };
    if (name === "rescale_to_0_1") return { kind: "minmax" };
  }
  const only = intensities.length === 1 ? intensities[0]! : null;
  const isCt = modality.length === 1 && modality[0] === "CT";
  if (only === null || !isCt || !(only.sd > 0)) return { kind: "zscore" };
  const short = (value: number) => Number(value.toPrecision(6));
  return {
    kind: "ct",
    low: short(only.low),
    high: short(only.high),
    mean: short(only.mean),
    sd: short(only.sd),
  };
}

/** nnU-Net's: half the weight at each lower resolution, none at the lowest, together 1. */
function supervisionWeights(outputs: number): number[] {
  const weights = Array.from({ length: outputs }, (_, i) => (i > 0 && i === outputs - 1 ? 0 : 2 ** -i));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** All axes, but not left to right where a label says on which side its structure is. */
export function mirrorableAxes(names: readonly string[]): (0 | 1 | 2)[] {
  const sided = names.some((name) => /(^|[^a-z])(left|right|l|r|lt|rt)([^a-z]|$)/i.test(name));
  return sided ? [1, 2] : [0, 1, 2];
}

/** Mirroring along the axes that allow it; where voxels are very flat, rotation only within their plane. */
function plannedAugmentation(
  asked: AugmentationPreset | AugmentationSpec,
  spacing: Vec3,
  patch: Size3,
  mirrorAxes: (0 | 1 | 2)[],
): AugmentationSpec {
  const spec = typeof asked === "string" ? augmentationPreset(asked) : asked;
  const coarse = spacing.indexOf(Math.max(...spacing));
  const flat = Math.max(...patch) / patch[coarse]! > ANISOTROPY;
  const degrees = spec.rotation.degrees.map((angle, axis) => (flat && axis !== coarse ? 0 : angle));
  return {
    ...spec,
    rotation: { ...spec.rotation, degrees: degrees as unknown as Vec3 },
    mirror: { ...spec.mirror, axes: spec.mirror.axes.filter((axis) => mirrorAxes.includes(axis)) },
  };
}
