/** Doses of a configuration as records of a data set. */
import { usageError } from "@viscera/core";
import { z } from "zod";
import type { DataRecord } from "../pharmacology/data-set.js";
import type { NamedCompound } from "./names.js";

export const doseSchema = z.strictObject({
  /** Of several compounds the one that is given; the first where it is left out. */
  compound: z.string().optional(),
  route: z.enum(["bolus", "infusion", "oral"]),
  doseMg: z.number().positive(),
  startH: z.number().nonnegative().default(0),
  /** Length of an infusion. */
  durationH: z.number().positive().optional(),
  /** Repeat every so many hours ... */
  everyH: z.number().positive().optional(),
  /** ... so many times in all. */
  count: z.int().positive().max(10000).default(1),
  /** The body is at steady state with this dose, repeated since ever. */
  steadyState: z.boolean().default(false),
});
export type Dose = z.infer<typeof doseSchema>;

/** The compound that a dose gives. Throws `usage` where there is no such one. */
export function compoundOfDose(dose: Dose, compounds: readonly NamedCompound[]): NamedCompound {
  const { compound: name } = dose;
  const found =
    name === undefined
      ? compounds[0]
      : compounds.find(({ compound }) => compound.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  throw usageError(
    `A dose gives "${name}", which is none of the compounds.`,
    `They are ${compounds.map(({ compound }) => compound.name).join(", ")}.`,
  );
}

/**
 * Records in order of time. Throws `usage` for an infusion without a length, a repeat without an interval, and a dose by
 * mouth of a compound without absorption.
 */
export function doseRecords(doses: readonly Dose[], compounds: readonly NamedCompound[]): DataRecord[] {
  const records = doses.map((dose, i): DataRecord => {
    const { compound, prefix } = compoundOfDose(dose, compounds);
    const { route, doseMg, startH, durationH, everyH, count, steadyState } = dose;
    if (route === "infusion" && durationH === undefined)
      throw usageError("An infusion needs a length.", 'Give "durationH" beside its "doseMg".');
    if ((count > 1 || steadyState) && everyH === undefined)
      throw usageError("A repeated dose needs an interval.", 'Give "everyH" beside its "count".');
    if (route === "oral" && compound.absorption === null) {
      throw usageError(
        `How ${compound.name} is absorbed is not known, so it cannot be given by mouth.`,
        'Give its "absorption", at least {"ratePerH": 1}.',
      );
    }
    const oral = compound.absorption?.dissolution ? "solid" : "lumen";
    return {
      line: i + 1,
      time: startH,
      kind: "dose",
      compartment: prefix + (route === "oral" ? oral : "venous"),
      dose: {
        amount: doseMg,
        rate: 0,
        duration: route === "infusion" ? durationH! : 0,
        additional: count - 1,
        interval: count > 1 || steadyState ? everyH! : 0,
        steadyState: steadyState ? 1 : 0,
      },
      observed: null,
      covariates: new Float64Array(0),
    };
  });
  return records.sort((a, b) => a.time - b.time);
}

/** When the last of the doses has been given. */
export function lastDoseEndH(doses: readonly Dose[]): number {
  return Math.max(
    ...doses.map(
      ({ startH, durationH = 0, everyH = 0, count, route }) =>
        startH + (count - 1) * everyH + (route === "infusion" ? durationH : 0),
    ),
  );
}

/** For a title: "2 mg intravenously over 2 min". */
export function describeDoses(doses: readonly Dose[], compounds: readonly NamedCompound[]): string {
  return doses
    .map((dose) => {
      const { durationH, everyH, count, route, doseMg, steadyState } = dose;
      const over =
        durationH === undefined
          ? ""
          : ` over ${durationH < 1 ? `${+(durationH * 60).toFixed(1)} min` : `${+durationH.toFixed(2)} h`}`;
      const way = { bolus: "intravenous bolus", infusion: "intravenously", oral: "by mouth" }[route];
      const repeats =
        count > 1 ? `, ${count} times every ${everyH} h` : steadyState ? `, every ${everyH} h` : "";
      const { compound } = compoundOfDose(dose, compounds);
      const what = compounds.length > 1 ? ` ${compound.name}` : "";
      return `${doseMg} mg${what} ${way}${over}${repeats}${steadyState ? ", at steady state" : ""}`;
    })
    .join("; ");
}
