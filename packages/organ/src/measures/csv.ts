import type { OrganRecord } from "@viscera/core";
import { MEASURE_UNITS } from "./units.js";

type Cell = string | number | boolean | null;
type Column = [header: string, value: (record: OrganRecord) => Cell];

/** A field by RFC 4180: quoted where it must be. */
function field(cell: Cell): string {
  if (cell === null) return "";
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Columns that hold the three coordinates of a point. */
function point(name: string, value: (record: OrganRecord) => readonly [number, number, number]): Column[] {
  return ["x", "y", "z"].map((axis, i) => [`${name}_${axis}[mm]`, (record) => value(record)[i]!]);
}

/**
 * measures.csv (RFC 4180, one line a structure): identity, volumes, place, flags, intensities, then every
 * measure of `MEASURE_UNITS` that a record holds. Units stand in the header, `name[unit]`.
 */
export function measuresCsv(records: readonly OrganRecord[]): string {
  const scanUnit = records.find((record) => record.intensity?.unit)?.intensity?.unit ?? "{intensity}";
  const tags = Object.keys(MEASURE_UNITS).filter((tag) => records.some((record) => tag in record.measures));
  const intensities = (["mean", "sd", "p05", "p50", "p95"] as const).map((key): Column => {
    return [`intensity_${key}[${scanUnit}]`, (record) => record.intensity?.[key] ?? null];
  });
  const columns: Column[] = [
    ["id", (record) => record.id],
    ["name", (record) => record.name],
    ["volume[mL]", (record) => record.volumeMl],
    ["snomed", (record) => record.snomed],
    ["surface_volume[mL]", (record) => record.surfaceVolumeMl],
    ["area[mm2]", (record) => record.areaMm2],
    ...point("centroid", (record) => record.centroidMm),
    ...point("box_min", (record) => record.boundingBoxMm[0]),
    ...point("box_max", (record) => record.boundingBoxMm[1]),
    ["pieces[1]", (record) => record.pieces],
    ["touches_border", (record) => record.touchesBorder],
    ["confidence[1]", (record) => record.confidence],
    ...(records.some((record) => record.intensity) ? intensities : []),
    ...tags.map((tag): Column => {
      const unit = MEASURE_UNITS[tag]!.unit.replace("{intensity}", scanUnit);
      return [`${tag}[${unit}]`, (record) => record.measures[tag] ?? null];
    }),
  ];
  const lines = [
    columns.map(([header]) => header),
    ...records.map((r) => columns.map(([, value]) => value(r))),
  ];
  return `${lines.map((cells) => cells.map(field).join(",")).join("\r\n")}\r\n`;
}
