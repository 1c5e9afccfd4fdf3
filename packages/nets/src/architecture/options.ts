/** Reading of an architecture's options. */
import { inputError, type VisceraError } from "@viscera/core";
import { z } from "zod";

export function architectureError(message: string, hint: string): VisceraError {
  return inputError("architecture", message, hint);
}

/** Throws `input.architecture` naming the option that is unknown, missing or wrong. */
export function parseOptions<T>(kind: string, schema: z.ZodType<T>, options: Record<string, unknown>): T {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === "unrecognized_keys") {
    const path = issue.path.length > 0 ? ` in ${issue.path.join(".")}` : "";
    throw architectureError(
      `${kind} has no option "${issue.keys[0]}"${path}.`,
      "Remove the option, or check its spelling against the original library's.",
    );
  }
  const name = issue.path.length > 0 ? `The option ${issue.path.join(".")}` : "The options";
  throw architectureError(
    `${name} of ${kind} cannot be used: ${issue.message}.`,
    "Give the option as the original library takes it.",
  );
}

export const count = z.int().min(1).max(65536);
/** Extent of a kernel, a stride or a dilation. */
export const extent = z.int().min(1).max(1024);
export const spatialDims = z.union([z.literal(2), z.literal(3)]);
export const rate = z.number().min(0).lt(1);

/** A number for every axis, or one for all. */
export const perAxis = z.union([extent, z.array(extent).min(1).max(3)]);

/** `value` as a list of `rank` entries. */
export function axes(kind: string, name: string, value: number | readonly number[], rank: number): number[] {
  if (typeof value === "number") return new Array<number>(rank).fill(value);
  if (value.length === rank) return [...value];
  throw architectureError(
    `The option ${name} of ${kind} has ${value.length} numbers for ${rank} axes.`,
    `Give ${rank} numbers, or one for all axes.`,
  );
}
