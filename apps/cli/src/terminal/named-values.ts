/** Values given as `--set name=value`, several times or separated by commas. */
import { usageError } from "@viscera/core";
import { decimalNumber } from "./context.js";

/** For an option that may be given several times. */
export const collectSettings = (value: string, before: string[]): string[] => [...before, value];

/** Throws `usage` for anything else, and for a name that comes twice. */
export function namedValues(settings: readonly string[]): Record<string, number> {
  const values: Record<string, number> = {};
  for (const setting of settings.flatMap((text) => text.split(","))) {
    const [, name, text = ""] = /^\s*([^=\s]+)\s*=(.*)$/u.exec(setting) ?? [];
    if (name === undefined)
      throw usageError(`--set takes name=value, not "${setting}".`, "For example --set CL=3.");
    if (name in values) throw usageError(`--set gives "${name}" twice.`);
    values[name] = decimalNumber(text, `--set ${name}`, -Number.MAX_VALUE, Number.MAX_VALUE);
  }
  return values;
}
