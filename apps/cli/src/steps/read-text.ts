import { readFile } from "node:fs/promises";
import { inputError } from "@viscera/core";

/** Text of a file that an option names. Throws `input.not-found` or `input.text` with the option's name. */
export async function readText(path: string, option: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === "ENOENT" ? "does not exist" : error.code === "EISDIR" ? "is a folder" : "cannot be read";
    throw inputError("not-found", `The file "${path}" of ${option} ${why}.`, "Check the path.");
  });
  // Nothing of a binary file may reach the terminal by way of a message.
  if (text.includes("\0"))
    throw inputError(
      "text",
      `The file "${path}" of ${option} is no text file.`,
      "Check that it is the right file.",
    );
  return text;
}
