import type { ModelFile } from "@viscera/core";
import type { MonaiPlan, PreparationStep } from "./plan.js";

type ModelInput = ModelFile["input"];

/**
 * The input of a bundle's network in the terms of a viscera-model.json, for training on, or what stands in the way.
 * MONAI's first axis is our last, so orientation, spacing and patch are turned round. Grids are ours (see
 * `respacedGrid`), and a normalisation over the voxels that are not 0 becomes one over all: training gets used to both.
 */
export function trainingInput(
  { preparation, windows, output }: MonaiPlan,
  described: ModelInput,
): ModelInput | string {
  const orientation = preparation.find((step) => step.kind === "orientation");
  if (!orientation) return "takes the axes of a scan as its file has them";
  if (output.activation === "sigmoid" || output.threshold !== null)
    return "finds structures that may overlap";
  const patch = [...windows.size].reverse();
  if (!patch.every((n) => n !== null)) return "takes whole scans, not windows";
  const intensity = preparation.filter(
    (step) => step.kind === "scaleRange" || step.kind === "scale" || step.kind === "normalise",
  );
  const normalisation = intensity.length > 1 ? null : normalisationOf(intensity[0]);
  if (!normalisation) return "prepares intensities in a way of its own";
  const spacing = preparation.find((step) => step.kind === "spacing")?.spacingMm;
  const spacingMm = spacing?.every((mm) => mm > 0) ? [...spacing].reverse() : null;
  return {
    ...described,
    orientation: [...orientation.code].reverse().join(""),
    spacingMm: spacingMm as ModelInput["spacingMm"],
    patch: patch as ModelInput["patch"],
    normalisation,
  };
}

function normalisationOf(step: PreparationStep | undefined): ModelInput["normalisation"] | null {
  if (!step) return { kind: "none" };
  if (step.kind === "scale") return step.to[0] === 0 && step.to[1] === 1 ? { kind: "minmax" } : null;
  if (step.kind === "normalise")
    return step.subtract === null && step.divide === null ? { kind: "zscore" } : null;
  if (step.kind !== "scaleRange" || !step.to || !step.clip || !(step.to[1] > step.to[0])) return null;
  const { low, high, to } = step;
  const sd = (high - low) / (to[1] - to[0]);
  return { kind: "ct", low, high, mean: low - to[0] * sd, sd };
}
