import { usageError } from "@viscera/core";
import {
  type Moments,
  readSbml,
  type SbmlCourse,
  type SbmlOutput,
  sbmlReplicatesRun,
  sbmlRun,
  simulateSbml,
  suiteTimes,
  withValues,
  writeSuiteResults,
} from "@viscera/drug";
import { SOLVERS } from "@viscera/numerics";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { loadSbml } from "../steps/load-sbml.js";
import { saveRunReport } from "../steps/save-run-report.js";
import { countOf } from "../terminal/console.js";
import { type CommandContext, decimalNumber, wholeNumber } from "../terminal/context.js";
import { collectSettings, namedValues } from "../terminal/named-values.js";
import { runReplicates } from "./drug-sbml-replicates.js";
import { checkResultFiles } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface SbmlOptions {
  start: string;
  end: string;
  steps: string;
  variables?: string;
  amount?: string;
  concentration?: string;
  set: string[];
  relative: string;
  absolute: string;
  solver: string;
  out: string;
  replicates?: string;
  report?: string;
  force?: boolean;
}

const LARGEST = Number.MAX_VALUE;

export function addSbml(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("sbml <model>")
    .description(
      "the time course of an SBML model (Level 2 Version 4 to Level 3 Version 2, packages comp and distrib)",
    )
    .option("--start <time>", "time to begin at", "0")
    .option("--end <time>", "time to end at, in the model's own unit", "10")
    .option("--steps <n>", "equal intervals between the rows of the result", "50")
    .option("--variables <ids>", "what to give, separated by commas (default: every species)")
    .option("--amount <ids>", "species of them to give as amounts")
    .option("--concentration <ids>", "species of them to give as concentrations")
    .option("--set <id=value>", "other value of a parameter, compartment or species", collectSettings, [])
    .option("--relative <tolerance>", "relative tolerance of the solver", "1e-7")
    .option("--absolute <tolerance>", "absolute tolerance of the solver", "1e-12")
    .option("--solver <name>", `auto, or ${SOLVERS.join(", ")}`, "auto")
    .option(
      "--replicates <n>",
      "let reactions happen at random, so many times; gives means and standard deviations",
    )
    .requiredOption("--out <file>", "table to write (CSV)")
    .option("--report <file>", "page with the curves and a table of every variable to write (HTML)")
    .option("--force", "replace the table and the page");
  withExamples(withCommonOptions(command), [
    "viscera drug sbml model.xml --end 24 --steps 96 --variables Cp,Ctissue --out course.csv",
    "viscera drug sbml model.xml --out course.csv --report course.html",
    "viscera drug sbml model.xml --replicates 1000 --seed 7 --out spread.csv --report spread.html",
    "viscera drug sbml model.xml --set DOSE=10 --set weight=62 --end 24 --out course.csv",
  ]);
  bind<SbmlOptions>(command, signal, async (context, [path = ""], options) => {
    await checkResultFiles(options, options.force === true);
    const start = decimalNumber(options.start, "--start", -LARGEST, LARGEST);
    const end = decimalNumber(options.end, "--end", -LARGEST, LARGEST);
    const steps = decimalNumber(options.steps, "--steps", 1, 1e7);
    if (!Number.isInteger(steps)) throw usageError("--steps is no whole number.", "Give 1, 2, 3, ...");
    if (!(end > start)) throw usageError(`The end (${end}) does not come after the start (${start}).`);
    const began = performance.now();
    const { text, options: reading } = loadSbml(path);
    const model = withValues(readSbml(text, reading), namedValues(options.set));
    const amounts = listOf(options.amount);
    const concentrations = listOf(options.concentration);
    const both = amounts.find((name) => concentrations.includes(name));
    if (both) throw usageError(`"${both}" cannot be given as an amount and as a concentration.`);
    const named = [...new Set([...listOf(options.variables), ...amounts, ...concentrations])];
    const variables = named.length > 0 ? named : model.species.map(({ id }) => id);
    if (variables.length === 0) {
      throw usageError("The model has no species.", "Name its variables with --variables.");
    }
    const solver = SOLVERS.find((name) => name === options.solver);
    if (!solver && options.solver !== "auto") {
      throw usageError(`There is no solver "${options.solver}".`, `Give auto, ${SOLVERS.join(", ")}.`);
    }
    const times = suiteTimes({ start, duration: end - start, steps });
    const outputs = variables.map(
      (variable): SbmlOutput => ({
        variable,
        quantity: amounts.includes(variable)
          ? "amount"
          : concentrations.includes(variable)
            ? "concentration"
            : "symbol",
      }),
    );
    const course = { model, times, outputs };
    if (options.replicates !== undefined) {
      const replicates = wholeNumber(options.replicates, "--replicates", 2, 1e8);
      const task = { model, options: { start, times, outputs, replicates, seed: context.seed } };
      const moments = await runReplicates(task, context.job("Replicates"));
      await writeReplicates(course, moments, context, options, began);
      return;
    }
    const rows = await simulateSbml(model, {
      start,
      times,
      relative: decimalNumber(options.relative, "--relative", 1e-13, 1),
      absolute: decimalNumber(options.absolute, "--absolute", 1e-300, LARGEST),
      outputs,
      seed: context.seed,
      ...(solver ? { solver } : {}),
      signal,
    });
    const table = {
      columns: ["time", ...variables],
      rows: rows.map((row, i) => [times[i]!, ...row]),
    };
    await writeWhole(options.out, new TextEncoder().encode(writeSuiteResults(table)));
    context.console.step(
      "Simulate",
      `${model.id}: ${countOf(model.reactions.length, "reaction")}, ${countOf(variables.length, "variable")}, ${countOf(rows.length, "row")}`,
      (performance.now() - began) / 1000,
    );
    const last = rows.at(-1)!;
    context.console.table(
      ["Variable", "At start", "At end", "Largest"],
      variables
        .slice(0, 20)
        .map((name, i) => [
          name,
          shown(rows[0]![i]!),
          shown(last[i]!),
          shown(rows.reduce((most, row) => Math.max(most, row[i]!), Number.NEGATIVE_INFINITY)),
        ]),
    );
    if (variables.length > 20) context.console.text(`and ${variables.length - 20} more in ${options.out}`);
    if (options.report !== undefined)
      await saveRunReport(context, options.report, sbmlRun({ ...course, rows }));
    context.console.result({
      out: options.out,
      ...(options.report === undefined ? {} : { report: options.report }),
      model: model.id,
      columns: table.columns,
      rows: rows.length,
    });
  });
}

