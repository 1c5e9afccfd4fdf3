import { availableParallelism } from "node:os";
import { type JobOptions, usageError } from "@viscera/core";
import { type Console, openConsole } from "./console.js";

/** What every verb can do: stop, tell how far it is, print. */
export interface CommandContext {
  signal: AbortSignal;
  threads: number;
  seed: number;
  json: boolean;
  console: Console;
  /** Job options whose progress shows under a title. */
  job(title: string): JobOptions & { seed: number };
}

export interface GlobalOptions {
  json?: boolean;
  threads?: string;
  seed?: string;
}

export function openContext(options: GlobalOptions, signal: AbortSignal): CommandContext {
  const threads =
    options.threads === undefined
      ? availableParallelism()
      : wholeNumber(options.threads, "--threads", 1, 256);
  const seed =
    options.seed === undefined ? 1 : wholeNumber(options.seed, "--seed", 0, Number.MAX_SAFE_INTEGER);
  const json = options.json === true;
  const console = openConsole(json);
  return {
    signal,
    threads,
    seed,
    json,
    console,
    job: (title) => ({ signal, threads, seed, onProgress: (progress) => console.progress(title, progress) }),
  };
}

/** Throws `usage` unless the text is a whole number in the range. */
export function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
    throw usageError(`${option} takes a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}

/** Throws `usage` unless the text is a number in the range. */
export function decimalNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < least || value > most) {
    throw usageError(`${option} takes a number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}

/** Three numbers separated by commas. Throws `usage` for any other count, and what `parse` throws. */
export function threeNumbers(
  text: string,
  option: string,
  parse: (part: string) => number,
): [number, number, number] {
  const parts = text.split(",").map(parse);
  if (parts.length !== 3)
    throw usageError(`${option} takes three numbers separated by commas, not "${text}".`);
  return parts as [number, number, number];
}
