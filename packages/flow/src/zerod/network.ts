/** A network of blocks as files describe it, and as our own models build it. */

import type { Activation } from "./activation/index.js";
import type { BlockType } from "./blocks/index.js";
import type { ConfigEntry } from "./config.js";
import type { SimulationParameters } from "./simulation-parameters.js";
import type { Waveform } from "./waveform.js";

/** Which end of the network a vessel is, for the test of whether beats repeat. */
export type VesselEnd = "inlet" | "outlet" | null;

export interface NetworkBlock {
  name: string;
  type: BlockType;
  numbers: ReadonlyMap<string, number>;
  lists: ReadonlyMap<string, readonly number[]>;
  waveforms: ReadonlyMap<string, Waveform>;
  activation: Activation | null;
  end: VesselEnd;
}

export interface Network {
  /** In svZeroDSolver's order: vessels, couplings, boundary conditions, junctions, closed loop, valves, chambers. */
  blocks: NetworkBlock[];
  /** Names of the blocks before and behind each node, in the order of the unknowns. */
  connections: [string, string][];
  periodS: number;
  parameters: SimulationParameters;
  /** Values and rates at the start by unknown, with `pressure_all` and `flow_all`. */
  initial: ReadonlyMap<string, number>;
  initialRates: ReadonlyMap<string, number>;
  warnings: string[];
}

/** Values of an object whose keys are unknowns. */
export function namedNumbers(entry: ConfigEntry | null): Map<string, number> {
  return new Map(entry?.keys.map((key) => [key, entry.number(key)]) ?? []);
}
