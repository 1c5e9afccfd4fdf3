import { type Command, Option } from "commander";
import { type CommandContext, type GlobalOptions, openContext } from "../terminal/context.js";

/** Adds the options that every verb has. */
export function withCommonOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON object on stdout and nothing else")
    .option("--threads <n>", "worker threads (default: all cores; never changes the result)")
    .addOption(new Option("--seed <n>", "key of every random stream").default("1"));
}

/** Example lines under a verb's help. */
export function withExamples(command: Command, lines: readonly string[]): Command {
  const title = lines.length > 1 ? "Examples:" : "Example:";
  return command.addHelpText("after", `\n${title}\n${lines.map((line) => `  $ ${line}`).join("\n")}`);
}

/** A verb's work: what it does with its arguments and options in a context. */
export type VerbAction<Options> = (
  context: CommandContext,
  args: string[],
  options: Options,
) => Promise<void>;

/** Binds a verb's work to the command; the last argument commander passes is the command itself. */
export function bind<Options>(command: Command, signal: AbortSignal, action: VerbAction<Options>): void {
  command.action(async (...received: unknown[]) => {
    const options = command.opts<Options & GlobalOptions>();
    const args = received.slice(0, -2).filter((value): value is string => typeof value === "string");
    await action(openContext(options, signal), args, options);
  });
}
