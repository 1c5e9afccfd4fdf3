import { basename } from "node:path";
import { calibrate } from "@viscera/flow";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { loadJson } from "../steps/load-json.js";
import { countOf } from "../terminal/console.js";
import { checkOutputFile } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

export function addFlowCalibrate(flow: Command, signal: AbortSignal): void {
  const command = flow
    .command("calibrate <file>")
    .description(
      "parameters of vessels and junctions from observed pressures and flows (svZeroDCalibrator's JSON)",
    )
    .requiredOption("--out <file>", "model to write (JSON), ready for viscera flow zerod")
    .option("--force", "replace the model");
  withExamples(withCommonOptions(command), ["viscera flow calibrate observed.json --out model.json"]);
  bind<{ out: string; force?: boolean }>(command, signal, async (context, [path = ""], options) => {
    await checkOutputFile(options.out, options.force === true);
    const began = performance.now();
    const result = await calibrate(await loadJson(path), context.job("Calibrate"));
    const text = `${JSON.stringify(result.document, null, 2)}\n`;
    await writeWhole(options.out, new TextEncoder().encode(text));
    for (const warning of result.warnings) context.console.warning(warning);
    const { iterations, converged, costBefore, cost, vessels, parameters, times, warnings } = result;
    context.console.step(
      "Calibrate",
      `${basename(path)}: ${countOf(parameters, "parameter")} of ${countOf(vessels, "vessel")} from ${countOf(times, "time")}, ${countOf(iterations, "iteration")}`,
      (performance.now() - began) / 1000,
    );
    context.console.facts([
      ["Sum of squares before", costBefore.toPrecision(6)],
      ["and after", cost.toPrecision(6)],
    ]);
    context.console.result({
      out: options.out,
      iterations,
      converged,
      costBefore,
      cost,
      vessels,
      parameters,
      times,
      warnings,
    });
  });
}
