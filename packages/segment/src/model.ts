import type { ModelFile, Volume } from "@viscera/core";
import type { Session } from "@viscera/nets";
import type { FamiliarityReference } from "./quality/index.js";
import type { Segmentation, SegmentOptions } from "./segment-volume.js";

/** How a network's answer to a window is read. */
export type NetworkOutput =
  /**
   * One tensor of scores (logits) [1, classes, d0, d1, d2]; an ensemble's session may give the mean of its members'
   * `probabilities` besides, of the same shape, and the session of a network known here `features` [1, C] of a window.
   */
  | { kind: "scores"; name: string; probabilities?: string; features?: string }
  /** The winning class and its softmax probability, both [1, 1, d0, d1, d2]. */
  | { kind: "labels"; label: string; probability: string };

interface ModelBase {
  description: ModelFile;
  /** Images of one patient that the model takes at once, all on one grid. */
  channels: number;
  /** What the channels are ("T1", "T2"), in order; empty where the model does not say. */
  channelNames?: readonly string[];
  classes: number;
  /** What a user has to know of this model (its licence, for one). */
  warnings: string[];
  dispose(): Promise<void>;
}

/**
 * A network with the preparation that its viscera-model.json describes. Spatial axes of its tensors are the
 * volume's in reverse: d2 is the fastest.
 */
export interface NetworkModel extends ModelBase {
  session: Session;
  input: string;
  output: NetworkOutput;
  /**
   * Largest number of channels in memory at once while the network runs, to estimate what a whole volume
   * takes; null when not known.
   */
  peakChannels: number | null;
  /** How far an input voxel reaches in the output, in voxels; null when everywhere or not known. */
  receptiveRadius: number | null;
  /** What training scans look like to the network, where that is known. */
  familiarity?: FamiliarityReference;
}

/** A model of another tool, which goes from scan to labels by that tool's own rules (nnU-Net, TotalSegmentator). */
export interface ForeignModel extends ModelBase {
  /** `volumes` has `channels` entries on one grid, of a modality that fits. Labels come on that grid. */
  segment(volumes: readonly Volume[], options: SegmentOptions): Promise<Segmentation>;
}

/** A model ready to segment: `segmentVolume` runs either kind. */
export type LoadedModel = NetworkModel | ForeignModel;
