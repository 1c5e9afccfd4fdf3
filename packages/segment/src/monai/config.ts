import { inputError } from "@viscera/core";
import { type ConfigValue, evaluate, isTable } from "./expression.js";

const DEEPEST = 40;
const REFERENCE = /^@\w+(?:(?:#|::)\w+)*$/;

/**
 * A bundle's configuration with its references ("@network_def#channels") and expressions resolved, only where they
 * are looked at: what a bundle says about training or devices is never computed.
 */
export class BundleConfig {
  private readonly root: ConfigValue;
  private readonly known = new Map<string, ConfigValue>();
  private depth = 0;

  constructor(root: ConfigValue) {
    this.root = root;
  }

  /** The resolved value at a path ("inferer", "roi_size"), undefined where there is none. Throws `input.bundle`. */
  get(...path: string[]): ConfigValue | undefined {
    const value = this.raw(...path);
    return value === undefined ? undefined : this.resolved(value);
  }

  /** The value at a path as it is written; references on the way are followed, what lies in it is not resolved. */
  raw(...path: string[]): ConfigValue | undefined {
    let here: ConfigValue | undefined = this.root;
    for (const key of path) here = this.followed(itemOf(here, key));
    return here;
  }

  /** A value with everything in it resolved. Throws `input.bundle` quoting what cannot be. */
  resolved(value: ConfigValue): ConfigValue {
    if (++this.depth > DEEPEST) throw this.unsupported("@…", "its references lead back to themselves");
    try {
      if (typeof value === "string") {
        if (value.startsWith("%")) throw this.unsupported(value, "other files are not followed");
        if (value.startsWith("$")) return evaluate(value.slice(1), (reference) => this.reference(reference));
        return REFERENCE.test(value) ? this.reference(value.slice(1)) : value;
      }
      if (Array.isArray(value)) return value.map((item) => this.resolved(item));
      if (!isTable(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.resolved(item)]));
    } finally {
      this.depth--;
    }
  }

  /** Follows a value that is nothing but a reference. */
  private followed(value: ConfigValue | undefined): ConfigValue | undefined {
    if (typeof value !== "string" || !REFERENCE.test(value)) return value;
    if (++this.depth > DEEPEST) throw this.unsupported(value, "it leads back to itself");
    try {
      const target = this.raw(...value.slice(1).split(/#|::/));
      if (target === undefined) throw this.unsupported(value, "there is no such entry");
      return target;
    } finally {
      this.depth--;
    }
  }

  private reference(reference: string): ConfigValue {
    // Kept, so that entries which refer to others many times cost no more than those.
    let value = this.known.get(reference);
    if (value === undefined) {
      value = this.get(...reference.split(/#|::/));
      if (value === undefined) throw this.unsupported(`@${reference}`, "there is no such entry");
      this.known.set(reference, value);
    }
    return value;
  }

  private unsupported(what: string, why: string): Error {
    return inputError(
      "bundle",
      `The bundle's inference.json says "${what}", and ${why}.`,
      "Write the value itself into the file.",
    );
  }
}

function itemOf(table: ConfigValue | undefined, key: string): ConfigValue | undefined {
  if (Array.isArray(table)) return table[Number(key)];
  return isTable(table) && Object.hasOwn(table, key) ? table[key] : undefined;
}
