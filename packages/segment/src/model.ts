import type { ModelFile } from "@viscera/core";
import type { Session } from "@viscera/nets";

/** How a network's answer to a window is read. */
export type NetworkOutput =
  /** One tensor of scores (logits) [1, classes, d0, d1, d2]. */
  | { kind: "scores"; name: string }
  /** The winning class and its softmax probability, both [1, 1, d0, d1, d2]. */
  | { kind: "labels"; label: string; probability: string };

/** A model ready to segment. Spatial axes of its tensors are the volume's in reverse: d2 is the fastest. */
export interface LoadedModel {
  description: ModelFile;
  session: Session;
  input: string;
  output: NetworkOutput;
  channels: number;
  classes: number;
  /**
   * Largest number of channels in memory at once while the network runs, to estimate what a whole volume
   * takes; null when not known.
   */
  peakChannels: number | null;
  /** How far an input voxel reaches in the output, in voxels; null when everywhere or not known. */
  receptiveRadius: number | null;
  /** What a user has to know of this model (its licence, for one). */
  warnings: string[];
  dispose(): Promise<void>;
}
