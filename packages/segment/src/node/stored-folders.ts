/** Where stored models lie. */
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Models that come with the program: the folder `models` of the repository. */
export const SHIPPED_MODELS = resolve(dirname(fileURLToPath(import.meta.url)), "../../../../models");

/** Where added models lie: VISCERA_HOME/models, else viscera/models below XDG_DATA_HOME or ~/.local/share. */
export function modelStorePath(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment["VISCERA_HOME"];
  if (home) return join(resolve(home), "models");
  const data = environment["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return join(data, "viscera", "models");
}

/** Folders in a folder, by name; none where it does not exist. */
export async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => join(path, entry.name))
    .sort();
}

/** Folder of a stored or shipped model; null when there is none of that name. */
export async function findStoredModel(name: string): Promise<string | null> {
  for (const root of [modelStorePath(), SHIPPED_MODELS]) {
    const folder = (await foldersIn(root)).find((path) => basename(path) === name);
    if (folder) return folder;
  }
  return null;
}
