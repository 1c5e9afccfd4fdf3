/** Entry of the command: runs a verb, and turns what goes wrong into one sentence and an exit code. */

import { VisceraError } from "@viscera/core";
import { closePool } from "@viscera/kernels";
import { type Command, CommanderError } from "commander";
import { buildProgram } from "./program.js";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The second one does not wait for the step to notice.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}

function overrideExit(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) overrideExit(sub);
}

function explain(error: unknown): { code: string; message: string; hint: string; exitCode: number } {
  if (error instanceof VisceraError) {
    return { code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "failed.unexpected",
    message: `Something went wrong inside Viscera: ${message}`,
    hint: "Run it again with VISCERA_DEBUG=1 and report what it prints.",
    exitCode: 4,
  };
}

async function main(): Promise<number> {
  const program = buildProgram(controller.signal);
  overrideExit(program);
  try {
    await program.parseAsync(process.argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has printed its own message: help and version are no failure, everything else is wrong use.
    if (error instanceof CommanderError)
      return error.exitCode === 0 || error.code === "commander.help" ? 0 : 2;
    const { exitCode, ...shown } = explain(error);
    if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify({ error: shown })}\n`);
    else {
      process.stderr.write(`\nviscera: ${shown.message}\n${shown.hint ? `${shown.hint}\n` : ""}`);
      if (process.env["VISCERA_DEBUG"]) console.error(error);
    }
    return exitCode;
  } finally {
    await closePool();
  }
}

process.exitCode = await main();
