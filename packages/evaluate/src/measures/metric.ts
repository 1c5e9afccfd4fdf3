/** What the numbers of a comparison are called, in tables, files and pages. */

export interface Metric {
  /** Name in files. */
  name: string;
  /** Name for people. */
  label: string;
  /** UCUM code; "1" for a share or a count. */
  unit: string;
  /** Which values are good; null where neither is. */
  better: "higher" | "lower" | null;
}

const metric = (name: string, label: string, unit: string, better: Metric["better"]): Metric => ({
  name,
  label,
  unit,
  better,
});

const METRICS: readonly Metric[] = [
  metric("dice", "Dice", "1", "higher"),
  metric("iou", "IoU", "1", "higher"),
  metric("generalised_dice", "Generalised Dice", "1", "higher"),
  metric("sensitivity", "Sensitivity", "1", "higher"),
  metric("specificity", "Specificity", "1", "higher"),
  metric("precision", "Precision", "1", "higher"),
  metric("negative_predictive_value", "Negative predictive value", "1", "higher"),
  metric("accuracy", "Accuracy", "1", "higher"),
  metric("balanced_accuracy", "Balanced accuracy", "1", "higher"),
  metric("matthews", "Matthews correlation", "1", "higher"),
  metric("kappa", "Cohen's kappa", "1", "higher"),
  metric("youden", "Youden's index", "1", "higher"),
  metric("likelihood_ratio", "Positive likelihood ratio", "1", "higher"),
  metric("net_benefit", "Net benefit (exchange rate 1)", "1", "higher"),
  metric("expected_cost", "Expected cost, normalised", "1", "lower"),
  metric("volume_difference_ratio", "Absolute volume difference / truth", "1", "lower"),
  metric("centre_distance", "Distance of centres", "mm", "lower"),
  metric("surface_dice", "Surface Dice", "1", "higher"),
  metric("surface_overlap_truth", "Truth's surface within tolerance", "1", "higher"),
  metric("surface_overlap_prediction", "Prediction's surface within tolerance", "1", "higher"),
  metric("average_distance_truth_to_prediction", "Mean distance, truth to prediction", "mm", "lower"),
  metric("average_distance_prediction_to_truth", "Mean distance, prediction to truth", "mm", "lower"),
  metric("assd", "ASSD", "mm", "lower"),
  metric("masd", "MASD", "mm", "lower"),
  metric("area_truth", "Surface of the truth", "mm2", null),
  metric("area_prediction", "Surface of the prediction", "mm2", null),
  metric("boundary_iou", "Boundary IoU", "1", "higher"),
  metric("cl_dice", "clDice", "1", "higher"),
  metric("topology_precision", "Topology precision", "1", "higher"),
  metric("topology_sensitivity", "Topology sensitivity", "1", "higher"),
  metric("lesion_dice", "Lesion-wise Dice", "1", "higher"),
  metric("lesion_hausdorff_95", "Lesion-wise HD95", "mm", "lower"),
  metric("lesions", "Lesions counted", "1", null),
  metric("lesions_found", "Lesions found", "1", "higher"),
  metric("lesions_missed", "Lesions missed", "1", "lower"),
  metric("lesions_invented", "Lesions invented", "1", "lower"),
  metric("lesion_f1", "Lesion F1", "1", "higher"),
  metric("lesion_sensitivity", "Lesion sensitivity", "1", "higher"),
  metric("lesion_precision", "Lesion precision", "1", "higher"),
  metric("panoptic_quality", "Panoptic quality", "1", "higher"),
  metric("volume_truth", "Volume of the truth", "mL", null),
  metric("volume_prediction", "Volume of the prediction", "mL", null),
  metric("volume_difference", "Volume, prediction - truth", "mL", null),
];

const BY_NAME = new Map(METRICS.map((one) => [one.name, one]));

/** Name of the Hausdorff distance at a percentage: `hausdorff`, `hausdorff_95`. */
export function hausdorffName(percent: number): string {
  return percent === 100 ? "hausdorff" : `hausdorff_${percent}`;
}

/** A metric by its name; one that is not known here is shown by that name. */
export function metricOf(name: string): Metric {
  const percent = /^hausdorff(?:_([\d.]+))?$/.exec(name);
  if (percent) return metric(name, percent[1] ? `HD${percent[1]}` : "Hausdorff distance", "mm", "lower");
  return BY_NAME.get(name) ?? metric(name, name, "1", null);
}
