/**
 * Label names in a NIfTI header extension: Caret's XML with a LabelTable, as Connectome Workbench (under its
 * code 30) and TotalSegmentator (under code 0) write it.
 */
import { hexColour, type RawLabel } from "../image/image.js";

/**
 * The code that TotalSegmentator writes the table under. Caret's own 30 would keep nibabel 5.3 and later, and
 * with it TotalSegmentator's loader, from taking the content.
 */
export const LABEL_TABLE_EXTENSION = 0;

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decodeText(xml: string): string {
  const cdata = /^\s*<!\[CDATA\[([\s\S]*?)\]\]>\s*$/.exec(xml);
  if (cdata) return cdata[1]!.trim();
  return xml
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hex, name) => {
      if (name) return ENTITIES[name] ?? whole;
      const point = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    })
    .trim();
}

/** Labels of the first LabelTable in the XML; none when there is no table. Key 0 (background) is left out. */
export function parseCaretLabels(xml: string): RawLabel[] {
  const start = xml.indexOf("<LabelTable");
  if (start < 0) return [];
  const end = xml.indexOf("</LabelTable>", start);
  const table = xml.slice(start, end < 0 ? undefined : end);
  const labels: RawLabel[] = [];
  for (const part of table.split(/<Label\s/).slice(1)) {
    const close = part.indexOf(">");
    if (close < 0) continue;
    const attributes = new Map<string, string>();
    for (const [, key, value] of part.slice(0, close).matchAll(/(\w+)\s*=\s*["']([^"']*)["']/g)) {
      attributes.set(key!, value!);
    }
    const id = Number(attributes.get("Key"));
    if (!Number.isInteger(id) || id <= 0) continue;
    const label: RawLabel = { id };
    const name = decodeText(part.slice(close + 1).split("</Label>")[0]!);
    if (name) label.name = name;
    const channels = ["Red", "Green", "Blue"].map((c) => Number(attributes.get(c) ?? Number.NaN) * 255);
    const color = hexColour(channels[0]!, channels[1]!, channels[2]!);
    if (color) label.color = color;
    labels.push(label);
  }
  return labels;
}

function escapeAttribute(value: string): string {
  return value.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** XML with the labels' names and colours. */
export function caretXml(labels: readonly { id: number; name: string; color: string }[]): string {
  const lines = labels.map(({ id, name, color }) => {
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
    return `<Label Key="${id}" Red="${red}" Green="${green}" Blue="${blue}" Alpha="1">${escapeAttribute(name)}</Label>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<CaretExtension><VolumeInformation Index="0"><LabelTable>',
    ...lines,
    "</LabelTable><StudyMetaDataLinkSet/><VolumeType>Label</VolumeType></VolumeInformation></CaretExtension>",
    "",
  ].join("\n");
}
