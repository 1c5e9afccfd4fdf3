/** Compounds: what the whole-body model needs to know of a drug, with the source of each number. */
import { z } from "zod";

/** Clearances per cells, per microsomal protein, per litre of tissue, or of the whole organ. */
export const CLEARANCE_UNITS = ["uL/min/10^6 cells", "uL/min/mg", "L/min/L", "L/h"] as const;
/** Maximal rates on the same scales. */
export const RATE_UNITS = ["pmol/min/10^6 cells", "pmol/min/mg", "umol/min/L", "umol/h"] as const;
export type ScaledUnit = (typeof CLEARANCE_UNITS)[number] | (typeof RATE_UNITS)[number];

export const PARTITION_METHODS = [
  "berezhkovskiy",
  "poulin-theil",
  "rodgers-rowland",
  "schmitt",
  "httk",
] as const;
export type PartitionMethod = (typeof PARTITION_METHODS)[number];

const positive = z.number().positive();
const share = z.number().positive().max(1);
const proteinName = z
  .string()
  .regex(
    /^[\p{L}][\p{L}\p{N} -]*$/u,
    "has to begin with a letter and hold letters, digits, blanks and - only",
  );

/** Something an enzyme or transporter does, on unbound drug: linear, or saturable with both Vmax and Km. */
const processSchema = z
  .strictObject({
    /** `CYP3A4`, `OATP1B1`, or any name where it is not known. */
    protein: proteinName,
    intrinsicClearance: z
      .strictObject({ value: z.number().nonnegative(), unit: z.enum(CLEARANCE_UNITS) })
      .optional(),
    maximalRate: z.strictObject({ value: z.number().nonnegative(), unit: z.enum(RATE_UNITS) }).optional(),
    michaelisUmolPerL: positive.optional(),
    /** Unbound fraction in the incubation that the numbers come from; they are divided by it. */
    incubationFractionUnbound: share.default(1),
  })
  .refine(
    ({ intrinsicClearance, maximalRate, michaelisUmolPerL }) =>
      intrinsicClearance === undefined
        ? maximalRate !== undefined && michaelisUmolPerL !== undefined
        : maximalRate === undefined && michaelisUmolPerL === undefined,
    { message: 'needs either "intrinsicClearance", or "maximalRate" together with "michaelisUmolPerL"' },
  );
export type Process = z.infer<typeof processSchema>;

const inhibitionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum(["competitive", "noncompetitive"]),
    protein: proteinName,
    /** Of unbound inhibitor. */
    inhibitionUmolPerL: positive,
  }),
  z.strictObject({
    kind: z.literal("mechanism-based"),
    protein: proteinName,
    /** Largest rate of inactivation, kinact. */
    inactivationPerH: positive,
    /** Unbound concentration of half that rate, KI. */
    inhibitionUmolPerL: positive,
  }),
]);

const absorptionSchema = z
  .strictObject({
    /** First order, from the gut's lumen. */
    ratePerH: positive,
    /** Share of an oral dose that is absorbed; of a dissolving one it follows from rates and must be left out. */
    fractionAbsorbed: z.number().min(0).max(1).optional(),
    /** Share of what is absorbed that passes the gut's wall unchanged. */
    gutAvailability: z.number().min(0).max(1).default(1),
    /** Shares that proteins have in the gut wall's metabolism; only these can be inhibited or induced. */
    gutMetabolism: z.record(z.string(), share).default({}),
    /** Solid particles that dissolve (Noyes & Whitney); without it doses are taken as dissolved. */
    dissolution: z
      .strictObject({
        solubilityMgPerL: positive,
        particleRadiusUm: positive,
        densityGPerMl: positive.default(1.2),
        /** Default from the molar mass. */
        diffusionCm2PerS: positive.optional(),
      })
      .optional(),
  })
  .refine(
    ({ dissolution, fractionAbsorbed }) => dissolution === undefined || fractionAbsorbed === undefined,
    {
      message:
        '"fractionAbsorbed" follows from the rates where there is "dissolution"; leave one of them out',
    },
  )
  .refine(
    ({ gutMetabolism }) => Object.values(gutMetabolism).reduce((sum, part) => sum + part, 0) <= 1 + 1e-9,
    {
      message: 'the shares in "gutMetabolism" add up to more than 1',
    },
  );

export const compoundSchema = z.strictObject({
  name: z
    .string()
    .max(200)
    .regex(/^\P{Cc}+$/u, "has to be one line"),
  cas: z.string().optional(),
  molarMassGPerMol: positive,
  /** log10 of the octanol:water partition coefficient of the neutral form. */
  logP: z.number().min(-10).max(15),
  /** log10 of the membrane:water partition coefficient; null: from logP. */
  logMembraneAffinity: z.number().min(-10).max(15).nullable().default(null),
  /** pKa of groups that lose a proton (acids) ... */
  pKaAcids: z.array(z.number()).default([]),
  /** ... and of those that gain one (bases). */
  pKaBases: z.array(z.number()).default([]),
  /** Unbound fraction in plasma. */
  fractionUnbound: share,
  /** Concentration in whole blood over that in plasma; null: from the drug's affinity to red cells. */
  bloodToPlasma: positive.nullable().default(null),
  /** In the liver. */
  metabolism: z.array(processSchema).default([]),
  /** Carried into the liver's cells; needs a liver limited by permeability. */
  hepaticUptake: z.array(processSchema).default([]),
  /** From the liver's cells into the bile. */
  biliaryExcretion: z.array(processSchema).default([]),
  /** From the kidney's tissue into the urine. */
  tubularSecretion: z.array(processSchema).default([]),
  /** Renal filtration of unbound drug, as a share of the glomerular filtration rate. */
  filtrationShare: z.number().nonnegative().default(1),
  /** Null: the drug is not given by mouth. */
  absorption: absorptionSchema.nullable().default(null),
  partitionMethod: z.enum(PARTITION_METHODS).default("rodgers-rowland"),
  /** Tissue:plasma partition coefficients that replace the computed ones. */
  partition: z.record(z.string(), positive).default({}),
  /** Permeability x surface of unbound drug in L/h per L of tissue; tissues named here are limited by it. */
  permeabilityPerH: z.record(z.string(), positive).default({}),
  inhibition: z.array(inhibitionSchema).default([]),
  induction: z
    .array(
      z.strictObject({
        protein: proteinName,
        /** Largest relative increase of synthesis, Emax. */
        maximum: positive,
        /** Unbound concentration of half of it, EC50. */
        halfMaximumUmolPerL: positive,
      }),
    )
    .default([]),
  /** Where numbers come from, by the names above. */
  sources: z.record(z.string(), z.string()).default({}),
});

/** Fields whose entries belong to different proteins (of inhibition: by kind). */
const BY_PROTEIN = [
  "metabolism",
  "hepaticUptake",
  "biliaryExcretion",
  "tubularSecretion",
  "inhibition",
  "induction",
] as const;

/** The first protein that stands twice in one list, as a sentence; null where all is well. */
export function repeatedProtein(compound: Compound): string | null {
  for (const field of BY_PROTEIN) {
    const keys = compound[field].map((entry) =>
      "kind" in entry ? `${entry.protein} (${entry.kind})` : entry.protein,
    );
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) return `${field}: ${twice} stands there twice`;
  }
  return null;
}
export type Compound = z.infer<typeof compoundSchema>;
/** As it stands in a file: what has a default may be left out. */
export type CompoundInput = z.input<typeof compoundSchema>;