/** Table, page and summary of means and standard deviations. */
async function writeReplicates(
  course: Omit<SbmlCourse, "rows">,
  moments: Moments,
  context: CommandContext,
  { out, report }: SbmlOptions,
  began: number,
): Promise<void> {
  const { model, times, outputs } = course;
  const table = {
    columns: ["time", ...outputs.flatMap(({ variable }) => [`${variable}-mean`, `${variable}-sd`])],
    rows: Array.from(times, (time, row) => [
      time,
      ...outputs.flatMap((_, k) => {
        const at = row * outputs.length + k;
        return [moments.means[at]!, moments.deviation(at)];
      }),
    ]),
  };
  await writeWhole(out, new TextEncoder().encode(writeSuiteResults(table)));
  context.console.step(
    "Simulate",
    `${model.id}: ${moments.count} replicates, ${countOf(outputs.length, "variable")}, ${countOf(times.length, "row")}`,
    (performance.now() - began) / 1000,
  );
  const end = (times.length - 1) * outputs.length;
  context.console.table(
    ["Variable", "Mean at the end", "SD"],
    outputs
      .slice(0, 20)
      .map(({ variable }, k) => [
        variable,
        shown(moments.means[end + k]!),
        shown(moments.deviation(end + k)),
      ]),
  );
  if (report !== undefined)
    await saveRunReport(context, report, sbmlReplicatesRun(course, moments, { seed: context.seed }));
  context.console.result({
    out,
    ...(report === undefined ? {} : { report }),
    model: model.id,
    replicates: moments.count,
    columns: table.columns,
    rows: table.rows.length,
  });
}

function listOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function shown(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}
