/** One step's input of training. */
export interface TrainingBatch {
  /** [batch, channels, d0, d1, d2], d2 = x fastest. */
  data: Float32Array;
  /** [batch, d0, d1, d2] classes, 255 for voxels that count in no loss. */
  target: Uint8Array;
  /** [batch, classes]: 1 where the class was annotated in the patch's case; null where all always are. */
  known: Uint8Array | null;
}
