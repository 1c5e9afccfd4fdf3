/** Every number of cases/metrics/classification.json. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import * as ratios from "../overlap/confusion.js";
import {
  confusionMatrix,
  expectedCost,
  f1PerClass,
  multiClassBalancedAccuracy,
  multiClassMatthews,
  weightedKappa,
} from "../overlap/confusion-matrix.js";
import { assertStored, type Stored } from "../testing/vectors.js";
import * as calibration from "./calibration.js";
import { type FrocImage, frocCurve, frocScore } from "./froc.js";
import { gamma } from "./gamma.js";
import { averagedOverClasses, perClass, topAccuracy } from "./multi-class.js";
import { auroc, averagePrecision, rateAt, strictAuroc } from "./roc.js";

const PATH = "cases/metrics/classification.json";
const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));

type Values = Record<string, () => number>;

/** Compares every stored value with the one of its name; "raises" with an error. */
function check(
  values: Values,
  stored: Record<string, unknown>,
  tolerance: number,
  where: string,
  others: string[] = [],
) {
  for (const [name, expected] of Object.entries(stored)) {
    if (others.includes(name)) continue;
    const value = values[name];
    assert.ok(value, `${where}: nothing gives ${name}`);
    if (typeof expected === "string" && expected.startsWith("raises"))
      assert.throws(value, VisceraError, name);
    else
      assertStored(
        value(),
        expected,
        /precision_trapezoid|ppv/.test(name) ? Math.max(1e-6, tolerance) : tolerance,
        `${where} ${name}`,
      );
  }
}

const orZero = (value: number) => (Number.isNaN(value) ? 0 : value);

testWithShared("two classes", [PATH], ([path]) => {
  for (const { name, prob, ref, scikit_learn, monai, metrics_reloaded } of read(path).binary) {
    const positive = ref.map((value: number) => value === 1);
    const both: number[][] = prob.map((p: number) => [1 - p, p]);
    const hard = confusionMatrix(
      ref,
      prob.map((p: number) => (p >= 0.5 ? 1 : 0)),
      2,
    );
    const c = { tn: hard[0]![0]!, fp: hard[0]![1]!, fn: hard[1]![0]!, tp: hard[1]![1]! };
    assert.deepEqual([c.tn, c.fp, c.fn, c.tp], scikit_learn.confusion_tn_fp_fn_tp);
    // scikit-learn leaves a class that the reference lacks out of the mean.
    const present = hard.flatMap((row, i) => (row[0]! + row[1]! > 0 ? [row[i]! / (row[0]! + row[1]!)] : []));
    check(
      {
        roc_auc: () => strictAuroc(prob, ref),
        average_precision_step: () => averagePrecision(prob, ref, "step"),
        pr_auc_trapezoid: () => averagePrecision(prob, ref, "trapezoid"),
        brier_score_loss: () => calibration.brierScore(both, ref) / 2,
        log_loss: () => calibration.logLoss(both, ref),
        cohen_kappa: () => ratios.cohenKappa(c),
        mcc: () => orZero(ratios.matthews(c)),
        balanced_accuracy: () => present.reduce((a, b) => a + b, 0) / present.length,
        f1: () => ratios.dice(c),
      },
      scikit_learn,
      1e-9,
      `${name} scikit-learn`,
      ["confusion_tn_fp_fn_tp"],
    );
    const oneClass = positive.every(Boolean);
    check(
      {
        roc_auc: () => auroc(prob, ref),
        average_precision_step: () => (oneClass ? Number.NaN : averagePrecision(prob, ref, "step")),
      },
      monai,
      1e-5,
      `${name} MONAI`,
    );
    const ece = (bins: number) => calibration.expectedCalibrationError(prob, positive, bins);
    check(
      {
        auroc_trapezoid: () => auroc(prob, ref),
        average_precision_trapezoid: () => averagePrecision(prob, ref, "trapezoid"),
        sensitivity_at_specificity_0_8: () => rateAt("sensitivity", "specificity", 0.8, prob, ref),
        specificity_at_sensitivity_0_8: () => rateAt("specificity", "sensitivity", 0.8, prob, ref),
        sensitivity_at_ppv_0_8: () => rateAt("sensitivity", "precision", 0.8, prob, ref),
        ppv_at_sensitivity_0_8: () => rateAt("precision", "sensitivity", 0.8, prob, ref),
        ece_10_bins: () => ece(10),
        ece_5_bins: () => ece(5),
        ece_15_bins: () => ece(15),
        mce_10_bins: () => calibration.maximumCalibrationError(prob, positive),
        classwise_ece_10_bins: () => calibration.classWiseCalibrationError(both, ref),
        brier_score_sum_over_classes: () => calibration.brierScore(both, ref),
        root_brier_score: () => Math.sqrt(calibration.brierScore(both, ref)),
        logarithmic_score: () => calibration.logarithmicScore(both, ref),
        negative_log_likelihood: () => calibration.negativeLogLikelihood(both, ref),
        kernel_calibration_error: () => calibration.kernelCalibrationError(both, ref),
        ece_kde_bandwidth_0_5: () => calibration.kernelDensityCalibrationError(both, ref),
        mcc: () => ratios.matthews(c),
        cohens_kappa: () => ratios.cohenKappa(c),
        balanced_accuracy: () => ratios.balancedAccuracy(c),
      },
      metrics_reloaded,
      1e-5,
      `${name} MetricsReloaded`,
    );
  }
});

