/** The loop, beat by beat; parameters may change between beats while blood stays where it is. */
import { type CompiledImplicit, compileImplicit, GeneralisedAlpha } from "@viscera/numerics";
import { type Assembly, assemble } from "../zerod/assemble.js";
import { readNetwork } from "../zerod/read-network.js";
import { type LoopDocument, type LoopParameters, type LoopSetting, loopDocument } from "./loop-document.js";

/** One beat: a value of every unknown at each of its times, both ends included. */
export interface Beat {
  times: Float64Array;
  course(unknown: string): Float64Array;
}

/** Of residuals in mmHg and mL/s. */
const TOLERANCE = 1e-7;

export class LoopRun {
  readonly #setting: LoopSetting;
  #loop: LoopDocument;
  #assembly: Assembly;
  readonly #compiled: CompiledImplicit;
  #solver: GeneralisedAlpha;

  private constructor(
    setting: LoopSetting,
    loop: LoopDocument,
    assembly: Assembly,
    compiled: CompiledImplicit,
    start: { values: Float64Array; rates: Float64Array },
  ) {
    this.#setting = setting;
    this.#loop = loop;
    this.#assembly = assembly;
    this.#compiled = compiled;
    this.#solver = this.#newSolver(start);
  }

  static async start(setting: LoopSetting, parameters: LoopParameters): Promise<LoopRun> {
    const loop = loopDocument(setting, parameters);
    const network = readNetwork(loop.document);
    const assembly = assemble(network, { steady: false });
    const { unknowns } = assembly.system;
    const everywhere = network.initial.get("pressure_all")!;
    const values = Float64Array.from(
      unknowns,
      (name) => network.initial.get(name) ?? (name.startsWith("pressure:") ? everywhere : 0),
    );
    const start = { values, rates: new Float64Array(values.length) };
    const settings = { step: stepOf(setting), inputsAt: assembly.inputsAt, parameters: assembly.parameters };
    const compiled = await compileImplicit(
      assembly.system,
      GeneralisedAlpha.sample(assembly.system, settings, start),
    );
    return new LoopRun(setting, loop, assembly, compiled, start);
  }

  /** The loop with the state that it is in as its beginning. */
  get document(): Record<string, unknown> {
    const named = (values: Float64Array) =>
      Object.fromEntries(this.unknowns.map((name, i) => [name, values[i]!]));
    return {
      ...this.#loop.document,
      initial_condition: named(this.#solver.values),
      initial_condition_d: named(this.#solver.rates),
    };
  }

  get unknowns(): readonly string[] {
    return this.#assembly.system.unknowns;
  }

  #newSolver({ values, rates }: { values: Float64Array; rates: Float64Array }): GeneralisedAlpha {
    const solver = new GeneralisedAlpha(this.#compiled, {
      step: stepOf(this.#setting),
      inputsAt: this.#assembly.inputsAt,
      parameters: this.#assembly.parameters,
      absolute: TOLERANCE,
    });
    solver.values.set(values);
    solver.rates.set(rates);
    return solver;
  }

  change(parameters: LoopParameters): void {
    this.#loop = loopDocument(this.#setting, parameters);
    this.#assembly = assemble(readNetwork(this.#loop.document), { steady: false });
    this.#solver = this.#newSolver(this.#solver);
  }

  /** Puts blood into the veins, or takes it out. */
  infuse(volumeMl: number): void {
    const { pressure, capacitance } = this.#loop.veins;
    this.#solver.values[this.unknowns.indexOf(pressure)]! += volumeMl / capacitance;
  }

  beat(): Beat {
    const { stepsPerBeat } = this.#setting;
    const step = stepOf(this.#setting);
    const size = this.unknowns.length;
    const values = new Float64Array((stepsPerBeat + 1) * size);
    values.set(this.#solver.values);
    for (let i = 0; i < stepsPerBeat; i++) {
      this.#solver.advance(step * i);
      values.set(this.#solver.values, (i + 1) * size);
    }
    const unknowns = this.unknowns;
    return {
      times: Float64Array.from({ length: stepsPerBeat + 1 }, (_, i) => i * step),
      course(unknown) {
        const place = unknowns.indexOf(unknown);
        if (place < 0) throw new Error(`the loop has no unknown ${unknown}`);
        return Float64Array.from({ length: stepsPerBeat + 1 }, (_, i) => values[i * size + place]!);
      },
    };
  }
}

function stepOf({ targets, stepsPerBeat }: LoopSetting): number {
  return 60 / targets.heartRateBpm / stepsPerBeat;
}
