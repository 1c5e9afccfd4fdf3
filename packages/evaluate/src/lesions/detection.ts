/** Detection of lesions: pieces of the reference and the prediction matched one to one by their overlap. */
import { type JobOptions, type Size3, usageError } from "@viscera/core";
import { connectedComponents } from "@viscera/kernels";

export interface Detection {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  /** 2 TP / (2 TP + FP + FN); NaN where neither mask holds a lesion. */
  f1: number;
  sensitivity: number;
  precision: number;
  /** Mean IoU of the matched lesions; NaN without any. */
  segmentationQuality: number;
  /** Sum of their IoUs / (TP + FP / 2 + FN / 2) (Kirillov et al. 2019, doi:10.1109/CVPR.2019.00963). */
  panopticQuality: number;
}

/**
 * Matches the 26-connected pieces of two masks (nonzero is inside). A pair counts where its IoU exceeds `leastIou`; from
 * 0.5 on no lesion can have two partners, below that the pairs of largest IoU are taken first.
 */
export async function detectLesions(
  ref: Uint8Array,
  pred: Uint8Array,
  size: Size3,
  leastIou = 0.5,
  job: JobOptions = {},
): Promise<Detection> {
  if (!(leastIou >= 0 && leastIou < 1))
    throw usageError(`A least IoU of ${leastIou} is not from 0 to below 1.`);
  const [a, b] = [
    await connectedComponents(binary(ref), size, 26, job),
    await connectedComponents(binary(pred), size, 26, job),
  ];
  const common = new Map<number, number>();
  for (let i = 0; i < ref.length; i++) {
    if (a.components[i] === 0 || b.components[i] === 0) continue;
    const key = a.components[i]! * (b.count + 1) + b.components[i]!;
    common.set(key, (common.get(key) ?? 0) + 1);
  }
  const pairs = [...common]
    .map(([key, both]) => {
      const lesion = Math.floor(key / (b.count + 1));
      const piece = key % (b.count + 1);
      return { lesion, piece, iou: both / (a.voxels[lesion]! + b.voxels[piece]! - both) };
    })
    .filter(({ iou }) => iou > leastIou)
    .sort((p, q) => q.iou - p.iou || p.lesion - q.lesion || p.piece - q.piece);
  const lesions = new Set<number>();
  const pieces = new Set<number>();
  let sum = 0;
  for (const { lesion, piece, iou } of pairs) {
    if (lesions.has(lesion) || pieces.has(piece)) continue;
    lesions.add(lesion);
    pieces.add(piece);
    sum += iou;
  }
  const truePositives = lesions.size;
  const falsePositives = b.count - truePositives;
  const falseNegatives = a.count - truePositives;
  const half = truePositives + (falsePositives + falseNegatives) / 2;
  return {
    truePositives,
    falsePositives,
    falseNegatives,
    f1: truePositives / half,
    sensitivity: truePositives / a.count,
    precision: truePositives / b.count,
    segmentationQuality: sum / truePositives,
    panopticQuality: sum / half,
  };
}

const binary = (mask: Uint8Array) => mask.map((value) => (value === 0 ? 0 : 1));
