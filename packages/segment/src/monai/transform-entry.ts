import { inputError } from "@viscera/core";
import type { BundleConfig } from "./config.js";
import { type ConfigValue, isTable } from "./expression.js";

type Kinds = { number: number; string: string; boolean: boolean };

/** Reads single options of a table and refuses those of another type. */
export type OptionReader = <K extends keyof Kinds>(key: string, kind: K, otherwise: Kinds[K]) => Kinds[K];

export function optionReader(owner: string, get: (key: string) => ConfigValue | undefined): OptionReader {
  return (key, kind, otherwise) => {
    const given = get(key);
    // Lists hold one value for each key of a transform.
    const value = Array.isArray(given) ? given[0] : given;
    if (value === undefined || value === null) return otherwise;
    if (typeof value === kind) return value as never;
    throw inputError(
      "bundle",
      `The bundle's ${owner} has the ${key} ${JSON.stringify(value)}, which is no ${kind}.`,
    );
  };
}

/** One of a list of transforms. */
export interface TransformEntry {
  /** "monai.transforms.Spacingd" */
  target: string;
  /** "Spacing": without the ending of transforms for dictionaries. */
  name: string;
  keys: readonly string[];
  option: OptionReader;
  has(key: string): boolean;
  value(key: string): ConfigValue | undefined;
  /** The error that quotes the transform. */
  refused(): Error;
}

/** The transforms of a `Compose`, or of a list, at a place; none where there is no such place. */
export function transformList(config: BundleConfig, place: string): TransformEntry[] {
  const composed = config.raw(place, "transforms");
  const list = composed === undefined && Array.isArray(config.raw(place)) ? config.raw(place) : composed;
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw inputError("bundle", `The bundle's ${place} is no list of transforms.`);
  return list.flatMap((raw) => {
    const table = typeof raw === "string" ? config.resolved(raw) : raw;
    if (!isTable(table) || typeof table["_target_"] !== "string") {
      throw inputError(
        "bundle",
        `The bundle's ${place} has the entry ${quoted(raw)}, which is no transform.`,
      );
    }
    if (table["_disabled_"] !== undefined && config.resolved(table["_disabled_"]) === true) return [];
    const target = table["_target_"];
    const name = target.split(".").at(-1)!;
    const value = (key: string) => (Object.hasOwn(table, key) ? config.resolved(table[key]!) : undefined);
    const keys = value("keys");
    return [
      {
        target,
        name: name.replace(/(Dict|[dD])$/, ""),
        keys: [keys ?? []].flat().filter((key): key is string => typeof key === "string"),
        option: optionReader(name, value),
        has: (key) => Object.hasOwn(table, key),
        value,
        refused: () =>
          inputError(
            "bundle",
            `The bundle's ${place} has the transform ${quoted(raw)}, which cannot be honoured.`,
            "Export the network to ONNX and describe it by a viscera-model.json.",
          ),
      },
    ];
  });
}

function quoted(value: ConfigValue): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Three numbers (or null) from one for all axes or one for each. Throws `input.bundle`. */
export function axisNumbers(
  owner: string,
  value: ConfigValue,
  otherwise: readonly (number | null)[],
): (number | null)[] {
  if (value === null && otherwise.length > 0) return [...otherwise];
  const list = Array.isArray(value) ? value : [value, value, value];
  const isNumber = (n: ConfigValue): n is number | null => n === null || Number.isFinite(n);
  if (list.length !== 3 || !list.every(isNumber)) {
    throw inputError(
      "bundle",
      `The bundle's ${owner} is ${quoted(value)}, which is not a number for each of three axes.`,
    );
  }
  return list;
}
