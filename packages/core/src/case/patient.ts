import { z } from "zod";

/** What is known of the patient; null is unknown. No name, identifier or date ever enters. */
export const patientSchema = z.strictObject({
  ageYears: z.number().min(0).max(130).nullable().default(null),
  sex: z.enum(["female", "male", "other"]).nullable().default(null),
  heightCm: z.number().min(20).max(280).nullable().default(null),
  weightKg: z.number().min(0.3).max(600).nullable().default(null),
  heartRateBpm: z.number().min(10).max(350).nullable().default(null),
  systolicMmHg: z.number().min(20).max(350).nullable().default(null),
  diastolicMmHg: z.number().min(5).max(250).nullable().default(null),
  cardiacOutputLPerMin: z.number().min(0.1).max(50).nullable().default(null),
  haematocrit: z
    .number()
    .min(0.05)
    .max(0.8)
    .nullable()
    .default(null)
    .meta({ description: "Volume fraction of red cells, 0 to 1" }),
  creatinineMgPerDl: z.number().min(0.05).max(50).nullable().default(null),
});
export type Patient = z.infer<typeof patientSchema>;
