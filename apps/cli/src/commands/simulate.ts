import { CASE_PATHS, inputError, jsonSchemaOf } from "@viscera/core";
import type { Command } from "commander";
import { CaseFolder } from "../case/case-folder.js";
import { Workspace } from "../case/workspace.js";
import { SIMULATIONS, simulationOf } from "../simulations.js";
import { saveOrgans } from "../steps/make-organs.js";
import { saveReport } from "../steps/save-report.js";
import { saveSimulation } from "../steps/save-simulation.js";
import { printCase } from "./print-case.js";
import { readConfig } from "./run.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface SimulateOptions {
  config?: string;
  schema?: boolean;
}

export function addSimulate(program: Command, signal: AbortSignal): void {
  const command = program
    .command("simulate <id> [case]")
    .description(
      `one simulation in a case (${SIMULATIONS.map(({ id, title }) => `${id}: ${title.toLowerCase()}`).join("; ")})`,
    )
    .option("--config <file>", "JSON configuration; what it leaves out has defaults")
    .option("--schema", "print the JSON Schema of the configuration instead");
  withExamples(withCommonOptions(command), [
    "viscera simulate drug case --config doses.json",
    "viscera simulate drug --schema",
  ]);
  bind<SimulateOptions>(command, signal, async (context, [id = "", path], options) => {
    const simulation = simulationOf(id);
    if (options.schema) {
      process.stdout.write(`${JSON.stringify(jsonSchemaOf(simulation.configSchema), null, 2)}\n`);
      return;
    }
    if (path === undefined) command.error("error: missing required argument 'case'");
    const config = options.config ? await readConfig(options.config, simulation) : {};
    const folder = await CaseFolder.open(path!);
    await folder.tidy();
    // A simulation asked for by name runs again even where it ran before, and outdates the report.
    const hadReport = folder.has("report");
    folder.file = {
      ...folder.file,
      finished: folder.file.finished.filter((step) => step !== `simulate:${id}` && step !== "report"),
    };
    const work = new Workspace(folder, context, `simulate ${id}`);
    if (!folder.has("organs")) {
      if (!folder.has("labels")) {
        throw inputError(
          "unfinished",
          `The case at "${folder.path}" has no labels yet, so there are no organs to simulate.`,
          "Run the command that began it again: it goes on where it stopped.",
        );
      }
      await saveOrgans(work, folder.inputsOf(CASE_PATHS.labels));
    }
    await saveSimulation(work, simulation, config, "the configuration");
    if (hadReport) await saveReport(work);
    await printCase(work);
  });
}
