import { usageError } from "@viscera/core";

/** Whose definitions a number follows. docs/evaluation.md says where they differ. */
export const CONVENTIONS = ["metrics-reloaded", "deepmind", "monai", "medpy", "brats-lesionwise"] as const;

export type Convention = (typeof CONVENTIONS)[number];

export const DEFAULT_CONVENTION: Convention = "metrics-reloaded";

/** Throws `usage` for a name that no convention has. */
export function conventionOf(name: string): Convention {
  const found = CONVENTIONS.find((convention) => convention === name);
  if (!found) throw usageError(`There is no convention "${name}".`, `Give one of ${CONVENTIONS.join(", ")}.`);
  return found;
}
