/** Which cases a network learns from and which it is tried on. */
import { RandomStream, usageError } from "@viscera/core";
import type { Fold } from "../data/index.js";

/** Held out unless told otherwise: a fifth, at most 40 cases; none where there are fewer than 5. */
const DEFAULT_SHARE = 0.2;
const DEFAULT_MOST = 40;
const FEWEST_TO_SPLIT = 5;

/** Names in a random order that depends on the seed and the names only. */
function shuffled(ids: readonly string[], seed: number): string[] {
  const random = new RandomStream(seed, "segment.split");
  return [...ids]
    .sort()
    .map((id, i) => ({ id, key: random.uniform(0, i) }))
    .sort((a, b) => a.key - b.key)
    .map(({ id }) => id);
}

/**
 * Splits cases. `validation` is a share in [0, 1), a list of cases, or null for the default. Throws `usage`
 * for a case that does not exist and for a split that leaves nothing to learn from.
 */
export function splitCases(
  ids: readonly string[],
  validation: number | readonly string[] | null,
  seed: number,
): Fold {
  const count =
    typeof validation === "number"
      ? Math.round(validation * ids.length)
      : ids.length < FEWEST_TO_SPLIT
        ? 0
        : Math.min(DEFAULT_MOST, Math.round(DEFAULT_SHARE * ids.length));
  const chosen =
    typeof validation === "number" || validation === null
      ? shuffled(ids, seed).slice(0, count)
      : [...validation];
  for (const id of chosen) {
    if (!ids.includes(id)) {
      throw usageError(
        `There is no case "${id}" to hold out for validation.`,
        `Cases are named ${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", ..." : ""}.`,
      );
    }
  }
  const held = new Set(chosen);
  const training = [...ids].filter((id) => !held.has(id)).sort();
  if (training.length === 0) {
    throw usageError("No case is left to learn from.", "Hold fewer cases out for validation.");
  }
  return { training, validation: [...held].sort() };
}

/** So many of the cases, drawn by the seed; a smaller number is a part of a larger one. */
export function drawCases(ids: readonly string[], count: number, seed: number): string[] {
  return shuffled(ids, seed).slice(0, count).sort();
}
