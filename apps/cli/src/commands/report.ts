import type { Command } from "commander";
import { CaseFolder } from "../case/case-folder.js";
import { Workspace } from "../case/workspace.js";
import { saveReport } from "../steps/save-report.js";
import { printCase } from "./print-case.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

export function addReport(program: Command, signal: AbortSignal): void {
  const command = program
    .command("report <case>")
    .description("the page of a case: one HTML file that needs no network");
  withExamples(withCommonOptions(command), ["viscera report case"]);
  bind(command, signal, async (context, [path = ""]) => {
    const work = new Workspace(await CaseFolder.open(path), context, "report");
    await saveReport(work);
    await printCase(work);
  });
}
