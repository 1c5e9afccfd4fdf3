import {
  type JobOptions,
  type Run,
  type Simulation,
  type SimulationCase,
  type SimulationContext,
  type Table,
  usageError,
} from "@viscera/core";
import { bodyOf, TISSUES } from "@viscera/organ";
import { z } from "zod";
import { compoundReferenceSchema, resolveCompound } from "../pbpk/compound-library.js";
import { regularTimes } from "../pbpk/course.js";
import { type Dose, describeDoses, doseRecords, doseSchema, lastDoseEndH } from "../pbpk/doses.js";
import { FILTRATION_METHODS } from "../pbpk/filtration.js";
import { namedCompounds, type PbpkModel, pbpkModel } from "../pbpk/index.js";
import { tissueLabel } from "../pbpk/provenance.js";
import { findCompartment } from "../pharmacology/model-text.js";
import type { PopulationDose } from "./dose-text.js";
import { simulatePeople } from "./simulate-people.js";
import { populationRun } from "./summary.js";
import { needsMic, readTarget } from "./target.js";
import type { PopulationTask } from "./task.js";
import { readVariation } from "./variation.js";

const positive = z.number().positive();

export const populationConfigSchema = z.strictObject({
  compound: compoundReferenceSchema.default("osp:midazolam"),
  /** As those of the simulation "drug". */
  doses: z
    .array(doseSchema)
    .min(1)
    .default([{ route: "infusion", doseMg: 2, startH: 0, durationH: 1 / 30, count: 1, steadyState: false }]),
  durationH: positive.max(24 * 365).default(24),
  stepMin: positive.default(15),
  size: z.int().min(1).max(100_000).default(500),
  /** Coefficients of variation of the drug's own parameters: "CLint_CYP3A4=40%". */
  variability: z.string().default(""),
  percentiles: z.array(z.number().min(0).max(100)).min(1).default([5, 25, 50, 75, 95]),
  /** "auc>400", "cmax<20", "auc/mic>100", "t>mic>50%"; measured over the whole time. */
  targets: z.array(z.string()).default([]),
  micMgPerL: z.array(positive).default([]),
  filtration: z.enum(FILTRATION_METHODS).default("cockcroft-gault"),
});
export type PopulationConfig = z.infer<typeof populationConfigSchema>;

/**
 * Plasma concentrations in people like this patient: what is known of the patient and measured in the image is the same in
 * all of them, the rest varies.
 */
export const populationSimulation: Simulation<PopulationConfig> = {
  id: "drug-population",
  title: "Drug concentration in people like the patient",
  version: "0.1.0",
  configSchema: populationConfigSchema,
  async run(subject: SimulationCase, config: PopulationConfig, context: SimulationContext): Promise<Run> {
    const { compound, cautions } = resolveCompound(config.compound);
    const model = pbpkModel([compound]);
    const named = namedCompounds([compound]);
    // Tells what the doses lack.
    doseRecords(config.doses, named);
    const targets = config.targets.map(readTarget);
    if (targets.some(needsMic) && config.micMgPerL.length === 0) {
      throw usageError("A target needs the MIC.", 'Give it in "micMgPerL".');
    }
    const names = model.parameters.map(({ name }) => name);
    const variation =
      config.variability === "" ? null : readVariation([config.variability], names, "subject");
    const task: PopulationTask = {
      model,
      parameters: {},
      doses: populationDoses(config.doses, model),
      doseFactor: 1,
      times: [...regularTimes(config.durationH, config.stepMin)],
      outputs: ["C_plasma"],
      window: { from: 0, until: config.durationH },
      thresholds: targets.flatMap(({ threshold }) =>
        threshold === null ? [] : threshold === "mic" ? config.micMgPerL : [threshold],
      ),
      people: { like: { patient: subject.patient, organs: subject.organs } },
      body: { model, compounds: [compound], filtration: config.filtration },
      variations: variation === null ? [] : [variation],
      seed: context.seed,
      relative: 1e-6,
      absolute: 1e-9,
    };
    const job: JobOptions = {
      ...(context.signal ? { signal: context.signal } : {}),
      ...(context.onProgress ? { onProgress: context.onProgress } : {}),
    };
    const result = await simulatePeople(task, config.size, job);
    const run = populationRun(task, result, {
      title: `${compound.name}, ${config.size} people like the patient: ${describeDoses(config.doses, named)}`,
      percentiles: [...new Set(config.percentiles)].sort((a, b) => a - b),
      targets,
      mics: config.micMgPerL,
      optimised: null,
      config: { ...config, compound },
      warnings: [...cautions, ...warningsFor(config, subject)],
    });
    run.summary.tables.push(sharedTable(subject));
    return run;
  },
};

/** Doses of the simulation "drug" as those of a population. */
function populationDoses(doses: readonly Dose[], model: PbpkModel): PopulationDose[] {
  return doses.map(({ route, doseMg, startH, durationH = 0, everyH = 0, count, steadyState }) => ({
    amount: doseMg,
    perKg: false,
    // A solid has to dissolve before it is in the lumen.
    compartment:
      route === "oral"
        ? (findCompartment(model, "solid") ?? findCompartment(model, "lumen")!)
        : findCompartment(model, "venous")!,
    duration: route === "infusion" ? durationH : 0,
    start: startH,
    interval: count > 1 || steadyState ? everyH : 0,
    count,
    steady: steadyState,
  }));
}

function warningsFor(
  { doses, durationH, variability }: PopulationConfig,
  { patient }: SimulationCase,
): string[] {
  const warnings: string[] = [];
  if (patient.ageYears !== null && (patient.ageYears < 18 || patient.ageYears > 80)) {
    warnings.push("How people differ is described for ages from 18 to 80; this patient is outside them.");
  }
  if (lastDoseEndH(doses) >= durationH) {
    warnings.push("Some doses fall after the end of the simulation and are not given.");
  }
  if (variability === "") {
    warnings.push(
      'Only bodies vary; give "variability" for the drug\'s own parameters (enzymes, for example).',
    );
  }
  return warnings;
}

/** What is the same in all people. */
function sharedTable({ patient, organs }: SimulationCase): Table {
  const rows: Table["rows"] = [];
  const known: [string, string | number | null, string][] = [
    ["Age", patient.ageYears, "a"],
    ["Sex", patient.sex === "other" ? null : patient.sex, ""],
    ["Height", patient.heightCm, "cm"],
    ["Weight", patient.weightKg, "kg"],
    ["Cardiac output", patient.cardiacOutputLPerMin, "L/min"],
    ["Haematocrit", patient.haematocrit, "1"],
    ["Serum creatinine", patient.creatinineMgPerDl, "mg/dL"],
  ];
  for (const [name, value, unit] of known)
    rows.push([name, value ?? "drawn (not known)", value === null ? "" : unit]);
  const { tissues } = bodyOf(patient, organs);
  for (const tissue of TISSUES) {
    if (tissues[tissue].from !== "image") continue;
    rows.push([`${tissueLabel(tissue)}, measured`, Number(tissues[tissue].volumeMl.toPrecision(4)), "mL"]);
  }
  return { title: "What all people share with the patient", columns: ["Quantity", "Value", "Unit"], rows };
}
