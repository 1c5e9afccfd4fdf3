import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const PERMISSIVE: readonly [RegExp, string][] = [
  [/Apache License/i, "Apache-2.0"],
  [/MIT License|Permission is hereby granted, free of charge/i, "MIT"],
  [/Redistribution and use in source and binary forms/i, "BSD"],
  [/Attribution-ShareAlike 4\.0 International|\bCC BY-SA 4\.0/i, "CC BY-SA 4.0"],
  [/Attribution 4\.0 International|\bCC BY 4\.0/i, "CC BY 4.0"],
  [/CC0 1\.0 Universal/i, "CC0-1.0"],
];

/** Forbids commercial use, whatever else the text says. */
const NON_COMMERCIAL: readonly [RegExp, string][] = [
  [/NonCommercial-ShareAlike|\bBY-NC-SA\b/, "CC BY-NC-SA"],
  [/NonCommercial-NoDerivatives|\bBY-NC-ND\b/, "CC BY-NC-ND"],
  [/NonCommercial|\bBY-NC\b/, "CC BY-NC"],
  [/\bnon-commercial\b/i, "non-commercial"],
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
      const forbidding = NON_COMMERCIAL.find(([pattern]) => pattern.test(text));
      if (forbidding) return { licence: forbidding[1], commercialUse: false };
      const known = PERMISSIVE.find(([pattern]) => pattern.test(text));
      return known
        ? { licence: known[1], commercialUse: true }
        : { licence: `see ${name}`, commercialUse: false };
    }
  }
  return { licence: UNKNOWN_LICENCE, commercialUse: false };
}

/** What a user has to know of a model's licence before using it, if anything. */
export function licenceWarnings(name: string, licence: string, commercialUse: boolean): string[] {
  if (commercialUse) return [];
  return licence === UNKNOWN_LICENCE
    ? [`The licence of the model "${name}" is not stated; ask its authors before any commercial use.`]
    : [`The model "${name}" is not for commercial use (licence: ${licence}).`];
}
