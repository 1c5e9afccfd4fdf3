import type {
  Quantity,
  Run,
  SeriesColumn,
  Simulation,
  SimulationCase,
  SimulationContext,
} from "@viscera/core";
import { bodyOf, STRUCTURES_OF_TISSUE, VENOUS_STRUCTURES } from "@viscera/organ";
import { z } from "zod";
import { type CurveMeasures, curveMeasures } from "../measures.js";
import type { Compound } from "./compound.js";
import { compoundReferenceSchema, resolveCompound } from "./compound-library.js";
import { type PbpkCourse, pbpkCourse, regularTimes } from "./course.js";
import { compoundOfDose, describeDoses, doseRecords, doseSchema, lastDoseEndH } from "./doses.js";
import { FILTRATION_METHODS, glomerularFiltration } from "./filtration.js";
import { idleInteractions } from "./interactions.js";
import { type PbpkModel, pbpkModel } from "./model.js";
import { type NamedCompound, namedCompounds } from "./names.js";
import { pbpkParameters } from "./parameters.js";
import { physiologyOf } from "./physiology.js";
import { compoundTable, organTable, patientTable, tissueLabel } from "./provenance.js";
import { LIVER_MODELS, WHOLE_BODY } from "./structure.js";

export const drugConfigSchema = z.strictObject({
  compound: compoundReferenceSchema.default("osp:midazolam"),
  /** Drugs given beside it, which may change what enzymes and transporters do to it, and it to them. */
  coadministered: z.array(compoundReferenceSchema).max(8).default([]),
  /** Default: 2 mg into a vein over 2 minutes, as midazolam's label asks for. */
  doses: z
    .array(doseSchema)
    .min(1)
    .default([{ route: "infusion", doseMg: 2, startH: 0, durationH: 1 / 30, count: 1, steadyState: false }]),
  durationH: z
    .number()
    .positive()
    .max(24 * 365)
    .default(24),
  stepMin: z.number().positive().default(1),
  /** How the liver extracts. */
  liver: z.enum(LIVER_MODELS).default("well-stirred"),
  /** From creatinine, age and sex. */
  filtration: z.enum(FILTRATION_METHODS).default("cockcroft-gault"),
  /** Degradation of proteins that are inactivated or induced, in 1/h, in place of known values. */
  turnover: z
    .record(
      z.string(),
      z.strictObject({
        liver: z.number().positive().optional(),
        gut: z.number().positive().optional(),
        kidney: z.number().positive().optional(),
      }),
    )
    .default({}),
});
export type DrugConfig = z.infer<typeof drugConfigSchema>;

/** Plasma and tissue concentrations of a drug, and of those given beside it, in this patient. */
export const drugSimulation: Simulation<DrugConfig> = {
  id: "drug",
  title: "Drug concentration",
  version: "0.2.0",
  configSchema: drugConfigSchema,
  async run(subject: SimulationCase, config: DrugConfig, context: SimulationContext): Promise<Run> {
    const resolved = [config.compound, ...config.coadministered].map((given) => resolveCompound(given));
    const compounds = resolved.map(({ compound }) => compound);
    const times = regularTimes(config.durationH, config.stepMin);
    const body = bodyOf(subject.patient, subject.organs);
    const physiology = physiologyOf(body, subject.patient, config.filtration);
    const named = namedCompounds(compounds);
    /** Of some of the compounds; the first of all is always among them. */
    const simulate = async (present: readonly Compound[]) => {
      const model = pbpkModel(present, { ...WHOLE_BODY, liver: config.liver });
      const parameters = pbpkParameters(model, physiology, present, { turnover: config.turnover });
      const doses = config.doses.filter((dose) => present.includes(compoundOfDose(dose, named).compound));
      const records = doseRecords(doses, namedCompounds(present));
      return { model, parameters, course: await pbpkCourse(model, parameters, records, times, context) };
    };
    const { model, parameters, course } = await simulate(compounds);
    const alone = compounds.length > 1 ? (await simulate(compounds.slice(0, 1))).course : null;

    const columns = seriesOf(course, alone, model, named);
    const own = config.doses.filter((dose) => compoundOfDose(dose, named) === named[0]);
    const measures = plasmaMeasures(course, lastDoseEndH(own.length > 0 ? own : config.doses));
    const parameterOf = (name: string) => parameters[model.parameters.findIndex((p) => p.name === name)]!;
    const organNames = ["liver", "kidney", "brain", "heart", "lung", "muscle", "fat"];
    const plasma = columns.filter(({ name }) => name === "plasma" || name.endsWith("_plasma"));
    return {
      summary: {
        schema: 1,
        simulation: "drug",
        title: `${compounds.map(({ name }) => name).join(" with ")}: ${describeDoses(config.doses, named)}`,
        version: drugSimulation.version,
        config: "config.json",
        values: [
          ...quantities(
            config,
            own,
            measures,
            interactionQuantities(measures, alone, lastDoseEndH(config.doses)),
          ),
        ],
        plots: [
          { title: "Plasma concentration", columns: plasma.map(({ name }) => name), yScale: "log" },
          {
            title: "Plasma concentration, linear",
            columns: plasma.map(({ name }) => name),
            yScale: "linear",
          },
          { title: "Concentration in the organs", columns: organNames, yScale: "log" },
          ...levelPlots(columns),
        ],
        tables: [
          organTable(body, model, parameterOf, named),
          patientTable(
            body,
            subject.patient,
            physiology,
            glomerularFiltration(body, subject.patient, config.filtration),
            parameterOf,
            named,
          ),
          ...compounds.map(compoundTable),
        ],
        warnings: [
          ...body.warnings,
          ...resolved.flatMap(({ cautions }) => cautions),
          ...idleInteractions(compounds),
          ...course.warnings,
          ...warningsFor(config, measures, course),
        ],
      },
      config: { ...config, compound: compounds[0]!, coadministered: compounds.slice(1) },
      series: columns,
      fields: [],
    };
  },
};

