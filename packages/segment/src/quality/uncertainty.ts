/**
 * Per-voxel uncertainty: the entropy of the mean of the softmax probabilities over everything that looked at the
 * voxel (windows, mirrored runs, members of an ensemble), as a share of the most there can be. It is high where the
 * network hesitates and where its several looks disagree (Lakshminarayanan et al. 2017, arXiv:1612.01474).
 */
/** Softmax of scores [classes, voxels], written to `into` of the same shape. */
export function softmaxVoxels(scores: Float32Array, classes: number, into: Float32Array): void {
  const voxels = scores.length / classes;
  for (let v = 0; v < voxels; v++) {
    let top = scores[v]!;
    for (let at = v + voxels; at < scores.length; at += voxels) if (scores[at]! > top) top = scores[at]!;
    let sum = 0;
    for (let at = v; at < scores.length; at += voxels) {
      const value = Math.exp(scores[at]! - top);
      into[at] = value;
      sum += value;
    }
    for (let at = v; at < scores.length; at += voxels) into[at]! /= sum;
  }
}

/**
 * Entropy of the probabilities `data[offset + c * stride]`, c below `classes`, in percent of the entropy of classes
 * that are all as likely: 0 is sure, 100 knows nothing.
 */
export function entropyPercent(data: Float32Array, offset: number, stride: number, classes: number): number {
  let entropy = 0;
  for (let c = 0; c < classes; c++) {
    const p = data[offset + c * stride]!;
    if (p > 0) entropy -= p * Math.log(p);
  }
  return percentOf(entropy, classes);
}

/** The same of the softmax of scores. */
export function entropyPercentOfScores(
  data: Float32Array,
  offset: number,
  stride: number,
  classes: number,
): number {
  let top = data[offset]!;
  for (let c = 1; c < classes; c++) top = Math.max(top, data[offset + c * stride]!);
  let sum = 0;
  let weighted = 0;
  for (let c = 0; c < classes; c++) {
    const below = data[offset + c * stride]! - top;
    const weight = Math.exp(below);
    sum += weight;
    weighted += weight * below;
  }
  return percentOf(Math.log(sum) - weighted / sum, classes);
}

function percentOf(entropy: number, classes: number): number {
  return Math.min(100, Math.max(0, Math.round((100 * entropy) / Math.log(classes))));
}
