/** The run of a network: steady start, beats, and more beats until they repeat. */
import type { JobOptions } from "@viscera/core";
import { Turns } from "@viscera/kernels";
import {
  type AlphaOptions,
  type CompiledImplicit,
  compileImplicit,
  GeneralisedAlpha,
} from "@viscera/numerics";
import { type Assembly, assemble, type BlockPorts } from "./assemble.js";
import { zerodError } from "./config.js";
import type { Network } from "./network.js";

/** Steps of the steady start, a tenth of a beat each. */
const STEADY_STEPS = 31;
const STEADY_STEPS_PER_BEAT = 10;
/** Further beats after which beats that do not repeat are given up. */
const MOST_FURTHER_CYCLES = 1000;
const STEPS_A_TURN = 512;
const MOST_STEPS = 1e9;
/** Numbers that a result may hold. */
const LARGEST_RESULT = 2e7;

export interface ZeroDResult {
  unknowns: readonly string[];
  /** Names and kinds of blocks, in order, with places of their ports' unknowns. */
  blocks: readonly { name: string; type: string; listed: boolean; ports: BlockPorts }[];
  times: Float64Array;
  /** One row of every unknown for each time. */
  values: Float64Array;
  rates: Float64Array;
  periodS: number;
  statistics: {
    steps: number;
    iterations: number;
    /** Steps made with pivots chosen anew. */
    pivoted: number;
    cycles: number;
    /** Beats beyond those asked for, until means at the ends repeated. */
    furtherCycles: number;
    /** Largest share by which a mean at an end changed over the last beat, where the file asks for it. */
    cycleError: number | null;
  };
  warnings: string[];
}

/** Throws `failed.newton`, `failed.not-finite`, `failed.singular`, `input.singular-system`, `cancelled`. */
export async function solveNetwork(network: Network, options: JobOptions = {}): Promise<ZeroDResult> {
  const run = new NetworkRun(network, options);
  return run.solve();
}

interface State {
  values: Float64Array;
  rates: Float64Array;
}

class NetworkRun {
  readonly #network: Network;
  readonly #options: JobOptions;
  readonly #turns: Turns;
  readonly #times: number[] = [];
  readonly #rows: Float64Array[] = [];
  readonly #rateRows: Float64Array[] = [];

  constructor(network: Network, options: JobOptions) {
    this.#network = network;
    this.#options = options;
    this.#turns = new Turns(options.signal);
  }

