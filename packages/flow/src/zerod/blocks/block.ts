/**
 * What every kind of block says of itself. Equations are formulas that have to be 0, in local names:
 *
 * - `P_in`, `Q_in`, `P_out`, `Q_out`: pressure and flow at its inlet and outlet; `P_in1`, `P_in2`, ... where there may
 *   be several; `P` and `Q` for a boundary condition's only port;
 * - names of its internal unknowns; `d` before any unknown: its rate of change;
 * - names of its parameters (`R1`, `R2`, ... for lists), inputs and definitions.
 *
 * Signs and scales are svZeroDSolver's, for its iterations end when no equation is off by more than a tolerance.
 */
import type { Activation } from "../activation/index.js";
import type { Waveform } from "../waveform.js";

export interface BlockParameter {
  name: string;
  /** `text` and `flag` are read elsewhere and allowed here. */
  kind: "number" | "waveform" | "list" | "times" | "text" | "flag";
  optional?: boolean;
}

/** A part of a network, as read. */
export interface BlockSetting {
  name: string;
  inlets: number;
  outlets: number;
  /** Length of a beat. */
  periodS: number;
  /** The steady state is looked for that a run begins with. */
  steady: boolean;
  /** The run begins with a steady state. */
  steadyStart: boolean;
  number(name: string): number;
  list(name: string): readonly number[];
  waveform(name: string): Waveform;
  activation(): Activation;
}

/** Values known before each step. */
export interface BlockInputs {
  names: readonly string[];
  /** Writes one value a name from `offset` on. */
  fill(time: number, values: Float64Array, offset: number): void;
}

export interface BlockEquations {
  /** One for each unknown that the block brings: two of three ports' quantities, and its internal ones. */
  residuals: readonly string[];
  definitions?: Readonly<Record<string, string>>;
  inputs?: BlockInputs;
  /** Discrete states: unknowns held at 0 while a condition holds. */
  resets?: readonly { unknown: string; condition: string }[];
  /** Constants that follow from the state at the start; `at` gives unknowns and rates by local name. */
  fromStart?: {
    names: readonly string[];
    values(at: (name: string) => number): readonly number[];
  };
  /**
   * Local names for unknowns and parameters of other blocks. A lagged unknown is left out of the Jacobian, as
   * svZeroDSolver does: where valves are open or shut, the way of the iterations decides which state they end in.
   */
  elsewhere?: Readonly<Record<string, { block: string; name: string; lagged?: boolean }>>;
}

export type BlockGroup = "vessel" | "junction" | "boundary" | "closed-loop" | "valve" | "chamber";

export interface BlockType {
  /** As files name it. */
  type: string;
  group: BlockGroup;
  parameters: readonly BlockParameter[];
  /** Takes an activation function. */
  activated?: boolean;
  /** What it connects to, for messages; `fits` tells whether numbers of inlets and outlets are right. */
  ports: { described: string; fits(inlets: number, outlets: number): boolean };
  internal?: readonly string[];
  /** Its equations are others while the steady state is looked for (not only its inputs). */
  steadyDiffers?: boolean;
  /** Has rows in the result by vessels. */
  listed?: boolean;
  equations(setting: BlockSetting): BlockEquations;
}

export const required = (...names: string[]): BlockParameter[] =>
  names.map((name) => ({ name, kind: "number" }));
export const optional = (...names: string[]): BlockParameter[] =>
  names.map((name) => ({ name, kind: "number", optional: true }));

export const ONE_IN_ONE_OUT: BlockType["ports"] = {
  described: "one inlet and one outlet",
  fits: (inlets, outlets) => inlets === 1 && outlets === 1,
};
export const ONE_PORT: BlockType["ports"] = {
  described: "exactly one vessel",
  fits: (inlets, outlets) => inlets + outlets === 1,
};
export const JUNCTION_PORTS: BlockType["ports"] = {
  described: "at least one inlet and one outlet",
  fits: (inlets, outlets) => inlets >= 1 && outlets >= 1,
};

/** 1, 2, ..., n. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Inputs that are waveforms of the block, their means while the steady state is looked for. */
export function waveformInputs(setting: BlockSetting, ...names: string[]): BlockInputs {
  const waveforms = names.map((name) => setting.waveform(name));
  const means = setting.steady ? waveforms.map(({ mean }) => mean) : null;
  return {
    names,
    fill(time, values, offset) {
      for (let i = 0; i < waveforms.length; i++) {
        values[offset + i] = means ? means[i]! : waveforms[i]!.at(time);
      }
    },
  };
}
