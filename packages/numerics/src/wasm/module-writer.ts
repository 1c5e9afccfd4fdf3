/** A WebAssembly module, section by section (https://webassembly.github.io/spec/core/binary/modules.html). */
import { type Index, unsignedLeb, VALUE_TYPES, type ValueType } from "./code-writer.js";

export interface FunctionType {
  parameters: readonly ValueType[];
  results: readonly ValueType[];
}

interface Import {
  name: string;
  type: number;
}

/** Functions over one imported memory, "env.memory"; imports come first and are of module "env" too. */
export class ModuleWriter {
  readonly #types: FunctionType[] = [];
  readonly #imports: Import[] = [];
  readonly #functions: { type: number; body: Uint8Array | null }[] = [];
  readonly #exports: { name: string; index: Index }[] = [];

  #type({ parameters, results }: FunctionType): number {
    const key = (type: FunctionType) => `${type.parameters.join()}>${type.results.join()}`;
    const wanted = key({ parameters, results });
    const found = this.#types.findIndex((type) => key(type) === wanted);
    return found >= 0 ? found : this.#types.push({ parameters, results }) - 1;
  }

  /** A function of the host. All imports have to be declared before the first own function. */
  import(name: string, type: FunctionType): Index {
    if (this.#functions.length > 0) throw new Error("imports come before functions");
    return this.#imports.push({ name, type: this.#type(type) }) - 1;
  }

  /** Reserves a function's index; its body follows by `define`. */
  declare(type: FunctionType, exportAs?: string): Index {
    const index = this.#imports.length + this.#functions.push({ type: this.#type(type), body: null }) - 1;
    if (exportAs !== undefined) this.#exports.push({ name: exportAs, index });
    return index;
  }

  define(index: Index, body: Uint8Array): void {
    this.#functions[index - this.#imports.length]!.body = body;
  }

  finish({ sharedMemoryPages = null }: { sharedMemoryPages?: number | null } = {}): Uint8Array<ArrayBuffer> {
    const valueTypes = (types: readonly ValueType[]) => vector(types.map((type) => [VALUE_TYPES[type]]));
    const limits =
      sharedMemoryPages === null ? [0x00, 0x00] : [0x03, 0x00, ...unsignedLeb(sharedMemoryPages)];
    const parts: Uint8Array[] = [
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      section(
        1,
        vector(
          this.#types.map(({ parameters, results }) => [
            0x60,
            ...valueTypes(parameters),
            ...valueTypes(results),
          ]),
        ),
      ),
      section(
        2,
        vector([
          [...text("env"), ...text("memory"), 0x02, ...limits],
          ...this.#imports.map(({ name, type }) => [
            ...text("env"),
            ...text(name),
            0x00,
            ...unsignedLeb(type),
          ]),
        ]),
      ),
      section(3, vector(this.#functions.map(({ type }) => unsignedLeb(type)))),
      section(
        7,
        vector(this.#exports.map(({ name, index }) => [...text(name), 0x00, ...unsignedLeb(index)])),
      ),
      ...this.#codeSection(),
    ];
    const module = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      module.set(part, at);
      at += part.length;
    }
    return module;
  }

  /** Bodies may be large, so they are not gathered as lists of numbers. */
  #codeSection(): Uint8Array[] {
    const bodies = this.#functions.flatMap(({ body }, i) => {
      if (body === null) throw new Error(`function ${i} was declared and not defined`);
      return [Uint8Array.from(unsignedLeb(body.length)), body];
    });
    const count = Uint8Array.from(unsignedLeb(this.#functions.length));
    const length = bodies.reduce((sum, part) => sum + part.length, count.length);
    return [Uint8Array.of(10, ...unsignedLeb(length)), count, ...bodies];
  }
}

function vector(items: readonly (readonly number[])[]): number[] {
  const bytes = unsignedLeb(items.length);
  for (const item of items) for (const byte of item) bytes.push(byte);
  return bytes;
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsignedLeb(bytes.length), ...bytes];
}

function section(id: number, content: readonly number[]): Uint8Array {
  return Uint8Array.from([id, ...unsignedLeb(content.length), ...content]);
}
