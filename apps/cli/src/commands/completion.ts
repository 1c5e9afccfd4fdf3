import { usageError } from "@viscera/core";
import type { Command } from "commander";

/** Adds `completion SHELL`, which prints a script for the shell to load. */
export function addCompletion(program: Command): void {
  program
    .command("completion <shell>")
    .description("print a completion script: bash, zsh or fish")
    .addHelpText(
      "after",
      "\nExamples:\n  $ source <(viscera completion bash)\n  $ viscera completion fish > ~/.config/fish/completions/viscera.fish",
    )
    .action((shell: string) => {
      const script = { bash, zsh, fish }[shell];
      if (!script) throw usageError(`There is no completion for "${shell}".`, "Ask for bash, zsh or fish.");
      process.stdout.write(script(verbsOf(program)));
    });
}

interface Verb {
  name: string;
  description: string;
  words: string[];
}

const unique = (words: string[]) => [...new Set(words)];

function verbsOf(program: Command): Verb[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    words: unique([
      ...command.commands.map((sub) => sub.name()),
      ...[command, ...command.commands]
        .flatMap((each) => each.options)
        .flatMap((option) => (option.long ? [option.long] : [])),
    ]),
  }));
}

function bash(verbs: Verb[]): string {
  const cases = verbs.map((verb) => `    ${verb.name}) words="${verb.words.join(" ")}" ;;`).join("\n");
  return `_viscera() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  case "\${COMP_WORDS[1]}" in
${cases}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${verbs.map((verb) => verb.name).join(" ")}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _viscera viscera
`;
}

function zsh(verbs: Verb[]): string {
  return `autoload -Uz bashcompinit && bashcompinit
${bash(verbs)}`;
}

function fish(verbs: Verb[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  return verbs
    .flatMap((verb) => [
      `complete -c viscera -n __fish_use_subcommand -a ${verb.name} -d ${quote(verb.description)}`,
      ...verb.words.map((word) =>
        word.startsWith("--")
          ? `complete -c viscera -n '__fish_seen_subcommand_from ${verb.name}' -l ${word.slice(2)}`
          : `complete -c viscera -n '__fish_seen_subcommand_from ${verb.name}' -a ${word}`,
      ),
    ])
    .join("\n")
    .concat("\n");
}