  async solve(): Promise<ZeroDResult> {
    const network = this.#network;
    const { parameters, periodS } = network;
    const assembly = assemble(network, { steady: false });
    const { unknowns } = assembly.system;
    const start = this.#initialState(unknowns);
    const step = parameters.coupled
      ? parameters.externalStep / (parameters.pointsPerCycle - 1)
      : periodS / (parameters.pointsPerCycle - 1);
    let compiled: CompiledImplicit | null = null;
    if (parameters.steadyStart) {
      compiled = await this.#settle(start);
      // The same equations serve both, unless a block has others for the steady state.
      if (network.blocks.some(({ type }) => type.steadyDiffers)) compiled = null;
    }
    assembly.setFromStart(start.values, start.rates);
    compiled ??= await this.#compile(assembly, start, step);
    const solver = this.#solver(compiled, assembly, start, step);
    const beats = this.#beatsToRun();
    const { furtherCycles, cycleError } = await this.#runBeats(assembly, solver, beats, step);
    const shift = parameters.output.allCycles ? 0 : (this.#times[0] ?? 0);
    const size = unknowns.length;
    const table = (rows: readonly Float64Array[]) => {
      const all = new Float64Array(rows.length * size);
      for (const [i, row] of rows.entries()) all.set(row, i * size);
      return all;
    };
    return {
      unknowns,
      blocks: network.blocks.map(({ name, type }) => ({
        name,
        type: type.type,
        listed: type.listed === true,
        ports: assembly.ports.get(name)!,
      })),
      times: Float64Array.from(this.#times, (time) => time - shift),
      values: table(this.#rows),
      rates: table(this.#rateRows),
      periodS,
      statistics: { ...solver.statistics, cycles: beats, furtherCycles, cycleError },
      warnings: network.warnings,
    };
  }

  #initialState(unknowns: readonly string[]): State {
    const { initial, initialRates, warnings } = this.#network;
    const everywhere = (name: string): number => {
      if (/^(pressure|P_c):/.test(name)) return initial.get("pressure_all") ?? 0;
      return name.startsWith("flow:") ? (initial.get("flow_all") ?? 0) : 0;
    };
    const known = new Set([...unknowns, "pressure_all", "flow_all"]);
    const strangers = [...initial.keys(), ...initialRates.keys()].filter((name) => !known.has(name));
    if (strangers.length > 0) {
      warnings.push(`Initial conditions of unknowns that do not exist are ignored: ${strangers.join(", ")}.`);
    }
    return {
      values: Float64Array.from(unknowns, (name) => initial.get(name) ?? everywhere(name)),
      rates: Float64Array.from(unknowns, (name) => initialRates.get(name) ?? 0),
    };
  }

  #settings({ parameters, inputsAt }: Assembly, step: number): AlphaOptions {
    const { rhoInfinity, absoluteTolerance, iterations } = this.#network.parameters;
    return { step, rhoInfinity, absolute: absoluteTolerance, iterations, parameters, inputsAt };
  }

  #compile(assembly: Assembly, start: State, step: number): Promise<CompiledImplicit> {
    const { system } = assembly;
    return compileImplicit(system, GeneralisedAlpha.sample(system, this.#settings(assembly, step), start));
  }

  #solver(compiled: CompiledImplicit, assembly: Assembly, start: State, step: number): GeneralisedAlpha {
    const solver = new GeneralisedAlpha(compiled, this.#settings(assembly, step));
    solver.values.set(start.values);
    solver.rates.set(start.rates);
    return solver;
  }

  /** Steps with mean waveforms and without capacitances at the ends, until the state is nearly steady. */
  async #settle(start: State): Promise<CompiledImplicit> {
    const step = this.#network.periodS / STEADY_STEPS_PER_BEAT;
    const assembly = assemble(this.#network, { steady: true });
    const compiled = await this.#compile(assembly, start, step);
    const solver = this.#solver(compiled, assembly, start, step);
    for (let i = 0; i < STEADY_STEPS; i++) solver.advance(step * i);
    start.values.set(solver.values);
    start.rates.set(solver.rates);
    return compiled;
  }

  /** Beats that the file asks for, or that the slowest Windkessel needs: equation 21 of Pfaller et al. 2022. */
  #beatsToRun(): number {
    const { parameters, periodS } = this.#network;
    const constants = this.#windkesselConstants();
    if (parameters.cycleError === null || constants.length === 0) return parameters.cycles;
    const slowest = Math.max(0, ...constants);
    const beats = Math.ceil((-slowest / periodS) * Math.log(parameters.cycleError));
    return Math.max(0, beats);
  }

  #windkesselConstants(): number[] {
    return this.#network.blocks
      .filter(({ type }) => type.type === "RCR")
      .map(({ numbers }) => numbers.get("Rd")! * numbers.get("C")!);
  }

  async #runBeats(
    assembly: Assembly,
    solver: GeneralisedAlpha,
    beats: number,
    step: number,
  ): Promise<{ furtherCycles: number; cycleError: number | null }> {
    const { parameters } = this.#network;
    const { pointsPerCycle, cycleError, output } = parameters;
    const perBeat = pointsPerCycle - 1;
    const steps = perBeat * beats;
    const startOfLast = steps - perBeat;
    const record = (time: number) => {
      this.#times.push(time);
      this.#rows.push(solver.values.slice());
      this.#rateRows.push(solver.rates.slice());
    };
    if (!(steps <= MOST_STEPS)) {
      throw zerodError(
        `The document asks for ${steps.toPrecision(3)} time steps; at most ${MOST_STEPS} are taken.`,
        "Ask for fewer beats or fewer points a beat, and check the Windkessels' time constants.",
      );
    }
    const rows = (output.allCycles ? steps : perBeat) / output.interval;
    if (rows * solver.values.length > LARGEST_RESULT) {
      throw zerodError(
        `The result would hold ${Math.ceil(rows)} times of ${solver.values.length} unknowns, more than fits.`,
        "Set output_interval, or output_all_cycles to false.",
      );
    }
    const ends = cycleError === null ? null : new BeatMeans(this.#endsOfVessels(assembly), perBeat);
    if (output.allCycles || startOfLast <= 0) record(0);
    let sinceOutput = 0;
    let time = 0;
    ends?.add(solver.values);
    const advance = (i: number) => {
      solver.advance(time);
      time = step * i;
      sinceOutput++;
      ends?.add(solver.values);
      if (sinceOutput === output.interval || (!output.allCycles && i === startOfLast)) {
        if (output.allCycles || i >= startOfLast) record(time);
        sinceOutput = 0;
      }
    };
    for (let i = 1; i <= steps; i++) {
      advance(i);
      if (i % STEPS_A_TURN === 0) await this.#giveWay(`beat ${Math.ceil(i / perBeat)} of ${beats}`, i, steps);
    }
    if (ends === null) return { furtherCycles: 0, cycleError: null };
    // Where there are Windkessels their time constant has told how many beats it takes.
    if (this.#windkesselConstants().length > 0) return { furtherCycles: 0, cycleError: ends.error() };
    let furtherCycles = 0;
    for (; !(ends.error() <= cycleError!) && furtherCycles < MOST_FURTHER_CYCLES; furtherCycles++) {
      // Times begin anew in every further beat, as in the original.
      for (let i = 1; i <= perBeat; i++) {
        advance(i);
        if (i % STEPS_A_TURN === 0) await this.#giveWay(`further beat ${furtherCycles + 1}`, 0, 0);
      }
      await this.#giveWay(`further beat ${furtherCycles + 1}`, 0, 0);
    }
    if (!(ends.error() <= cycleError!)) {
      this.#network.warnings.push(
        `Beats still change by ${(100 * ends.error()).toPrecision(3)} % after ${MOST_FURTHER_CYCLES} further ones.`,
      );
    }
    return { furtherCycles, cycleError: ends.error() };
  }

  async #giveWay(stage: string, done: number, total: number): Promise<void> {
    this.#options.onProgress?.({ stage, done, total });
    await this.#turns.giveWay();
  }

