import { structureOf } from "@viscera/organ";

/** What a structure of a case shows the concentration of: a tissue of the model, or "plasma" of a vessel. */
export function shownBy(structure: string): string | null {
  const known = structureOf(structure);
  if (known === null) return null;
  const { name, group } = known;
  const byName = NAMES.find(([pattern]) => pattern.test(name));
  if (byName) return byName[1];
  const byGroup: Partial<Record<typeof group, string>> = {
    brain: "brain",
    heart: "heart",
    vessels: "plasma",
    bones: "bone",
    muscles: "muscle",
  };
  return byGroup[group] ?? null;
}

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^lung/, "lung"],
  [/^liver/, "liver"],
  [/^kidney_(left|right)$|^kidney$/, "kidney"],
  [/^spleen$/, "spleen"],
  [/^(esophagus|stomach|duodenum|small_bowel|colon|bowel|pancreas)$/, "gut"],
  [/fat$/, "fat"],
  [/^skin$/, "skin"],
];
