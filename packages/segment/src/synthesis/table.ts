/**
 * What the label values of a map stand for when an image is made from it: how bright each tissue can be in a CT
 * or an MR, what it is made of, and which class the network is to learn for it.
 */
import { inputError } from "@viscera/core";
import { z } from "zod";

const range = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low <= high, "the first number is to be the smaller one");
const share = range.refine(([low, high]) => low >= 0 && high <= 1, "shares lie between 0 and 1");
const size = range.refine(([low]) => low > 0, "sizes are above 0");

const brightness = {
  /** Mean in an unenhanced CT, HU: drawn from this range. */
  ct: range,
  /** Mean in a CT at full enhancement, HU; default: as unenhanced. */
  enhanced: range.optional(),
  /** Mean in a T1-weighted and in a T2-weighted MR, where 0 is air and 1 the brightest tissue; default [0, 1]. */
  t1: range.default([0, 1]),
  t2: range.default([0, 1]),
};

/** A component of a tissue: a random region of it that looks different. */
export const synthesisPartSchema = z.strictObject({
  ...brightness,
  /** Share of the tissue's voxels that it takes where it occurs. */
  share,
  /** Extent of its pieces, mm. */
  sizeMm: size,
  /** How often it occurs in an image. Default 1. */
  probability: z.number().min(0).max(1).default(1),
});

export const synthesisTissueSchema = z.strictObject({
  name: z.string(),
  /** Label values that are this tissue. */
  values: z.array(z.int().min(0).max(254)).min(1),
  /** Class the network learns for it: 0 background, 255 ignored. */
  target: z.int().min(0).max(255),
  ...brightness,
  /** Standard deviation of its own texture, HU (a CT's; the others' follow from it). Default [2, 12]. */
  texture: range.default([2, 12]),
  /** Tissues of one group take up contrast medium alike, and mostly have one brightness where contrasts are random. */
  group: z.string().optional(),
  /** Its outermost voxels, such as cortical bone or a gut's wall. */
  shell: z.strictObject({ ...brightness, probability: z.number().min(0).max(1).default(1) }).optional(),
  /** Painted in this order, each over those before it. */
  parts: z.array(synthesisPartSchema).default([]),
  /** Whether lesions may lie in it. */
  lesions: z.boolean().default(false),
  /** Air around the body: here lie tables, arms and other things, and noise is all there is to see. */
  air: z.boolean().default(false),
});

export const synthesisTableSchema = z.strictObject({
  tissues: z.array(synthesisTissueSchema).min(1).max(200),
  /** Class of a lesion's voxels; null: the class of the tissue it lies in. */
  lesionTarget: z.int().min(0).max(254).nullable().default(null),
  /** Shares of CT-like and MR-like images where this table has its own: a brain shows little in a CT's window. */
  looks: z
    .strictObject({ ct: z.number().min(0).max(1), mr: z.number().min(0).max(1) })
    .refine(({ ct, mr }) => ct + mr <= 1, "the shares are 1 together at most")
    .optional(),
});

export type SynthesisPart = z.infer<typeof synthesisPartSchema>;
export type SynthesisTissue = z.infer<typeof synthesisTissueSchema>;
export type SynthesisTable = z.infer<typeof synthesisTableSchema>;

/** Label value of voxels beyond the label map: the image is 0 there once prepared, as around a small scan, and the class is ignored. */
export const OUTSIDE = 255;

/** Marks a label value that the table does not have. */
export const UNLISTED = 255;

/** Tissue number of the label values 0 to 254; `UNLISTED` where there is none. Throws `input.synthesis-table`. */
export function tissueOfValue(table: SynthesisTable): Uint8Array {
  const known = lookups.get(table);
  if (known) return known;
  const lookup = new Uint8Array(256).fill(UNLISTED);
  table.tissues.forEach((tissue, index) => {
    for (const value of tissue.values) {
      if (lookup[value] !== UNLISTED) {
        const other = table.tissues[lookup[value]!]!.name;
        throw inputError(
          "synthesis-table",
          `Label value ${value} is both "${other}" and "${tissue.name}" in the table of tissues.`,
          "Give every label value to one tissue.",
        );
      }
      lookup[value] = index;
    }
  });
  lookups.set(table, lookup);
  return lookup;
}

const lookups = new WeakMap<SynthesisTable, Uint8Array>();
