import { jsonSchemaOf } from "@viscera/core";
import { compoundNames, compoundRows, compoundSchema, steadyStateMgPerL } from "@viscera/drug";
import type { Command } from "commander";
import { loadCompound } from "../steps/load-pbpk.js";
import { countOf } from "../terminal/console.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface CompoundsOptions {
  search?: string;
  schema?: boolean;
}

/** Names shown at once. */
const MOST_NAMES = 40;

/** `viscera drug compounds`. */
export function addDrugCompounds(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("compounds [compound]")
    .description(
      "compounds that whole-body models know: by name or CAS number (or in a JSON file) its numbers with their sources",
    )
    .option("--search <text>", "list the names that hold a text, or CAS numbers that begin with it")
    .option("--schema", "print the JSON Schema of a compound's file instead");
  withExamples(withCommonOptions(command), [
    "viscera drug compounds midazolam",
    "viscera drug compounds 59467-70-8 --json",
    "viscera drug compounds --search azole",
  ]);
  bind<CompoundsOptions>(command, signal, async (context, [key], options) => {
    if (options.schema) {
      process.stdout.write(`${JSON.stringify(jsonSchemaOf(compoundSchema), null, 2)}\n`);
      return;
    }
    if (key === undefined || options.search !== undefined) {
      const found = compoundNames(options.search ?? "");
      context.console.table(
        ["Name", "CAS"],
        found.slice(0, MOST_NAMES).map(({ name, cas }) => [name, cas]),
      );
      const more = found.length - MOST_NAMES;
      if (more > 0)
        context.console.text(`... and ${countOf(more, "more compound")}; narrow it with --search TEXT.`);
      if (found.length === 0) context.console.text(`No compound's name holds "${options.search}".`);
      context.console.result({ compounds: found });
      return;
    }
    const { compound, cautions } = await loadCompound(key);
    for (const caution of cautions) context.console.warning(caution);
    const rows = compoundRows(compound);
    context.console.text(`${compound.name}${compound.cas === undefined ? "" : ` (CAS ${compound.cas})`}`);
    context.console.table(
      ["Number", "Value", "Unit", "Source"],
      // Of several numbers with one source the first shows it.
      rows.map(([name, value, unit, source], i) => [
        name,
        String(value),
        unit,
        source === rows[i - 1]?.[3] ? "" : source,
      ]),
    );
    const linear = compound.metabolism.every(({ intrinsicClearance }) => intrinsicClearance !== undefined);
    const steady = linear && compound.absorption ? steadyStateMgPerL(compound) : null;
    if (steady !== null)
      context.console.text(
        `Plasma at steady state of 1 mg/kg/day by mouth (httk's closed form, 70 kg): ${Number(steady.toPrecision(4))} mg/L`,
      );
    context.console.result({
      compound,
      cautions,
      steadyStateMgPerLOf1MgPerKgPerDay: steady,
      steadyStateUmolPerLOf1MgPerKgPerDay:
        steady === null ? null : (1000 * steady) / compound.molarMassGPerMol,
    });
  });
}
