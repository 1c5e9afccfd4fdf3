import { chmod, cp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { usageError } from "@viscera/core";
import { writeVolume, writeWhole } from "@viscera/scan/node";
import { listModels } from "@viscera/segment/node";
import type { Command } from "commander";
import { makeFolder } from "../case/make-folder.js";
import { containerFiles, EXAMPLE_IMAGE, exampleFolder, exampleImage } from "../challenge/container-files.js";
import { openNamedModel } from "./choose-model.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface InitOptions {
  model: string;
  socket: string;
  result: string;
}

/** Root of the program, whose folder goes into the container. */
const HOME = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");

/** `viscera challenge init`. */
export function addChallengeInit(challenge: Command, signal: AbortSignal): void {
  const command = challenge
    .command("init <folder>")
    .description(
      "write a container folder around a model: Dockerfile, example input, scripts to test and save it",
    )
    .requiredOption("--model <model>", "model folder, or the name of a stored one")
    .requiredOption("--socket <slugs>", "the phase's input image sockets, in the model's order")
    .requiredOption(
      "--result <path>",
      "relative path of the phase's output socket, such as images/organ-segmentation",
    );
  withExamples(withCommonOptions(command), [
    "viscera challenge init my-algorithm --model hippocampus-mr --socket brain-mri --result images/hippocampus-segmentation",
  ]);
  bind<InitOptions>(command, signal, async (context, [folder = ""], options) => {
    const sockets = slugsOf(options.socket);
    if (!/^[\w-]+(\/[\w-]+)*(\.(mha|tiff?))?$/.test(options.result))
      throw usageError(`--result takes a path such as images/organ-segmentation, not "${options.result}".`);
    const target = resolve(folder);
    const there = await readdir(target).catch(() => null);
    if (there === null && (await stat(target).catch(() => null)))
      throw usageError(`"${folder}" is a file.`, "Give the name of a new folder.");
    if (there !== null && there.length > 0)
      throw usageError(`The folder "${folder}" is not empty.`, "Give the name of a new folder.");
    const source = await modelFolder(options.model);
    const model = await openNamedModel({ model: source }, context);
    const { description } = model;
    await model.dispose();
    const plan = { name: basename(target), description, sockets, result: options.result, home: HOME };
    const stage = `${target}.partial`;
    try {
      await rm(stage, { recursive: true, force: true });
      await makeFolder(stage);
      await cp(source, join(stage, "model"), { recursive: true });
      for (const [channel, slug] of sockets.entries()) {
        const images = join(stage, exampleFolder(slug));
        await makeFolder(images);
        await writeVolume(join(images, EXAMPLE_IMAGE), exampleImage(description, channel));
      }
      for (const [name, text] of Object.entries(containerFiles(plan))) {
        await writeWhole(join(stage, name), new TextEncoder().encode(text));
        if (name.endsWith(".sh")) await chmod(join(stage, name), 0o755);
      }
      await rm(target, { recursive: true, force: true });
      await rename(stage, target);
    } finally {
      await rm(stage, { recursive: true, force: true });
    }
    context.console.text(`Container folder: ${folder}`);
    context.console.text(`Try it:           ${folder}/do_test_run.sh --without-docker`);
    context.console.result({
      folder,
      model: `${description.name}@${description.version}`,
      sockets,
      result: options.result,
    });
  });
}

function slugsOf(text: string): string[] {
  const slugs = text.split(",").map((slug) => slug.trim());
  const wrong = slugs.find((slug) => !/^[\w-]+$/.test(slug));
  if (wrong !== undefined)
    throw usageError(`--socket takes slugs of letters, digits and hyphens, not "${wrong}".`);
  if (new Set(slugs).size < slugs.length) throw usageError("--socket names one socket twice.");
  return slugs;
}

/** Folder of a model given by its path or its stored name. Throws `usage`. */
async function modelFolder(model: string): Promise<string> {
  const info = await stat(model).catch(() => null);
  if (info?.isDirectory()) return resolve(model);
  const stored = (await listModels()).find(({ name }) => name === model);
  if (stored) return stored.folder;
  throw usageError(
    `There is no model folder and no stored model "${model}".`,
    "`viscera models` lists the stored ones.",
  );
}
