import { failedError, type LabelMap } from "@viscera/core";

/** How far a structure's labels are from the true ones. */
export interface StructureDice {
  name: string;
  /** 2 |A and B| / (|A| + |B|) */
  dice: number;
}

/**
 * Dice of each structure of two label maps on one grid, by name. What is one structure here may be several true ones:
 * `vertebrae` is compared with all of `vertebrae_*`. Names that the truth does not know are left out.
 */
export function compareLabels(found: LabelMap, truth: LabelMap): StructureDice[] {
  if (found.data.length !== truth.data.length) throw failedError("grid", "The label maps differ in size.");
  const place = new Map(found.labels.map(({ id }, i) => [id, i]));
  const truePlace = new Map<number, number>();
  for (const [i, { name }] of found.labels.entries()) {
    for (const label of truth.labels) {
      if (label.name === name || label.name.startsWith(`${name}_`)) truePlace.set(label.id, i);
    }
  }
  const both = new Float64Array(found.labels.length);
  const sums = new Float64Array(found.labels.length);
  const isKnown = new Set(truePlace.values());
  for (let v = 0; v < found.data.length; v++) {
    const a = place.get(found.data[v]!);
    const b = truePlace.get(truth.data[v]!);
    if (a !== undefined) sums[a]! += 1;
    if (b !== undefined) sums[b]! += 1;
    if (a !== undefined && a === b) both[a]! += 1;
  }
  return found.labels.flatMap(({ name }, i) =>
    isKnown.has(i) && sums[i]! > 0 ? [{ name, dice: (2 * both[i]!) / sums[i]! }] : [],
  );
}
