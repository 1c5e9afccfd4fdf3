/** Names and colours of a network's classes. */
import { inputError, type Label, type ModelFile, structureNameSchema } from "@viscera/core";

type ModelLabel = ModelFile["labels"][number];

/** A name that can be a file's: letters, digits, `_`, `-`, `.`; "Cerebral White*Matter" gives cerebral_white_matter. */
export function structureName(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "");
  return name.slice(0, 100);
}

/** `#rrggbb` of a class without a colour: hues spread by the golden angle, so that neighbours differ. */
export function defaultColour(id: number): string {
  const hue = (id * 137.508) % 360;
  const channel = (offset: number) => {
    const k = (offset + hue / 30) % 12;
    const value = 0.55 - 0.65 * 0.45 * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/**
 * Classes 1 and up of a brainchop colormap.json ({ R, G, B, labels }, class 0 first). Equal names get their
 * class number added. Throws `input.colormap`.
 */
export function labelsFromColormap(json: unknown, where: string): ModelLabel[] {
  const { R, G, B, labels } = (json ?? {}) as Record<string, unknown>;
  const lists = [R, G, B, labels];
  if (!lists.every(Array.isArray) || !lists.every((list) => list.length === (labels as unknown[]).length)) {
    throw inputError(
      "colormap",
      `${where} does not hold four lists R, G, B and labels of one length.`,
      "Take the colormap.json that belongs to the model, or remove it.",
    );
  }
  const names = (labels as unknown[]).map((label) => structureName(String(label)));
  return names.slice(1).map((name, index) => {
    const id = index + 1;
    const unique = name === "" ? `structure_${id}` : names.indexOf(name) === id ? name : `${name}_${id}`;
    return {
      id,
      name: unique,
      snomed: null,
      color: hex([R, G, B].map((list) => Number((list as unknown[])[id]))),
    };
  });
}

function hex(channels: number[]): string {
  const byte = (value: number) => Math.min(255, Math.max(0, Math.round(value) || 0));
  return `#${channels.map((value) => byte(value).toString(16).padStart(2, "0")).join("")}`;
}

const HEX_COLOUR = /^#[0-9a-f]{6}$/i;

/** A model's own name for a structure, as it is where it can be a file's name. */
function fileSafe(name: string): string {
  return structureNameSchema.safeParse(name).success ? name : structureName(name);
}

/** The label table of the classes that occur; a class without a name is `structure_<id>`. */
export function labelTable(model: ModelFile, present: Iterable<number>): Label[] {
  const known = new Map(model.labels.map((label) => [label.id, label]));
  return [...present]
    .sort((a, b) => a - b)
    .map((id) => {
      const label = known.get(id);
      return {
        id,
        name: fileSafe(label?.name ?? "") || `structure_${id}`,
        snomed: label?.snomed ?? null,
        color: HEX_COLOUR.test(label?.color ?? "") ? label!.color!.toLowerCase() : defaultColour(id),
        source: `model:${model.name}@${model.version}`,
      };
    });
}
