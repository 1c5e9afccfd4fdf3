import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const PERMISSIVE: readonly [RegExp, string][] = [
  [/Apache License/i, "Apache-2.0"],
  [/MIT License|Permission is hereby granted, free of charge/i, "MIT"],
  [/Redistribution and use in source and binary forms/i, "BSD"],
];
const FILES = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"];

export const UNKNOWN_LICENCE = "not stated";

/**
 * Licence of a model that has no description, from a licence file in its folder or the one above. Anything
 * but a known permissive text counts as not stated, and so as not for commercial use.
 */
export async function licenceOf(folder: string): Promise<{ licence: string; commercialUse: boolean }> {
  for (const place of [folder, dirname(folder)]) {
    for (const name of FILES) {
      const text = await readFile(join(place, name), "utf8").catch(() => null);
      if (text === null) continue;
      const known = PERMISSIVE.find(([pattern]) => pattern.test(text));
      return known
        ? { licence: known[1], commercialUse: true }
        : { licence: `see ${name}`, commercialUse: false };
    }
  }
  return { licence: UNKNOWN_LICENCE, commercialUse: false };
}

/** What a user must know of a licence, if anything. */
export function licenceWarnings(name: string, licence: string, commercialUse: boolean): string[] {
  if (commercialUse) return [];
  return licence === UNKNOWN_LICENCE
    ? [`The licence of the model "${name}" is not stated; ask its authors before any commercial use.`]
    : [`The model "${name}" is not for commercial use (licence: ${licence}).`];
}
