/** Reading a JSON document of svZeroDSolver with errors that tell where they are. */
import { inputError } from "@viscera/core";

const KIND_NAMES = { number: "a number", string: "a text", list: "a list", object: "an object" } as const;

/** Any fault of a file of this kind. */
export function zerodError(message: string, hint = ""): Error {
  return inputError("zerod", message, hint);
}

/** One object of the document, with what to call it in messages ("vessel "branch0_seg0""). */
export class ConfigEntry {
  readonly label: string;
  readonly #content: Readonly<Record<string, unknown>>;

  constructor(content: unknown, label: string) {
    if (typeof content !== "object" || content === null || Array.isArray(content)) {
      throw zerodError(`The ${label} is no object.`, 'Write it as {"name": value, ...}.');
    }
    this.#content = content as Record<string, unknown>;
    this.label = label;
  }

  /** Keys that are no comments (which begin with an underscore). */
  get keys(): string[] {
    return Object.keys(this.#content).filter((key) => !key.startsWith("_"));
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#content, key) && this.#content[key] !== null;
  }

  value(key: string): unknown {
    if (!this.has(key)) throw zerodError(`The ${this.label} has no "${key}".`, `Add "${key}" to it.`);
    return this.#content[key];
  }

  #typed<T>(key: string, kind: keyof typeof KIND_NAMES, check: (value: unknown) => value is T): T {
    const value = this.value(key);
    if (!check(value)) throw zerodError(`"${key}" of the ${this.label} is not ${KIND_NAMES[kind]}.`);
    return value;
  }

  number(key: string): number {
    return this.#typed(key, "number", isNumber);
  }

  text(key: string): string {
    return this.#typed(key, "string", (value) => typeof value === "string");
  }

  list(key: string): unknown[] {
    return this.#typed(key, "list", (value) => Array.isArray(value));
  }

  numbers(key: string): number[] {
    const list = this.list(key);
    const wrong = list.findIndex((value) => !isNumber(value));
    if (wrong >= 0) throw zerodError(`"${key}" of the ${this.label} has no number at place ${wrong + 1}.`);
    return list as number[];
  }

  texts(key: string): string[] {
    const list = this.list(key);
    const wrong = list.findIndex((value) => typeof value !== "string");
    if (wrong >= 0) throw zerodError(`"${key}" of the ${this.label} has no name at place ${wrong + 1}.`);
    return list as string[];
  }

  entry(key: string, label: string): ConfigEntry {
    return new ConfigEntry(this.value(key), label);
  }

  /** Objects of a list, each called by its name; none where the list is missing. */
  entries(key: string, kind: string, nameKey: string): ConfigEntry[] {
    if (!this.has(key)) return [];
    return this.list(key).map((content, i) => {
      const name = (content as Record<string, unknown> | null)?.[nameKey];
      return new ConfigEntry(content, typeof name === "string" ? `${kind} "${name}"` : `${kind} ${i + 1}`);
    });
  }

  numberOr(key: string, otherwise: number): number {
    return this.has(key) ? this.number(key) : otherwise;
  }

  flagOr(key: string, otherwise: boolean): boolean {
    if (!this.has(key)) return otherwise;
    const value = this.#content[key];
    if (typeof value !== "boolean")
      throw zerodError(`"${key}" of the ${this.label} is neither true nor false.`);
    return value;
  }

  wholeNumber(key: string, least: number, otherwise?: number): number {
    if (otherwise !== undefined && !this.has(key)) return otherwise;
    const value = this.number(key);
    if (!Number.isInteger(value) || value < least) {
      throw zerodError(
        `"${key}" of the ${this.label} is ${value}; it has to be a whole number from ${least} on.`,
      );
    }
    return value;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
