import type { ModelFile } from "@viscera/core";
import type { Network, SessionOptions, Weights } from "@viscera/nets";
import type { LoadedModel } from "../../model.js";
import type { FoldName } from "../nnunet-folder.js";

/** Where a model of one format lies. */
export interface ModelPlace {
  folder: string;
  /** The file in the folder that makes it a model of the format; null where the folder as a whole does. */
  file: string | null;
  /** Which network of a folder that holds several ("total" of "weights:total"); null where none was asked for. */
  task: string | null;
}

/** A file of a model: where it is and what it is called in a copy of the model's folder. */
export interface ModelPart {
  from: string;
  to: string;
}

/** How to open a model. */
export interface OpenOptions extends SessionOptions {
  /** Of a model trained in folds those to average; default: all that are there. */
  folds?: readonly FoldName[];
}

/** A network and what it has learnt, to go on training from. */
export interface LearntNetwork {
  description: ModelFile;
  network: Network;
  /** Of an ensemble, the first member's. */
  weights: Weights;
}

/** One way in which models come. `formats/index.ts` lists them. */
export interface ModelFormat {
  readonly kind: string;
  /** What to give, for the hint when nothing was recognised: "a TensorFlow.js folder (…)". */
  readonly example: string;
  /** A folder holds networks to be chosen from by `task`. */
  readonly hasTasks?: boolean;
  /**
   * The model at a folder, or at a file of it; null when it is not of this format. Throws `input.model` for
   * what is of the format and lacks something.
   */
  recognise(folder: string, file: string | null): Promise<Omit<ModelPlace, "task"> | null>;
  /** What the model is, without opening it. `sha256` is of its weights as they are on disk. */
  describe(place: ModelPlace): Promise<ModelFile>;
  open(place: ModelPlace, options: OpenOptions): Promise<LoadedModel>;
  /**
   * The network for training on; absent where the format holds none that can be trained. Throws `input.base` for
   * one whose input or output another network cannot take over, and what reading throws.
   */
  readonly learnt?: (place: ModelPlace) => Promise<LearntNetwork>;
  /** Files that a copy of the model needs. */
  parts(place: ModelPlace): Promise<ModelPart[]>;
}
