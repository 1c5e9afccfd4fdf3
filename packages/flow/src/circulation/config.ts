import { z } from "zod";

/** Numbers given here stand before the patient's; null takes the patient's or the standard. */
export const circulationConfigSchema = z.strictObject({
  heartRateBpm: z.number().min(20).max(250).nullable().default(null),
  systolicMmHg: z.number().min(30).max(300).nullable().default(null),
  diastolicMmHg: z.number().min(10).max(200).nullable().default(null),
  cardiacOutputLPerMin: z.number().min(0.3).max(40).nullable().default(null),
  /** Of the left ventricle, that its elastance is laid out for. */
  ejectionFraction: z.number().min(0.15).max(0.8).default(0.6),
  stepsPerBeat: z.number().int().min(100).max(5000).default(400),
});
export type CirculationConfig = z.infer<typeof circulationConfigSchema>;
