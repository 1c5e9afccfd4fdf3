/** Entry of the command: runs a verb, and turns what goes wrong into one sentence and an exit code. */

import { closePool } from "@viscera/kernels";
import { type Command, CommanderError } from "commander";
import { buildProgram } from "./program.js";
import { type ExplainedError, explainError } from "./terminal/explain-error.js";

const json = process.argv.includes("--json");
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The second one does not wait for the step to notice.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    if (process.stderr.isTTY && !json)
      process.stderr.write("\r\u001b[KStopping; press Ctrl-C again to stop at once.\n");
  });
}
// A reader that has seen enough (`viscera info x | head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

/** Makes commander throw instead of exiting, and leave the printing of errors to `show` with `--json`. */
function takeOver(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      if (!json) write(text.replace(/^error: /, "viscera: "));
    },
    ...(json ? { writeErr: () => {} } : {}),
  });
  for (const sub of command.commands) takeOver(sub);
}

function show({ exitCode: _, ...shown }: ExplainedError, cause: unknown): void {
  if (json) process.stdout.write(`${JSON.stringify({ error: shown })}\n`);
  else process.stderr.write(`\nviscera: ${shown.message}\n${shown.hint ? `${shown.hint}\n` : ""}`);
  if (process.env["VISCERA_DEBUG"]) console.error(cause);
}

async function main(): Promise<number> {
  const program = buildProgram(controller.signal);
  takeOver(program);
  try {
    await program.parseAsync(process.argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are no failure, everything else is wrong use, which commander has printed.
      if (error.exitCode === 0 || error.code === "commander.help") return 0;
      const message = error.message.replace(/^error: /, "");
      if (json) show({ code: "usage", message, hint: "See --help.", exitCode: 2 }, error);
      return 2;
    }
    const explained = explainError(error, controller.signal.aborted);
    show(explained, error);
    return explained.exitCode;
  } finally {
    await closePool();
  }
}

process.exitCode = await main();
