import { type JobOptions, usageError } from "@viscera/core";
import type { Convention } from "../conventions/convention.js";
import { DeepmindSurface, deepmindDice } from "../conventions/deepmind.js";
import { emptinessOf } from "../conventions/empty-masks.js";
import { MedpySurface } from "../conventions/medpy.js";
import * as reloaded from "../conventions/metrics-reloaded.js";
import { MonaiSurface, monaiDice, monaiIou } from "../conventions/monai.js";
import { detectLesions } from "../lesions/detection.js";
import { BRATS_DEFAULTS, type LesionWiseOptions, lesionWise } from "../lesions/lesion-wise.js";
import type { MaskPair } from "../masks/mask-pair.js";
import { clDiceOf } from "../overlap/cl-dice.js";
import * as ratios from "../overlap/confusion.js";
import { hausdorffName } from "./metric.js";
import { unpackedPair } from "./unpacked-pair.js";

export interface MeasureOptions {
  convention: Convention;
  /** Percentages at which Hausdorff distances are taken; 100 is the largest. */
  percentiles: readonly number[];
  /** Of surface Dice. */
  toleranceMm: number;
  /** Boundary IoU's width (metrics-reloaded). */
  boundaryVoxels: number;
  /** Also clDice: the structure is a tube. */
  tubular: boolean;
  /** Also the detection of its pieces as lesions, at an IoU above one half. */
  lesions: boolean;
  /** Of brats-lesionwise. */
  lesionWise: LesionWiseOptions;
}

export const MEASURE_DEFAULTS: MeasureOptions = {
  convention: "metrics-reloaded",
  percentiles: [100, 95],
  toleranceMm: 2,
  boundaryVoxels: 2,
  tubular: false,
  lesions: false,
  lesionWise: BRATS_DEFAULTS,
};

/**
 * All numbers that a convention gives for one structure, by their names (`metricOf`). NaN where it says that there is
 * none; MedPy's refusal to measure empty masks is NaN here too. Throws `usage` for percentages or tolerances that are none.
 */
export async function measureStructure(
  pair: MaskPair,
  options: MeasureOptions,
  job: JobOptions = {},
): Promise<Record<string, number>> {
  for (const percent of options.percentiles)
    if (!(percent >= 0 && percent <= 100)) throw usageError(`${percent} is no percentage.`);
  if (!(options.toleranceMm >= 0)) throw usageError(`A tolerance of ${options.toleranceMm} mm is negative.`);
  const voxelMl = (pair.spacingMm[0] * pair.spacingMm[1] * pair.spacingMm[2]) / 1000;
  return {
    ...(await BY_CONVENTION[options.convention](pair, options, job)),
    ...(options.tubular ? tubeMetrics(pair) : {}),
    ...(options.lesions ? await detectionMetrics(pair, job) : {}),
    volume_truth: pair.refVoxels * voxelMl,
    volume_prediction: pair.predVoxels * voxelMl,
    volume_difference: (pair.predVoxels - pair.refVoxels) * voxelMl,
  };
}

type Measure = (
  pair: MaskPair,
  options: MeasureOptions,
  job: JobOptions,
) => Record<string, number> | Promise<Record<string, number>>;

const BY_CONVENTION: Record<Convention, Measure> = {
  deepmind,
  monai,
  "metrics-reloaded": metricsReloaded,
  medpy,
  "brats-lesionwise": brats,
};

/** Hausdorff distances at all percentages. */
function hausdorffs(of: (percent: number) => number, percentiles: readonly number[]): Record<string, number> {
  return Object.fromEntries(percentiles.map((percent) => [hausdorffName(percent), of(percent)]));
}

function deepmind(pair: MaskPair, { percentiles, toleranceMm }: MeasureOptions): Record<string, number> {
  const surface = new DeepmindSurface(pair);
  const overlap = surface.overlap(toleranceMm);
  return {
    dice: deepmindDice(pair),
    surface_dice: surface.surfaceDice(toleranceMm),
    ...hausdorffs((percent) => surface.hausdorff(percent), percentiles),
    average_distance_truth_to_prediction: surface.averageDistancesMm[0],
    average_distance_prediction_to_truth: surface.averageDistancesMm[1],
    surface_overlap_truth: overlap[0],
    surface_overlap_prediction: overlap[1],
    area_truth: surface.areasMm2[0],
    area_prediction: surface.areasMm2[1],
  };
}