  #endsOfVessels({ ports }: Assembly): number[] {
    return this.#network.blocks.flatMap(({ name, end }) => {
      if (end === null) return [];
      const { inlets, outlets } = ports.get(name)!;
      const port = end === "inlet" ? inlets[0]! : outlets[0]!;
      return [port.flow, port.pressure];
    });
  }
}

/** Means of unknowns over the last two beats, each with the points at its beginning and end. */
class BeatMeans {
  readonly #unknowns: readonly number[];
  readonly #perBeat: number;
  /** The last points of two beats, in turn written over. */
  readonly #points: Float64Array[];
  #count = 0;

  constructor(unknowns: readonly number[], perBeat: number) {
    this.#unknowns = unknowns;
    this.#perBeat = perBeat;
    this.#points = Array.from({ length: 2 * perBeat + 1 }, () => new Float64Array(unknowns.length));
  }

  add(values: Float64Array): void {
    const point = this.#points[this.#count % this.#points.length]!;
    for (let k = 0; k < point.length; k++) point[k] = values[this.#unknowns[k]!]!;
    this.#count++;
  }

  /** Largest change of a mean from the last beat but one to the last, as a share of the former. */
  error(): number {
    const length = this.#points.length;
    if (this.#count < length) return Number.POSITIVE_INFINITY;
    const mean = (from: number, k: number) => {
      let sum = 0;
      for (let i = from; i <= from + this.#perBeat; i++) {
        sum += this.#points[(this.#count + i) % length]![k]!;
      }
      return sum / (this.#perBeat + 1);
    };
    let largest = 0;
    for (let k = 0; k < this.#unknowns.length; k++) {
      const before = mean(0, k);
      const change = Math.abs((mean(this.#perBeat, k) - before) / before);
      // No flow at all (0/0) is no change.
      if (change > largest) largest = change;
    }
    return largest;
  }
}
