import { inputError } from "@viscera/core";
import type { RawLabel } from "../image/image.js";
import { namesFromJson } from "./names-json.js";
import { namesFromTable } from "./names-table.js";

/**
 * Label names from a text file: a table (TSV, CSV, with or without a header line), labels.json, nnU-Net's
 * dataset.json, a plain JSON map, ITK-SNAP label descriptions, Slicer .ctbl, FreeSurfer look-up tables,
 * brainchop's colormap.json. Sorted by id, without background (0). Throws `input.label-names`, `input.json`.
 */
export function readLabelNames(text: string, fileName: string): RawLabel[] {
  const content = text.replace(/^\uFEFF/, "");
  const labels = /^\s*[{[]/.test(content)
    ? namesFromJson(content, fileName)
    : namesFromTable(content, fileName);
  const byId = new Map<number, RawLabel>();
  for (const label of labels) {
    if (label.id > 0) byId.set(label.id, { ...byId.get(label.id), ...label });
  }
  if (byId.size === 0) {
    throw inputError(
      "label-names",
      `${fileName} holds no label names that can be read.`,
      'Give a table with the columns "id" and "name", one label a line.',
    );
  }
  return [...byId.values()].sort((a, b) => a.id - b.id);
}
