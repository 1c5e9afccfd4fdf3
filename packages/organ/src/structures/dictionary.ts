import { RIBS, STRUCTURE_TABLE, type StructureGroup, VERTEBRAE } from "./table.js";

export type Side = "left" | "right";

/** What is known of an anatomical structure. */
export interface StructureInfo {
  /** TotalSegmentator's name, FreeSurfer's in the brain: `kidney_left`, `Left-Thalamus`. */
  name: string;
  /** For people, in English: "Left kidney". */
  display: string;
  /** SNOMED CT concept id of the structure (laterality apart), null where none is known. */
  snomed: string | null;
  side: Side | null;
  group: StructureGroup;
  /** `#rrggbb`: arteries red, veins blue, bones ivory; the two sides and neighbours differ a little. */
  color: string;
  /** True where much of the labelled space is content (blood, air, food, urine) and not tissue. */
  hollow: boolean;
}

const LEFT = new Set(["left", "l", "lt", "lh"]);
const RIGHT = new Set(["right", "r", "rt", "rh"]);
/** Words that distinguish nothing. */
const FILLERS = new Set(["of", "the", "structure"]);

/** A name without case, spelling of word borders, plural and order of the side: "left|kidney". */
function keyOf(name: string): string {
  const words = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .replace(/([a-z]{3,})(\d)/g, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u);
  let side = "";
  const rest: string[] = [];
  for (const word of words) {
    if (LEFT.has(word)) side = "left";
    else if (RIGHT.has(word)) side = "right";
    else if (word !== "" && !FILLERS.has(word)) rest.push(word.length > 3 ? word.replace(/s$/, "") : word);
  }
  return `${side}|${rest.join(" ")}`;
}

function capitalised(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

/** The colour mixed with white (amount > 0) or black (amount < 0). */
function shaded(color: string, amount: number): string {
  const target = amount > 0 ? 255 : 0;
  const channel = (at: number): string => {
    const value = Number.parseInt(color.slice(at, at + 2), 16);
    return Math.round(value + (target - value) * Math.abs(amount))
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

const BY_KEY = new Map<string, StructureInfo>();

/** The first structure to claim a name keeps it: own names go before other names. */
function register(info: StructureInfo, names: readonly string[]): void {
  for (const name of names) {
    const key = keyOf(name);
    if (!BY_KEY.has(key)) BY_KEY.set(key, info);
  }
}

const SIDES: readonly (Side | null)[] = [null, "left", "right"];

/** `pattern` with its `*` filled in. */
function withSide(pattern: string, side: Side | null): string {
  if (pattern.startsWith("ctx-*-"))
    return pattern.replace("*-", side === null ? "" : side === "left" ? "lh-" : "rh-");
  if (pattern.startsWith("*-")) return (side === null ? "" : `${capitalised(side)}-`) + pattern.slice(2);
  return pattern.replace("_*", side === null ? "" : `_${side}`);
}

function readTable(): void {
  const synonyms: [StructureInfo, string[]][] = [];
  for (const [group, rows] of Object.entries(STRUCTURE_TABLE)) {
    for (const row of rows.trim().split("\n")) {
      const [pattern, snomed, color, hollow, noun, others] = row.trim().split("|") as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      for (const side of pattern.includes("*") ? SIDES : [null]) {
        const name = withSide(pattern, side);
        const words = noun || name.replaceAll(/[_-]/g, " ");
        const fixed = /_(left|right)$/.exec(pattern)?.[1] as Side | undefined;
        const info: StructureInfo = {
          name,
          display: capitalised(side ? `${side} ${words}` : words),
          snomed: snomed || null,
          side: side ?? fixed ?? null,
          group: group as StructureGroup,
          color: side === "left" ? shaded(color, 0.14) : color,
          hollow: hollow === "h",
        };
        register(info, [name]);
        const known = others ? others.split(",") : [];
        if (noun) known.push(noun);
        synonyms.push([info, known.map((other) => (side ? `${side} ${other}` : other))]);
      }
    }
  }
  for (const [info, names] of synonyms) register(info, names);
}

function addVertebraeAndRibs(): void {
  const bone = { group: "bones", hollow: false } as const;
  VERTEBRAE.forEach(([level, snomed], i) => {
    const region = { C: "#ece2c8", T: "#e2d5b0", L: "#d6c699", S: "#d5c496" }[
      level[0] as "C" | "T" | "L" | "S"
    ];
    const color = i % 2 ? shaded(region, -0.1) : region;
    const info = {
      ...bone,
      name: `vertebrae_${level}`,
      display: `${level} vertebra`,
      snomed,
      side: null,
      color,
    };
    register(info, [info.name, `vertebra ${level}`, info.display]);
  });
  RIBS.forEach((snomed, i) => {
    for (const side of ["left", "right"] as const) {
      const color = shaded(side === "left" ? "#e6dab8" : "#dccda4", i % 2 ? -0.09 : 0);
      const name = `rib_${side}_${i + 1}`;
      register({ ...bone, name, display: `${capitalised(side)} rib ${i + 1}`, snomed, side, color }, [name]);
    }
  });
}

addVertebraeAndRibs();
readTable();

/**
 * The structure of this name, whatever its case, separators, plural and place of the side ("Left Kidney",
 * "kidney_l", "IVC"); null when it is not known.
 */
export function structureOf(name: string): StructureInfo | null {
  return BY_KEY.get(keyOf(name)) ?? null;
}

/** A name for people: the dictionary's, else the name itself with spaces and a capital. */
export function displayName(name: string): string {
  const known = structureOf(name);
  if (known) return known.display;
  const words = name.replaceAll(/[_\s]+/g, " ").trim();
  return words === "" ? name : capitalised(words);
}
