import { z } from "zod";

/** One number of a run's result. */
export const quantitySchema = z.strictObject({
  name: z.string(),
  label: z.string(),
  value: z.number(),
  /** UCUM code. */
  unit: z.string(),
  /** Bounds of an uncertainty interval, where one was computed. */
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type Quantity = z.infer<typeof quantitySchema>;

/** Points beside the curves of a plot: measurements, or one quantity against another. */
const pointsSchema = z.strictObject({
  label: z.string(),
  x: z.array(z.number()),
  /** As many as `x`, in the unit of the plot's columns. */
  y: z.array(z.number()),
});
export type PlotPoints = z.infer<typeof pointsSchema>;

/** How to draw some columns of series.csv, and points, against the first column. */
export const plotSchema = z.strictObject({
  title: z.string(),
  /** Column names of series.csv, without units. */
  columns: z.array(z.string()),
  yScale: z.enum(["linear", "log"]),
  /** Areas between two columns, e.g. percentiles of a population; drawn behind the curves. */
  bands: z.array(z.strictObject({ label: z.string(), low: z.string(), high: z.string() })).default([]),
  points: z.array(pointsSchema).default([]),
  /** For a plot without columns: what the axes of its points are (unit: UCUM code). Null: those of the columns. */
  axes: z
    .strictObject({
      x: z.strictObject({ label: z.string(), unit: z.string() }),
      y: z.strictObject({ label: z.string(), unit: z.string() }),
      /** Draw y = x, as for predictions against observations. */
      identity: z.boolean().default(false),
    })
    .nullable()
    .default(null),
});
export type Plot = z.infer<typeof plotSchema>;

/** A table that explains a result, e.g. where each organ volume came from. */
export const tableSchema = z.strictObject({
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
});
export type Table = z.infer<typeof tableSchema>;

/** runs/<name>/summary.json */
export const runSummarySchema = z.strictObject({
  schema: z.literal(1),
  /** Id of the simulation. */
  simulation: z.string(),
  title: z.string(),
  version: z.string(),
  /** File beside the summary that holds the complete configuration. */
  config: z.literal("config.json"),
  values: z.array(quantitySchema),
  /** Columns of series.csv in order, the first the independent one, with their labels for people. */
  series: z
    .array(
      z.strictObject({
        name: z.string(),
        unit: z.string(),
        label: z.string(),
        /** Structures of the case that the column tells about; a report may colour them by it over time. */
        structures: z.array(z.string()).default([]),
      }),
    )
    .default([]),
  plots: z.array(plotSchema),
  tables: z.array(tableSchema),
  warnings: z.array(z.string()),
});
export type RunSummary = z.infer<typeof runSummarySchema>;
