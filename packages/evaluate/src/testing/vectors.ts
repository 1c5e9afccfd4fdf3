/** For tests only: the golden vectors of cases/metrics. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabelArray, Size3, Vec3 } from "@viscera/core";
import { sharedPath } from "@viscera/core/testing";
import { readLabels } from "@viscera/scan/node";

/** A number as the files write it: NaN and infinities are strings. */
export type Stored = number | string;

export interface LabelVectors {
  voxels_ref: number;
  voxels_pred: number;
  volume_ml_ref: number;
  volume_ml_pred: number;
  deepmind_surface_distance: Record<string, unknown>;
  monai: Record<string, unknown>;
  metrics_reloaded: Record<string, unknown>;
  medpy_style: Record<string, Stored>;
}

export interface VectorCase {
  name: string;
  shape: Size3;
  spacing_mm: Vec3;
  ref: string;
  pred: string;
  labels: Record<string, LabelVectors>;
  multi_label: {
    labels_in_order: number[];
    monai_generalized_dice: Record<string, { sum_over_classes: Stored[]; per_class: Stored[] }>;
    metrics_reloaded: Record<string, Stored> & { confusion_matrix_rows_pred_cols_ref: number[][] };
  };
}

export function readVectors(folder: string): VectorCase[] {
  return JSON.parse(readFileSync(join(folder, "vectors.json"), "utf8")).cases;
}

/** Names of the cases; one that says nothing where the data are missing. */
export const sharedCases: string[] = (() => {
  const folder = sharedPath("cases/metrics");
  return folder ? readVectors(folder).map(({ name }) => name) : ["vectors"];
})();

/** Values of a mask file, which may be empty. */
export async function readMask(folder: string, name: string, size: Size3): Promise<LabelArray> {
  const labels = await readLabels(join(folder, name), { mayBeEmpty: true });
  assert.deepEqual([...labels.size], [...size], name);
  return labels.data;
}

/** Fails unless a value agrees with a stored one within a tolerance, absolute or relative, whichever is larger. */
export function assertStored(actual: number, stored: unknown, tolerance: number, message: string): void {
  const expected = Number(stored);
  assert.ok(typeof stored === "number" || stored === "NaN" || stored === "Infinity", `${message}: ${stored}`);
  if (!Number.isFinite(expected)) {
    assert.ok(Object.is(actual, expected), `${message}: ${actual} is not ${expected}`);
    return;
  }
  const limit = tolerance * Math.max(1, Math.abs(expected));
  assert.ok(
    Math.abs(actual - expected) <= limit,
    `${message}: ${actual} is not within ${limit} of ${expected}`,
  );
}
