import { usageError } from "@viscera/core";
import { z } from "zod";

export const doseSchema = z.strictObject({
  route: z.enum(["bolus", "infusion", "oral"]),
  doseMg: z.number().positive(),
  startH: z.number().nonnegative().default(0),
  /** Length of an infusion. */
  durationH: z.number().positive().optional(),
  /** Repeat every so many hours ... */
  everyH: z.number().positive().optional(),
  /** ... so many times in all. */
  count: z.int().positive().max(10000).default(1),
});
export type Dose = z.infer<typeof doseSchema>;

/** A change of the system at one instant: drug put in at once, or an infusion rate that starts or stops. */
export interface DoseEvent {
  timeH: number;
  into: "venous" | "lumen";
  amountMg: number;
  rateChangeMgPerH: number;
}

/** Dose events in order of time. Throws `usage` for an infusion without a duration or a repeat without an interval. */
export function doseEvents(doses: readonly Dose[]): DoseEvent[] {
  const events: DoseEvent[] = [];
  for (const dose of doses) {
    if (dose.route === "infusion" && dose.durationH === undefined) {
      throw usageError("An infusion needs a length.", 'Give "durationH" beside its "doseMg".');
    }
    if (dose.count > 1 && dose.everyH === undefined) {
      throw usageError("A repeated dose needs an interval.", 'Give "everyH" beside its "count".');
    }
    for (let i = 0; i < dose.count; i++) {
      const timeH = dose.startH + i * (dose.everyH ?? 0);
      const into = dose.route === "oral" ? "lumen" : "venous";
      if (dose.route === "infusion") {
        const rate = dose.doseMg / dose.durationH!;
        events.push({ timeH, into, amountMg: 0, rateChangeMgPerH: rate });
        events.push({ timeH: timeH + dose.durationH!, into, amountMg: 0, rateChangeMgPerH: -rate });
      } else {
        events.push({ timeH, into, amountMg: dose.doseMg, rateChangeMgPerH: 0 });
      }
    }
  }
  return events.sort((a, b) => a.timeH - b.timeH);
}
