import { addModel, listModels, openModel, removeModel } from "@viscera/segment/node";
import type { Command } from "commander";
import { countOf } from "../terminal/console.js";
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
        ["Name", "Version", "Images", "Structures", "Licence", "Commercial use"],
        stored.map(({ name, description }) =>
          description
            ? [
                name,
                description.version,
                description.input.modality.join(", ") || "any",
                String(description.labels.length),
                description.licence,
                description.commercialUse ? "yes" : "no",
              ]
            : [name, "unusable"],
        ),
      );
      for (const { name, problem } of stored)
        if (problem !== null)
          context.console.warning(
            `${name} cannot be used: ${problem} \`viscera models remove ${name}\` deletes it.`,
          );
    }
    context.console.result({ models: stored });
  });
  const add = models
    .command("add <path>")
    .description("store a network: a model folder, a TF.js layers folder or an .onnx file");
  withExamples(withCommonOptions(add), ["viscera models add brainchop/model18cls"]);
  bind(add, signal, async (context, [path = ""]) => {
    const { name, description } = await addModel(path);
    if (description?.commercialUse === false) {
      context.console.warning(`Its licence (${description.licence}) does not allow commercial use.`);
    }
    context.console.text(
      `Stored ${name}${description ? ` ${description.version} (${countOf(description.labels.length, "structure")}, licence ${description.licence})` : ""}.`,
    );
    context.console.result({ name, model: description });
  });
  const show = models.command("show <model>").description("what a network is and needs");
  withExamples(withCommonOptions(show), ["viscera models show hippocampus-mr"]);
  bind(show, signal, async (context, [name = ""]) => {
    const { description: file, dispose } = await openModel(name);
    await dispose();
    context.console.facts([
      ["Name", `${file.name} ${file.version}`],
      [
        "Images",
        `${file.input.modality.join(", ") || "any"}, ${file.input.orientation}${file.input.spacingMm ? `, ${file.input.spacingMm.join(" x ")} mm` : ""}`,
      ],
      ["Network", file.architecture.kind],
      ["Structures", file.labels.map((label) => label.name).join(", ")],
      ["Licence", `${file.licence}${file.commercialUse ? "" : " (no commercial use)"}`],
      ["SHA-256", file.sha256],
    ]);
    context.console.result({ model: file });
  });
  const remove = models.command("remove <name>").description("delete a stored network");
  withExamples(withCommonOptions(remove), ["viscera models remove hippocampus-mr"]);
  bind(remove, signal, async (context, [name = ""]) => {
    await removeModel(name);
    context.console.text(`Removed ${name}.`);
    context.console.result({ removed: name });
  });
}
