import type { ModelFile } from "@viscera/core";
import { addModel, licenceWarnings, listModels, openModel, removeModel } from "@viscera/segment/node";
import type { Command } from "commander";
import { countOf } from "../terminal/console.js";
import { addCalibrate } from "./calibrate.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

export function addModels(program: Command, signal: AbortSignal): void {
  const models = program.command("models").description("the stored networks");
  withExamples(models, ["viscera models", "viscera models add brainchop/model18cls"]);
  const list = models.command("list", { isDefault: true }).description("what is stored");
  withExamples(withCommonOptions(list), ["viscera models"]);
  bind(list, signal, async (context) => {
    const stored = await listModels();
    if (stored.length === 0)
      context.console.text("No network is stored. Store one with `viscera models add PATH`.");
    else {
      context.console.table(
        ["Name", "Version", "Images", "Structures", "Licence"],
        stored.map(({ name, description }) =>
          description
            ? [
                clipped(name, 26),
                clipped(description.version, 12),
                description.input.modality.join(", ") || "any",
                String(description.labels.length),
                clipped(description.licence, 18) + (description.commercialUse ? "" : " *"),
              ]
            : [clipped(name, 26), "unusable"],
        ),
      );
      if (stored.some(({ description }) => description?.commercialUse === false))
        context.console.text("* not cleared for commercial use");
      for (const { name, problem } of stored)
        if (problem !== null)
          context.console.warning(
            `${name} cannot be used: ${problem} \`viscera models remove ${name}\` deletes it.`,
          );
    }
    context.console.result({ models: stored });
  });
  const add = models
    .command("add <source>")
    .description(
      "store a network: a model folder, nnU-Net export, TotalSegmentator weights, MONAI bundle, TF.js folder or .onnx file, a .zip of one, or its web address",
    )
    .option("--name <name>", "what to call it (default: its own name)")
    .option("--sha256 <hex>", "refuse an archive with any other checksum");
  withExamples(withCommonOptions(add), [
    "viscera models add brainchop/model18cls",
    "viscera models add nnUNet_results/Dataset901_Liver/nnUNetTrainer__nnUNetPlans__3d_fullres",
    "viscera models add https://example.org/bundle.zip --sha256 0123…",
  ]);
  bind<{ name?: string; sha256?: string }>(add, signal, async (context, [source = ""], { name, sha256 }) => {
    const stored = await addModel(source, {
      ...context.job("Adding"),
      ...(name === undefined ? {} : { name }),
      ...(sha256 === undefined ? {} : { sha256 }),
    });
    const { description } = stored;
    if (description) {
      const { licence, commercialUse } = description;
      for (const warning of licenceWarnings(stored.name, licence, commercialUse))
        context.console.warning(warning);
    }
    context.console.text(
      `Stored ${stored.name}${description ? ` ${description.version} (${countOf(description.labels.length, "structure")}, licence ${description.licence})` : ""}.`,
    );
    context.console.result({ name: stored.name, model: description });
  });
  const show = models.command("show <model>").description("what a network is and needs");
  withExamples(withCommonOptions(show), ["viscera models show hippocampus-mr"]);
  bind(show, signal, async (context, [name = ""]) => {
    const { description: file, warnings, dispose } = await openModel(name);
    await dispose();
    for (const warning of warnings) context.console.warning(warning);
    context.console.facts([
      ["Name", `${file.name} ${file.version}`],
      [
        "Images",
        `${file.input.modality.join(", ") || "any"}, ${file.input.orientation}${file.input.spacingMm ? `, ${file.input.spacingMm.join(" x ")} mm` : ""}`,
      ],
      ["Network", file.architecture.kind],
      ["Structures", file.labels.map((label) => label.name).join(", ")],
      ["Licence", `${file.licence}${file.commercialUse ? "" : " (no commercial use)"}`],
      ["Confidence", confidenceOf(file)],
      ["Knows scans", knowledgeOf(file)],
      ["SHA-256", file.sha256],
    ]);
    context.console.result({ model: file });
  });
  addCalibrate(models, signal);
  const remove = models.command("remove <name>").description("delete a stored network");
  withExamples(withCommonOptions(remove), ["viscera models remove hippocampus-mr"]);
  bind(remove, signal, async (context, [name = ""]) => {
    await removeModel(name);
    context.console.text(`Removed ${name}.`);
    context.console.result({ removed: name });
  });
}

function confidenceOf({ calibration }: ModelFile): string {
  return calibration
    ? `Dice to expect, by ${countOf(calibration.cases, "held-out case")} (off by ${calibration.meanError.toFixed(2)} on average)`
    : "the network's own mean probability";
}

function knowledgeOf({ outOfDistribution }: ModelFile): string {
  if (!outOfDistribution) return "by their modality only: it cannot tell unfamiliar ones";
  const size = outOfDistribution.sizeMm.map(([low, high]) => `${low.toFixed(0)}-${high.toFixed(0)}`);
  return `like ${countOf(outOfDistribution.cases, "scan")} of training, of ${size.join(" x ")} mm; warns of others`;
}

/** A table's cell that keeps the table within a terminal of 80 columns; `models show` has it whole. */
function clipped(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