testWithShared("several classes", [PATH], ([path]) => {
  for (const { name, prob, ref, hard, scikit_learn, monai, metrics_reloaded } of read(path).multiclass) {
    const count = prob[0].length;
    const matrix = confusionMatrix(ref, hard, count);
    const step = (s: ArrayLike<number>, p: ArrayLike<number>) => averagePrecision(s, p, "step");
    const f1 = f1PerClass(matrix);
    const occurrences = matrix.map((row) => row.reduce((a, b) => a + b, 0));
    assert.deepEqual(matrix, scikit_learn.confusion_rows_ref_cols_pred);
    check(
      {
        accuracy: () => matrix.reduce((sum, row, i) => sum + row[i]!, 0) / ref.length,
        balanced_accuracy: () => multiClassBalancedAccuracy(matrix),
        cohen_kappa: () => weightedKappa(matrix),
        cohen_kappa_linear: () => weightedKappa(matrix, "linear"),
        cohen_kappa_quadratic: () => weightedKappa(matrix, "quadratic"),
        mcc: () => multiClassMatthews(matrix),
        f1_macro: () => f1.reduce((a, b) => a + b, 0) / count,
        f1_weighted: () => f1.reduce((sum, value, k) => sum + value * occurrences[k]!, 0) / ref.length,
        log_loss: () => calibration.logLoss(prob, ref),
        roc_auc_ovr_macro: () => averagedOverClasses(auroc, "macro", prob, ref),
        roc_auc_ovr_weighted: () => averagedOverClasses(auroc, "weighted", prob, ref),
        roc_auc_micro: () => averagedOverClasses(auroc, "micro", prob, ref),
        average_precision_macro: () => averagedOverClasses(step, "macro", prob, ref),
        top1: () => topAccuracy(prob, ref, 1),
        top2: () => topAccuracy(prob, ref, 2),
      },
      scikit_learn,
      1e-9,
      `${name} scikit-learn`,
      ["confusion_rows_ref_cols_pred", "f1_per_class"],
    );
    for (const [k, value] of scikit_learn.f1_per_class.entries()) assertStored(f1[k]!, value, 1e-9, "F1");
    for (const [key, score] of [
      ["roc_auc", auroc],
      ["average_precision", step],
    ] as const) {
      for (const average of ["macro", "weighted", "micro"] as const)
        assertStored(
          averagedOverClasses(score, average, prob, ref),
          monai[key][average],
          1e-9,
          `${name} ${average}`,
        );
      for (const [k, value] of perClass(score, prob, ref).entries())
        assertStored(value, monai[key].none[k], 1e-9, `${name} class ${k}`);
    }
    check(
      {
        mcc: () => multiClassMatthews(matrix),
        weighted_kappa_unit: () => weightedKappa(matrix),
        weighted_kappa_linear: () => weightedKappa(matrix, "linear"),
        weighted_kappa_quadratic: () => weightedKappa(matrix, "quadratic"),
        balanced_accuracy: () => multiClassBalancedAccuracy(matrix),
        expected_cost: () => expectedCost(matrix).cost,
        normalised_expected_cost: () => expectedCost(matrix).normalised,
        expected_cost_linear: () => expectedCost(matrix, "linear").cost,
        normalised_expected_cost_linear: () => expectedCost(matrix, "linear").normalised,
        classwise_ece_10_bins: () => calibration.classWiseCalibrationError(prob, ref),
        brier_score: () => calibration.brierScore(prob, ref),
        root_brier_score: () => Math.sqrt(calibration.brierScore(prob, ref)),
        logarithmic_score: () => calibration.logarithmicScore(prob, ref),
        negative_log_likelihood: () => calibration.negativeLogLikelihood(prob, ref),
        kernel_calibration_error: () => calibration.kernelCalibrationError(prob, ref),
        ece_kde_bandwidth_0_5: () => calibration.kernelDensityCalibrationError(prob, ref),
      },
      metrics_reloaded,
      1e-5,
      `${name} MetricsReloaded`,
    );
  }
});

interface StoredImage {
  targets: { label: number; box_rows_cols_inclusive: [number, number, number, number] }[];
  detections: { row: number; col: number; prob: number }[];
}

testWithShared("FROC", [PATH], ([path]) => {
  for (const { name, images, monai } of read(path).froc) {
    const found: FrocImage[] = images.map(({ targets, detections }: StoredImage) => ({
      targets: targets.length,
      detections: detections.map(({ row, col, prob }) => {
        const hit = targets.findIndex(
          ({ box_rows_cols_inclusive: [r0, c0, r1, c1] }) => row >= r0 && row <= r1 && col >= c0 && col <= c1,
        );
        return { probability: prob, target: hit < 0 ? null : hit };
      }),
    }));
    const curve = frocCurve(found);
    const compare = (actual: number[], stored: Stored[]) => {
      assert.equal(actual.length, stored.length, name);
      for (const [i, value] of stored.entries()) assertStored(actual[i]!, value, 1e-9, name);
    };
    compare(curve.falsePositivesPerImage, monai.fps_per_image);
    compare(curve.sensitivity, monai.total_sensitivity);
    assertStored(frocScore(curve), monai.score_at_0_25_0_5_1_2_4_8, 1e-9, name);
    assertStored(frocScore(curve, [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]), monai.score_at_1_8_to_8, 1e-9, name);
  }
});

test("the gamma function is the factorial, and the root of pi at one half", () => {
  for (let n = 1, factorial = 1; n < 15; n++, factorial *= n - 1)
    assert.ok(Math.abs(gamma(n) / factorial - 1) < 1e-13, `${n}`);
  assert.ok(Math.abs(gamma(0.5) ** 2 / Math.PI - 1) < 1e-13);
});

test("scores that make no comparison are refused", () => {
  assert.throws(() => auroc([0.1], [0, 1]), VisceraError);
  assert.throws(() => auroc([Number.NaN], [0]), VisceraError);
  assert.throws(() => frocCurve([{ targets: 0, detections: [] }]), VisceraError);
});
