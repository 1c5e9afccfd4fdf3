import type { Label } from "@viscera/core";
import type { RawLabel } from "@viscera/scan";
import { structureOf } from "./dictionary.js";

/** Names that Windows keeps for devices, with whatever extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** The name as core's `structureNameSchema` wants it, "" when nothing is left. */
function fileNameSafe(name: string): string {
  const safe = [...name.normalize("NFC").replace(/[^\p{L}\p{N}_.-]+/gu, "_")]
    .slice(0, 100)
    .join("")
    .replace(/^[._-]+|[._-]+$/g, "");
  return RESERVED.test(safe) ? `structure_${safe}` : safe;
}

/** A colour that differs from those of the neighbouring ids: hues by the golden angle, three lightnesses. */
function colorOfId(id: number): string {
  const hue = (id * 137.50776405) % 360;
  const lightness = [0.58, 0.45, 0.7][id % 3]!;
  const channel = (n: number): string => {
    const k = (n + hue / 30) % 12;
    const value =
      lightness - 0.55 * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/**
 * The label table of a label map from what its file says. Known structures get their usual name
 * (`kidney_left` for "Left Kidney"), SNOMED CT code and colour; a valid colour or code of the file goes first.
 * Names come out file-name safe and unique, also where case does not count: an id without a name becomes
 * `structure_<id>`, whatever its number, and a name's second bearer gets `_2`. Ids that are not positive whole
 * numbers and repeated ids are dropped. Sorted by id.
 */
export function completeLabels(raw: readonly RawLabel[], source: string): Label[] {
  const taken = new Set<string>();
  const ids = new Set<number>();
  const labels: Label[] = [];
  for (const { id, name = "", color, snomed } of [...raw].sort((a, b) => a.id - b.id)) {
    if (!Number.isSafeInteger(id) || id <= 0 || ids.has(id)) continue;
    ids.add(id);
    const known = structureOf(name);
    const base = known?.name ?? (fileNameSafe(name) || `structure_${id}`);
    let unique = base;
    for (let n = 2; taken.has(unique.toLowerCase()); n++) unique = `${base}_${n}`;
    taken.add(unique.toLowerCase());
    const given = color?.toLowerCase();
    labels.push({
      id,
      name: unique,
      snomed: snomed && /^\d{6,18}$/.test(snomed) ? snomed : (known?.snomed ?? null),
      color: given && /^#[0-9a-f]{6}$/.test(given) ? given : (known?.color ?? colorOfId(id)),
      source,
    });
  }
  return labels;
}