function monai(pair: MaskPair, { percentiles, toleranceMm }: MeasureOptions): Record<string, number> {
  const c = ratios.confusionOf(pair);
  const surface = new MonaiSurface(pair);
  const averages = surface.directedAverages();
  return {
    dice: monaiDice(pair),
    iou: monaiIou(pair),
    surface_dice: surface.surfaceDice(toleranceMm),
    ...hausdorffs((percent) => surface.hausdorff(percent), percentiles),
    assd: surface.average(),
    average_distance_truth_to_prediction: averages.refToPred,
    average_distance_prediction_to_truth: averages.predToRef,
    sensitivity: ratios.sensitivity(c),
    specificity: ratios.specificity(c),
    precision: ratios.precision(c),
    negative_predictive_value: ratios.negativePredictiveValue(c),
    accuracy: ratios.accuracy(c),
    balanced_accuracy: ratios.balancedAccuracy(c),
    matthews: ratios.matthews(c),
    youden: ratios.youden(c),
  };
}

function metricsReloaded(pair: MaskPair, options: MeasureOptions): Record<string, number> {
  const c = ratios.confusionOf(pair);
  const surface = new reloaded.ReloadedSurface(pair);
  return {
    dice: reloaded.reloadedFBeta(c, 1),
    iou: reloaded.reloadedIou(pair),
    surface_dice: surface.surfaceDice(options.toleranceMm),
    ...hausdorffs((percent) => surface.hausdorff(percent), options.percentiles),
    assd: surface.assd(),
    masd: surface.masd(),
    boundary_iou: reloaded.reloadedBoundaryIou(pair, options.boundaryVoxels),
    sensitivity: ratios.sensitivity(c),
    specificity: ratios.specificity(c),
    precision: reloaded.reloadedPrecision(c),
    negative_predictive_value: ratios.negativePredictiveValue(c),
    accuracy: ratios.accuracy(c),
    balanced_accuracy: ratios.balancedAccuracy(c),
    matthews: ratios.matthews(c),
    kappa: reloaded.reloadedKappa(c),
    youden: ratios.youden(c),
    likelihood_ratio: reloaded.reloadedLikelihoodRatio(c),
    net_benefit: ratios.netBenefit(c, 1),
    expected_cost: reloaded.reloadedExpectedCost(c).normalised,
    volume_difference_ratio: reloaded.absoluteVolumeDifferenceRatio(pair),
    centre_distance: reloaded.centreDistanceMm(pair),
  };
}

function medpy(pair: MaskPair, { percentiles }: MeasureOptions): Record<string, number> {
  const c = ratios.confusionOf(pair);
  const bothEmpty = emptinessOf(pair) === "both";
  const orZero = (value: number) => (Number.isNaN(value) ? 0 : value);
  const surface = emptinessOf(pair) === "none" ? new MedpySurface(pair) : null;
  const averages = surface?.averageDistances();
  return {
    dice: bothEmpty ? 1 : ratios.dice(c),
    iou: bothEmpty ? 1 : ratios.iou(c),
    ...hausdorffs((percent) => surface?.hausdorff(percent) ?? Number.NaN, percentiles),
    assd: surface?.assd() ?? Number.NaN,
    average_distance_truth_to_prediction: averages?.refToPred ?? Number.NaN,
    average_distance_prediction_to_truth: averages?.predToRef ?? Number.NaN,
    sensitivity: orZero(ratios.sensitivity(c)),
    specificity: orZero(ratios.specificity(c)),
    precision: orZero(ratios.precision(c)),
  };
}

async function brats(
  pair: MaskPair,
  options: MeasureOptions,
  job: JobOptions,
): Promise<Record<string, number>> {
  const { ref, pred, size } = unpackedPair(pair, options.lesionWise.dilations);
  const found = await lesionWise(ref, pred, size, pair.spacingMm, options.lesionWise, job);
  const { truePositives, falseNegatives, falsePositives } = found;
  return {
    lesion_dice: found.dice,
    lesion_hausdorff_95: found.hd95Mm,
    dice: found.wholeDice,
    hausdorff_95: found.wholeHd95Mm,
    lesions: truePositives + falseNegatives,
    lesions_found: truePositives,
    lesions_missed: falseNegatives,
    lesions_invented: falsePositives,
  };
}

function tubeMetrics(pair: MaskPair): Record<string, number> {
  const { clDice, topologyPrecision, topologySensitivity } = clDiceOf(pair);
  return {
    cl_dice: clDice,
    topology_precision: topologyPrecision,
    topology_sensitivity: topologySensitivity,
  };
}

async function detectionMetrics(pair: MaskPair, job: JobOptions): Promise<Record<string, number>> {
  const { ref, pred, size } = unpackedPair(pair, 0);
  const found = await detectLesions(ref, pred, size, 0.5, job);
  return {
    lesion_f1: found.f1,
    lesion_sensitivity: found.sensitivity,
    lesion_precision: found.precision,
    panoptic_quality: found.panopticQuality,
  };
}
