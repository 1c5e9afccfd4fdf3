import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type LabelMap, spacingOf, usageError } from "@viscera/core";
import { boundingBoxes } from "@viscera/kernels";
import { completeLabels } from "@viscera/organ";
import { labelsToGrid, readLabelNames } from "@viscera/scan";
import { readLabels, readScan, writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { makeOrgans } from "../steps/make-organs.js";
import { decimalNumber } from "../terminal/context.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface OrgansOptions {
  out: string;
  scan?: string;
  labelNames?: string;
  errorMm?: string;
  quadratic?: boolean;
  force?: boolean;
}

export function addOrgans(program: Command, signal: AbortSignal): void {
  const command = program
    .command("organs <labels>")
    .description("surfaces (GLB, STL) and measures of every structure of a label image")
    .requiredOption("--out <folder>", "folder for the models and tables")
    .option("--scan <file>", "the scan, for intensity measures")
    .option("--label-names <file>", "table of ids and names")
    .option(
      "--error-mm <mm>",
      "largest distance by which decimation may move a surface (0 keeps every triangle)",
    )
    .option("--quadratic", "also Moran's I and Geary's C, whose cost grows with the square of the voxels")
    .option("--force", "replace models that are there");
  withExamples(withCommonOptions(command), [
    "viscera organs seg.nii.gz --scan ct.nii.gz --label-names names.tsv --out organs",
  ]);
  bind<OrgansOptions>(command, signal, async (context, [path = ""], options) => {
    if (existsSync(options.out) && (await readdir(options.out)).length > 0 && options.force !== true) {
      throw usageError(
        `The folder "${options.out}" is not empty.`,
        "Choose another, or replace the models in it with --force.",
      );
    }
    const errorMm =
      options.errorMm === undefined ? undefined : decimalNumber(options.errorMm, "--error-mm", 0, 100);
    const read = await readLabels(path, context.job("Labels"));
    const scan = options.scan ? (await readScan(options.scan, context.job("Scan"))).volume : null;
    const names = options.labelNames
      ? readLabelNames(await readFile(options.labelNames, "utf8"), basename(options.labelNames))
      : read.names;
    const grid = scan ?? { size: read.size, affine: read.affine };
    const { labels: fitted, warnings } = await labelsToGrid(read, grid, context.job("Labels"));
    for (const warning of [...read.warnings, ...warnings]) context.console.warning(warning);
    const { data } = fitted;
    const raw = [...boundingBoxes(data, grid.size).keys()]
      .sort((a, b) => a - b)
      .map((id) => names.find((label) => label.id === id) ?? { id });
    const labels: LabelMap = { ...grid, data, labels: completeLabels(raw, `import:${basename(path)}`) };
    const started = performance.now();
    await mkdir(options.out, { recursive: true });
    const { organs } = await makeOrgans(
      labels,
      scan,
      new Map(),
      context,
      { ...(errorMm === undefined ? {} : { errorMm }), quadratic: options.quadratic === true },
      (name, content) =>
        writeWhole(
          join(options.out, name),
          typeof content === "string" ? new TextEncoder().encode(content) : content,
        ),
    );
    context.console.step(
      "Organs",
      `${organs.length} structures, voxels of ${spacingOf(grid.affine)
        .map((mm) => +mm.toFixed(2))
        .join(" x ")} mm`,
      (performance.now() - started) / 1000,
    );
    context.console.table(
      ["Structure", "Volume (mL)", "Area (mm2)", "Pieces", "Edge"],
      organs.map((organ) => [
        organ.name,
        organ.volumeMl.toFixed(1),
        organ.areaMm2.toFixed(0),
        String(organ.pieces),
        organ.touchesBorder ? "cut" : "",
      ]),
    );
    context.console.result({ out: options.out, organs });
  });
}
