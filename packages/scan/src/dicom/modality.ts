/** Stored values to values with a meaning: rescale slope and intercept, or a lookup table (PS3.3 C.11.1). */
import { inputError } from "@viscera/core";
import type { Dataset } from "./dataset.js";

export interface Rescale {
  slope: number;
  intercept: number;
  /** Value for each stored value from `first` on; replaces slope and intercept. */
  table: { first: number; values: Float64Array } | null;
  /** RescaleType or ModalityLUTType: "HU", "US" (unspecified), ...; null when the file does not say. */
  type: string | null;
}

/** Rescale of an image, or of one frame from its functional group. Null when the file has none. */
export function rescaleOf(dataset: Dataset, signed: boolean, label: string): Rescale | null {
  const [lut] = dataset.items("ModalityLUTSequence");
  if (lut)
    return { slope: 1, intercept: 0, table: tableOf(lut, signed, label), type: lut.text("ModalityLUTType") };
  const slope = dataset.number("RescaleSlope");
  const intercept = dataset.number("RescaleIntercept");
  const type = dataset.text("RescaleType");
  if (slope === null && intercept === null) {
    const doseScaling = dataset.number("DoseGridScaling");
    return doseScaling === null ? null : { slope: doseScaling, intercept: 0, table: null, type };
  }
  // A slope of zero would flatten the image; writers that leave it so mean one.
  return { slope: slope || 1, intercept: intercept ?? 0, table: null, type };
}

function tableOf(lut: Dataset, signed: boolean, label: string): Rescale["table"] {
  const [entries, first, bits] = lut.numbers("LUTDescriptor");
  const words = lut.numbers("LUTData");
  const count = entries === 0 ? 65536 : (entries ?? 0);
  if (first === undefined || count === 0 || words.length * (bits === 8 ? 2 : 1) < count)
    throw inputError(
      "dicom-damaged",
      `The modality lookup table of ${label} is damaged.`,
      "Export the image again from the archive or viewer.",
    );
  const packed = bits === 8 && words.length < count;
  const values = Float64Array.from({ length: count }, (_, i) =>
    packed ? (words[i >> 1]! >> ((i & 1) * 8)) & 255 : words[i]!,
  );
  return { first: signed && first > 32767 ? first - 65536 : first, values };
}

export const NO_RESCALE: Rescale = { slope: 1, intercept: 0, table: null, type: null };

/** True when integers stay integers. */
export function keepsIntegers({ slope, intercept }: Rescale): boolean {
  return Number.isInteger(slope) && Number.isInteger(intercept);
}

/** Value of one stored value. */
export function rescaled(stored: number, { slope, intercept, table }: Rescale): number {
  if (!table) return stored * slope + intercept;
  const last = table.values.length - 1;
  return table.values[Math.min(last, Math.max(0, stored - table.first))]!;
}
