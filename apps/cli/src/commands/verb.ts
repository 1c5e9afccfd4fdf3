import { usageError } from "@viscera/core";
import { type Command, Option } from "commander";
import { type CommandContext, type GlobalOptions, openContext } from "../terminal/context.js";

/** Adds the options that every verb has. */
export function withCommonOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON object on stdout and nothing else")
    .option("--threads <n>", "worker threads (default: all cores; never changes the result)")
    .addOption(new Option("--seed <n>", "key of every random stream").default("1", "1"));
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
    // An argument that may be given several times comes as a list.
    const args = received
      .slice(0, -2)
      .flat()
      .filter((value): value is string => typeof value === "string");
    // An empty path would mean the current folder to some and nothing to others; a script's unset variable makes it.
    for (const [name, value] of Object.entries(options))
      if (value === "")
        throw usageError(`--${kebab(name)} was given nothing.`, "Leave it out, or give it a value.");
    if (args.includes(""))
      throw usageError("An argument is empty.", "Write it out; in a script, a variable may be unset.");
    await action(openContext(options, signal), args, options);
  });
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
