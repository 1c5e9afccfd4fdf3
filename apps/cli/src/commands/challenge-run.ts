import { readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { usageError } from "@viscera/core";
import { imageSocket, readInputSockets } from "@viscera/evaluate";
import { writeVolume } from "@viscera/scan/node";
import { segmentVolume } from "@viscera/segment";
import { readImages } from "@viscera/segment/node";
import type { Command } from "commander";
import { makeFolder } from "../case/make-folder.js";
import { onlyImage, resultFile } from "../challenge/socket-files.js";
import { readText } from "../steps/read-text.js";
import { warnOfLoss } from "../steps/warn-of-loss.js";
import { countOf } from "../terminal/console.js";
import { type ModelOptions, openNamedModel } from "./choose-model.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface RunOptions extends ModelOptions {
  input: string;
  output: string;
  model: string;
  image?: string;
  result: string;
}

/** `viscera challenge run`. */
export function addChallengeRun(challenge: Command, signal: AbortSignal): void {
  const command = challenge
    .command("run")
    .description("be an algorithm container's entry point: segment the image of /input/inputs.json")
    .requiredOption(
      "--result <path>",
      "relative path of the output socket, such as images/organ-segmentation (for a TIFF: .../output.tif)",
    )
    .option("--image <slugs>", "image sockets in the model's order (default: the only one)")
    .option("--input <dir>", "folder of inputs.json", "/input")
    .option("--output <dir>", "folder of the outputs", "/output")
    .option(
      "--model <model>",
      "model folder or stored name; a folder that holds just one counts",
      "/opt/ml/model",
    )
    .option("--task <task>", "what to find, for weights of several tasks")
    .option("--folds <list>", "folds of an nnU-Net model to average");
  withExamples(withCommonOptions(command), [
    "viscera challenge run --result images/organ-segmentation",
    "viscera challenge run --result images/organ-segmentation/output.tif",
    "viscera challenge run --input test/input/interf0 --output test/output --model ./model --result images/organ-segmentation",
  ]);
  bind<RunOptions>(command, signal, async (context, _, options) => {
    const { result } = options;
    if (isAbsolute(result) || result.split("/").includes(".."))
      throw usageError(`--result takes a path below the output folder, not "${result}".`);
    const began = performance.now();
    const sockets = readInputSockets(
      await readText(join(options.input, "inputs.json"), "the list of inputs"),
      "inputs.json",
    );
    const slugs = options.image === undefined ? [undefined] : options.image.split(",").map((s) => s.trim());
    const inputs = slugs.map((slug) => imageSocket(sockets, slug, "inputs.json"));
    const paths = await Promise.all(inputs.map(({ socket }) => pathOf(options.input, socket)));
    const { volumes, warnings } = await readImages(paths, context.job("Input"));
    for (const warning of warnings) context.console.warning(warning);
    const model = await openNamedModel({ ...options, model: await modelIn(options.model) }, context);
    const found = await segmentVolume(volumes, model, context.job("Segment"));
    for (const warning of found.warnings) context.console.warning(warning);
    const out = join(options.output, resultFile(result));
    await makeFolder(dirname(out));
    warnOfLoss(out, found.labels, context);
    await writeVolume(out, found.labels);
    context.console.step(
      "Segment",
      `${inputs.map(({ image, socket }) => image?.name ?? socket.slug).join(", ")}: ${countOf(found.labels.labels.length, "structure")}`,
      (performance.now() - began) / 1000,
    );
    context.console.result({
      out,
      inputs: inputs.map(({ socket, image }) => ({ slug: socket.slug, name: image?.name ?? null })),
      labels: found.labels.labels.map(({ id, name }) => ({ id, name })),
    });
  });
}

/** A DICOM socket's folder is the scan itself; other image sockets hold one file. */
function pathOf(
  input: string,
  socket: { relative_path: string; is_dicom_image_kind: boolean },
): Promise<string> {
  const folder = join(input, socket.relative_path);
  return socket.is_dicom_image_kind ? Promise.resolve(folder) : onlyImage(folder);
}

/** The model's folder; a tarball is often unpacked to a folder within the folder. */
async function modelIn(path: string): Promise<string> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const shown = entries.filter(({ name }) => !name.startsWith("."));
  return shown.length === 1 && shown[0]!.isDirectory() && !/^fold_/.test(basename(shown[0]!.name))
    ? join(path, shown[0]!.name)
    : path;
}
