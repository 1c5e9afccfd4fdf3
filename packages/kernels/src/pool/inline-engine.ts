import type { KernelOptions } from "../options.js";
import { compile, type Engine, instantiate, kernelError, type Prepared, type Scratch } from "./engine.js";
import type { Report } from "./report.js";
import { grainOf, type Stage, type WasmText } from "./stage.js";
import { Turns } from "./turn.js";

/** Runs stages on the calling thread, which stays responsive: it gives way between parts. */
export class InlineEngine implements Engine {
  #memory: WebAssembly.Memory | null = null;
  readonly #exports = new Map<string, Prepared["exports"]>();

  async prepare(wasm: WasmText): Promise<Prepared> {
    const module = await compile(wasm.single);
    this.#memory ??= new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const memory = this.#memory;
    const exports = this.#exports.get(wasm.single) ?? instantiate(module, memory);
    this.#exports.set(wasm.single, exports);
    return {
      threads: 1,
      exports,
      memory,
      run: (stage, scratch, report, options) => this.#run(exports, stage, scratch, report, options),
    };
  }

  async #run(
    exports: Prepared["exports"],
    stage: Stage,
    scratch: Scratch,
    report: Report,
    options: KernelOptions,
  ): Promise<void> {
    const turns = new Turns(options.signal);
    const grain = grainOf(stage);
    const { first = 0, count } = stage;
    for (let begin = first; begin < first + count; begin += grain) {
      const end = Math.min(first + count, begin + grain);
      try {
        exports[stage.call]!(begin, end, scratch.address, ...stage.parameters);
      } catch (cause) {
        throw kernelError(stage, cause);
      }
      report.tell(stage, end - first);
      await turns.giveWay();
    }
  }

  async close(): Promise<void> {
    this.#memory = null;
    this.#exports.clear();
  }
}
