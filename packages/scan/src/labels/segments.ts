/**
 * Segments of a .seg.nrrd as 3D Slicer writes them: `Segment0_Name`, `Segment0_LabelValue`, `Segment0_Layer`,
 * `Segment0_Color` (0 to 1) and `Segment0_Tags` with a TerminologyEntry.
 */
import { hexColour, type RawLabel } from "../image/image.js";

export interface Segment {
  /** Position among the segments; a later one wins where two overlap. */
  index: number;
  layer: number;
  /** Value of the segment's voxels within its layer. */
  value: number;
  label: Omit<RawLabel, "id">;
}

/** Segments in the file's order; none when the file is no segmentation. */
export function parseSegments(pairs: ReadonlyMap<string, string>, layers: number): Segment[] {
  const indices = new Set<number>();
  for (const key of pairs.keys()) {
    const match = /^Segment(\d{1,6})_/.exec(key);
    if (match) indices.add(Number(match[1]));
  }
  return [...indices]
    .sort((a, b) => a - b)
    .map((index) => {
      const get = (field: string) => pairs.get(`Segment${index}_${field}`);
      // Files of before Slicer 4.11 give each segment a layer of its own with the value 1.
      const layer = Number(get("Layer") ?? (layers > 1 ? index : 0));
      const value = Number(get("LabelValue") ?? (layers > 1 ? 1 : index + 1));
      const label: Segment["label"] = {};
      const name = get("Name") ?? get("ID");
      if (name) label.name = name;
      const channels = (get("Color") ?? "")
        .trim()
        .split(/\s+/)
        .map((c) => Number(c || Number.NaN) * 255);
      const color = hexColour(channels[0]!, channels[1] ?? Number.NaN, channels[2] ?? Number.NaN);
      if (color) label.color = color;
      const snomed = snomedOf(get("TerminologyEntry") ?? get("Tags") ?? "");
      if (snomed) label.snomed = snomed;
      return { index, layer, value, label };
    })
    .filter(
      ({ layer, value }) => Number.isInteger(layer) && layer < layers && Number.isInteger(value) && value > 0,
    );
}

/**
 * The SNOMED CT code of a terminology entry's type: fields parted by "~" (context, category, type, ...), each
 * "scheme^code^meaning".
 */
export function snomedOf(tags: string): string | null {
  const entry = tags
    .split("|")
    .map((tag) => tag.replace(/^TerminologyEntry:/, ""))
    .find((tag) => tag.split("~").length >= 3);
  const [scheme, code] = entry?.split("~")[2]?.split("^") ?? [];
  return scheme === "SCT" && code && /^\d{6,18}$/.test(code) ? code : null;
}
