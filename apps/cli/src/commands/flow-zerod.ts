import { basename } from "node:path";
import { readNetwork, solveNetwork, writeResult, type ZeroDResult } from "@viscera/flow";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { loadJson } from "../steps/load-json.js";
import { countOf } from "../terminal/console.js";
import { checkOutputFile } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

/** Blocks shown in the terminal. */
const SHOWN = 20;

export function addFlowZerod(flow: Command, signal: AbortSignal): void {
  const command = flow
    .command("zerod <file>")
    .description(
      "pressure and flow in a network of vessels, heart and ends (svZeroDSolver's JSON), in the file's own units",
    )
    .requiredOption("--out <file>", "table to write (CSV), in svZeroDSolver's columns")
    .option("--force", "replace the table");
  withExamples(withCommonOptions(command), ["viscera flow zerod model.json --out result.csv"]);
  bind<{ out: string; force?: boolean }>(command, signal, async (context, [path = ""], options) => {
    await checkOutputFile(options.out, options.force === true);
    const began = performance.now();
    const network = readNetwork(await loadJson(path));
    const result = await solveNetwork(network, context.job("Flow"));
    const text = writeResult(result, network.parameters.output);
    await writeWhole(options.out, new TextEncoder().encode(text));
    for (const warning of result.warnings) context.console.warning(warning);
    const { steps, cycles, furtherCycles, cycleError } = result.statistics;
    const beats = countOf(cycles + furtherCycles, "beat");
    context.console.step(
      "Flow",
      `${basename(path)}: ${countOf(result.blocks.length, "block")}, ${countOf(result.unknowns.length, "unknown")}, ${network.parameters.coupled ? "one external step" : beats}, ${countOf(steps, "time step")}`,
      (performance.now() - began) / 1000,
    );
    if (cycleError !== null) {
      context.console.text(
        `From the last beat but one to the last, means changed by ${percent(cycleError)}.`,
      );
    }
    const vessels = summaries(result);
    context.console.table(
      ["Vessel", "Mean flow", "Pressure least", "mean", "largest"],
      vessels
        .slice(0, SHOWN)
        .map(({ name, meanFlow, pressure }) => [name, shown(meanFlow), ...pressure.map(shown)]),
    );
    if (vessels.length > SHOWN) context.console.text(`and ${vessels.length - SHOWN} more in ${options.out}`);
    context.console.result({
      out: options.out,
      blocks: result.blocks.length,
      unknowns: result.unknowns.length,
      rows: text.split("\n").length - 2,
      periodS: result.periodS,
      ...result.statistics,
      vessels: vessels.map(({ name, meanFlow, pressure: [least, mean, largest] }) => ({
        name,
        meanFlowIn: meanFlow,
        pressureIn: { least, mean, largest },
      })),
      warnings: result.warnings,
    });
  });
}

/** Flow and pressure at the inlet of every vessel, over the times of the result. */
function summaries({ blocks, unknowns, times, values }: ZeroDResult) {
  const size = unknowns.length;
  return blocks
    .filter(({ listed }) => listed)
    .map(({ name, ports }) => {
      const { flow, pressure } = ports.inlets[0]!;
      const sums = { flow: 0, pressure: 0 };
      let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = 0; i < times.length; i++) {
        const p = values[i * size + pressure]!;
        sums.flow += values[i * size + flow]!;
        sums.pressure += p;
        least = Math.min(least, p);
        largest = Math.max(largest, p);
      }
      return {
        name,
        meanFlow: sums.flow / times.length,
        pressure: [least, sums.pressure / times.length, largest] as const,
      };
    });
}

const shown = (value: number) => String(Number(value.toPrecision(5)));
const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
