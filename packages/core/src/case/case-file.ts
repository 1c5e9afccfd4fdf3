import { z } from "zod";
import { patientSchema } from "./patient.js";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** How one file (or one step's files) of the case came to be. */
export const provenanceEntrySchema = z.strictObject({
  /** Path inside the case folder, e.g. `labels.nii.gz`, `organs/`, `runs/drug/`. */
  file: z.string(),
  /** The verb and its options, without any path of the user's machine. */
  command: z.string(),
  version: z.string(),
  /** Role of each input (`scan`, `labels`, `model`, `config`) -> SHA-256 of its bytes. */
  inputs: z.record(z.string(), sha256),
  seed: z.number().nullable(),
  /** ISO 8601. */
  date: z.string(),
});
export type ProvenanceEntry = z.infer<typeof provenanceEntrySchema>;

/** What the scan is, without anything that identifies a person. */
export const scanInfoSchema = z.strictObject({
  modality: z.string().nullable(),
  unit: z.string().nullable(),
  size: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  spacingMm: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  orientation: z.string(),
});
export type ScanInfo = z.infer<typeof scanInfoSchema>;

/** case.json */
export const caseFileSchema = z.strictObject({
  schema: z.literal(1),
  /** "scan" for a real one; "phantom" for a synthetic patient, which every page must say. */
  kind: z.enum(["scan", "phantom"]),
  patient: patientSchema,
  scan: scanInfoSchema.nullable(),
  /** SHA-256 over everything that decides the case's content; a second `run` with the same key resumes it. */
  key: sha256,
  /** Steps that are finished, in order: "scan", "labels", "organs", "simulate:drug", "report". */
  finished: z.array(z.string()),
  warnings: z.array(z.strictObject({ step: z.string(), message: z.string() })),
  provenance: z.array(provenanceEntrySchema),
});
export type CaseFile = z.infer<typeof caseFileSchema>;
