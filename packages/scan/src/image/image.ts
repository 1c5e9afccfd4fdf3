import type { Grid, Volume } from "@viscera/core";

/** Colour channels of an image: 8 bits, interleaved, 3 (RGB) or 4 (RGBA) a voxel. */
export interface ColourData {
  channels: number;
  data: Uint8Array;
}

/** A colour image on its grid, as it is written. */
export interface ColourImage extends Grid, ColourData {}

/** What a file or its neighbour says about one label value; everything but the value may be unknown. */
export interface RawLabel {
  id: number;
  name?: string;
  /** `#rrggbb` */
  color?: string;
  /** SNOMED CT concept id. */
  snomed?: string | null;
}

export type ImageFormat = "nifti" | "nrrd" | "metaimage" | "tiff";

/** An image file, its values as stored (slope applied, lengths in mm, world RAS+). */
export interface ImageFile {
  format: ImageFormat;
  /** For a colour image: its luminance (ITU-R BT.601). */
  volume: Volume;
  colour: ColourData | null;
  /** Label names that the file itself carries. */
  names: RawLabel[];
  /** For people, one sentence each; without the file's name, which may be a patient's. */
  warnings: string[];
}

/** `#rrggbb` from channels 0 to 255, or null when one of them is no number. */
export function hexColour(red: number, green: number, blue: number): string | null {
  const channels = [red, green, blue].map((c) => Math.round(Math.min(255, Math.max(0, c))));
  if (channels.some(Number.isNaN)) return null;
  return `#${channels.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}
