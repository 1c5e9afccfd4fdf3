/** Words for structures and what is special about them. */
import type { OrganRecord } from "@viscera/core";

/** `kidney_left` -> "Left kidney", `vertebrae_L1` -> "Vertebra L1". */
export function displayNameOf(name: string): string {
  const words = name.replace(/[_.]+/g, " ").trim().split(/\s+/);
  const side = words.findIndex((word) => /^(left|right)$/i.test(word));
  if (side > 0) words.unshift(words.splice(side, 1)[0]!);
  const text = words.join(" ").replace(/^vertebrae /i, "Vertebra ");
  return capitalised(text);
}

/** What a reader must know about a structure's measures, as short phrases. */
export function flagsOf(organ: OrganRecord): string[] {
  const flags: string[] = [];
  if (organ.touchesBorder) flags.push("reaches the edge of the image");
  if (organ.pieces > 1) flags.push(`${organ.pieces} pieces`);
  if (organ.confidence !== null && organ.confidence < 0.7) {
    flags.push(`low confidence (${Math.round(organ.confidence * 100)}\u00a0%)`);
  }
  return flags;
}

/** Layers around everything else: drawn only when asked for, as they would cover slices and scene. */
export function isWrapping(name: string): boolean {
  return /(^|_)(skin|body|fat|torso|trunk|muscles?|extremities|subcutaneous)(_|$)/i.test(name);
}

/** Structures that lie around or before others and would hide them: drawn translucent. */
export function isEnvelope(name: string, group: string): boolean {
  return (
    isWrapping(name) ||
    /(^|_)(gluteus|iliopsoas|autochthon|pectoralis|breast)(_|$)/i.test(name) ||
    /muscle|skin|soft tissue|body wall/i.test(group)
  );
}

/** Bones stand around the organs: where colours tell about the organs, bones must not hide them. */
export function isSkeleton(group: string): boolean {
  return /bone|skelet/i.test(group);
}

/** Text with a capital first letter, for headings made of other rooms' titles. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A path from a root on: folders may hold spaces, and so may a file name up to its extension. */
const ABSOLUTE_PATH = new RegExp(
  String.raw`(^|[\s"'=(,:;[])(?:file:\/\/|~|[A-Za-z]:(?=[\\/])|\\)?` +
    String.raw`(?:[\\/][^\s\\/"'<>|][^\\/"'<>|\r\n]*(?=[\\/]))+` +
    String.raw`[\\/](?:[^\\/"'<>|\r\n]*?\.[A-Za-z0-9]{1,5}(?:\.gz)?(?=[\s"',;:)\]]|$)|[^\s\\/"'<>|]*)`,
  "g",
);

/** Text with the paths of somebody's machine taken out; they may name a person. */
export function withoutPaths(text: string): string {
  return text.replace(ABSOLUTE_PATH, "$1…");
}

/** The same for every string of a JSON value. */
export function valueWithoutPaths(value: unknown): unknown {
  if (typeof value === "string") return withoutPaths(value);
  if (Array.isArray(value)) return value.map(valueWithoutPaths);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [withoutPaths(key), valueWithoutPaths(entry)]),
    );
  }
  return value;
}
