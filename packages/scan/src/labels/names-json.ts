import { inputError } from "@viscera/core";
import { hexColour, type RawLabel } from "../image/image.js";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isId = (value: unknown): boolean => /^\d{1,9}$/.test(String(value));

/** Labels of any of the JSON forms; none when the content is of another kind. */
export function namesFromJson(text: string, fileName: string): RawLabel[] {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw inputError(
      "json",
      `${fileName} is not valid JSON: ${(error as Error).message}`,
      "Open it in an editor and mend it at that place.",
    );
  }
  if (Array.isArray(value)) return fromList(value);
  if (!isObject(value)) return [];
  const { labels, R, G, B } = value;
  if (Array.isArray(labels)) {
    return labels.every((label) => typeof label === "string")
      ? fromColourMap(labels, [R, G, B])
      : fromList(labels);
  }
  if (isObject(labels)) return fromMap(labels);
  // Any other JSON file has numbers in it too: a plain map counts only when all of it reads as labels.
  const plain = fromMap(value);
  return plain.length === Object.keys(value).length ? plain : [];
}

/** `[{id, name, color, snomed}]` */
function fromList(list: Json[]): RawLabel[] {
  return list.filter(isObject).flatMap((entry) => {
    const id = entry["id"] ?? entry["value"] ?? entry["label"];
    if (!isId(id)) return [];
    const label: RawLabel = { id: Number(id) };
    if (typeof entry["name"] === "string" && entry["name"].trim()) label.name = entry["name"].trim();
    const color = entry["color"];
    if (typeof color === "string" && /^#[0-9a-f]{6}$/i.test(color)) label.color = color.toLowerCase();
    const snomed = entry["snomed"];
    if (typeof snomed === "string" && /^\d{6,18}$/.test(snomed)) label.snomed = snomed;
    return [label];
  });
}

/** brainchop: names by position, channels of 0 to 255 beside them. */
function fromColourMap(names: string[], channels: (Json | undefined)[]): RawLabel[] {
  return names.map((name, id) => {
    const [red, green, blue] = channels.map((c) => Number(Array.isArray(c) ? c[id] : Number.NaN));
    const color = hexColour(red!, green!, blue!);
    return { id, name: name.trim(), ...(color ? { color } : {}) };
  });
}

/** `{"1": "liver"}` or `{"liver": 1}`; nnU-Net's regions (lists of ids) have no single voxel value. */
function fromMap(map: { [key: string]: Json }): RawLabel[] {
  return Object.entries(map).flatMap(([key, value]) => {
    if (isId(key) && typeof value === "string") return [{ id: Number(key), name: value.trim() }];
    if (isId(key) && isObject(value)) return fromList([{ ...value, id: Number(key) }]);
    if (isId(value)) return [{ id: Number(value), name: key.trim() }];
    return [];
  });
}
