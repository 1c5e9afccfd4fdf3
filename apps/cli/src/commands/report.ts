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
    const folder = await CaseFolder.open(path);
    await folder.tidy();
    const work = new Workspace(folder, context, "report");
    await saveReport(work);
    await printCase(work);
  });
}