function seriesOf(
  course: PbpkCourse,
  alone: PbpkCourse | null,
  model: PbpkModel,
  compounds: readonly NamedCompound[],
): SeriesColumn[] {
  const column = (
    name: string,
    label: string,
    values: Float64Array,
    structures: readonly string[],
  ): SeriesColumn => ({
    name,
    unit: "mg/L",
    label,
    structures,
    values: values.map((value) => Math.max(0, value)),
  });
  const onStructures = (tissue: string): readonly string[] =>
    STRUCTURES_OF_TISSUE[tissue as keyof typeof STRUCTURES_OF_TISSUE];
  const several = compounds.length > 1;
  return [
    { name: "time", unit: "h", label: "Time", values: course.timesH },
    ...compounds.flatMap(({ compound, prefix }, i) => {
      const of = several ? ` of ${compound.name}` : "";
      return [
        column(
          `${prefix}plasma`,
          `Venous plasma${of}`,
          course.columns.get(`${prefix}C_plasma`)!,
          i === 0 ? VENOUS_STRUCTURES : [],
        ),
        ...(i === 0 && alone !== null
          ? [column("alone_plasma", `Venous plasma${of}, given alone`, alone.columns.get("C_plasma")!, [])]
          : []),
        ...model.structure.tissues.map(({ name }) =>
          column(
            `${prefix}${name}`,
            `${tissueLabel(name)}${of}`,
            course.columns.get(`${prefix}C_${name}`)!,
            i === 0 ? onStructures(name) : [],
          ),
        ),
      ];
    }),
    ...model.compartments
      .filter(({ name }) => name.startsWith("level_"))
      .map(({ name }): SeriesColumn => {
        const [, protein = "", organ = ""] = /^level_(.+)_(\w+)$/.exec(name)!;
        const values = course.columns.get(name)!.map((level) => 100 * level);
        return { name, unit: "%", label: `${protein.replaceAll("_", " ")} in the ${organ}`, values };
      }),
  ];
}

function levelPlots(columns: readonly SeriesColumn[]): Run["summary"]["plots"] {
  const levels = columns.filter(({ name }) => name.startsWith("level_")).map(({ name }) => name);
  return levels.length === 0
    ? []
    : [{ title: "Levels of enzymes and transporters", columns: levels, yScale: "linear" }];
}

/** The area is the model's own integral, without an error of time steps. */
function plasmaMeasures(course: PbpkCourse, lastDoseH: number): CurveMeasures {
  const area = course.columns.get("auc")!;
  return curveMeasures(course.timesH, course.columns.get("C_plasma")!, area.at(-1)! - area[0]!, lastDoseH);
}

const quantity = (name: string, label: string, value: number | null, unit: string): Quantity[] =>
  value === null || !Number.isFinite(value) ? [] : [{ name, label, value, unit, low: null, high: null }];

function quantities(
  config: DrugConfig,
  doses: DrugConfig["doses"],
  measures: CurveMeasures,
  ratios: readonly Quantity[],
): Quantity[] {
  const [dose] = doses;
  const single = doses.length === 1 && dose!.count === 1 && !dose!.steadyState;
  const clearance =
    single && measures.areaInfinity !== null && measures.areaInfinity > 0
      ? dose!.doseMg / measures.areaInfinity
      : null;
  return [
    ...quantity("cmax", "Peak plasma concentration (Cmax)", measures.peak, "mg/L"),
    ...quantity("halfLife", "Terminal half-life", measures.halfLifeH, "h"),
    ...quantity("auc", `Area under the curve, 0 to ${config.durationH} h (AUC)`, measures.area, "mg.h/L"),
    ...ratios,
    ...quantity(
      "aucInfinity",
      "Area under the curve, extrapolated",
      single ? measures.areaInfinity : null,
      "mg.h/L",
    ),
    ...quantity("tmax", "Time of the peak (Tmax)", measures.peakTimeH, "h"),
    ...quantity(
      "clearance",
      dose?.route === "oral" ? "Apparent plasma clearance (CL/F)" : "Plasma clearance",
      clearance,
      "L/h",
    ),
  ];
}

function interactionQuantities(
  measures: CurveMeasures,
  alone: PbpkCourse | null,
  lastDoseH: number,
): Quantity[] {
  if (alone === null) return [];
  const without = plasmaMeasures(alone, lastDoseH);
  return [
    ...quantity("aucRatio", "AUC over that of the drug alone", measures.area / without.area, "1"),
    ...quantity("cmaxRatio", "Cmax over that of the drug alone", measures.peak / without.peak, "1"),
  ];
}

function warningsFor(config: DrugConfig, measures: CurveMeasures, { linear }: PbpkCourse): string[] {
  const warnings: string[] = [];
  if (measures.halfLifeH !== null && measures.halfLifeH > config.durationH / 3) {
    warnings.push(
      "The simulated time is short against the half-life, so half-life and extrapolated area are uncertain: raise durationH.",
    );
  }
  const late = config.doses.filter(
    ({ startH, count, everyH = 0 }) => startH + (count - 1) * everyH >= config.durationH,
  );
  if (late.length > 0) warnings.push("Some doses fall after the end of the simulation and are not given.");
  if (linear)
    warnings.push(
      "With these numbers the model is linear: saturation and interactions are left out, as none are given.",
    );
  return warnings;
}
