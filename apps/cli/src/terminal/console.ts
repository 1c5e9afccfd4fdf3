/**
 * What a person sees in the terminal. Progress and notes go to stderr, results to stdout; with `--json` stdout
 * holds one JSON object and nothing else is printed.
 */
import type { Progress } from "@viscera/core";

export interface Console {
  /** A finished step with its outcome and how long it took. */
  step(title: string, outcome: string, seconds: number): void;
  progress(title: string, progress: Progress): void;
  /** Printed once, however often it is given. */
  warning(message: string): void;
  /** Aligned `name  value` lines of the result. */
  facts(rows: readonly (readonly [string, string])[]): void;
  table(columns: readonly string[], rows: readonly (readonly string[])[]): void;
  text(line: string): void;
  /** A line about how the work goes, not of its result. */
  note(line: string): void;
  /** The verb's result for programs; printed with `--json` only. */
  result(value: unknown): void;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 100;

export function openConsole(
  json: boolean,
  out: NodeJS.WriteStream = process.stdout,
  err: NodeJS.WriteStream = process.stderr,
): Console {
  const colours = err.isTTY === true && process.env["NO_COLOR"] === undefined;
  const paint = (code: number, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const live = err.isTTY === true && !json;
  const warned = new Set<string>();
  let barShown = false;
  let lastDraw = 0;
  let current = { key: "", since: 0, doneAtStart: 0 };

  const clearBar = () => {
    if (!barShown) return;
    err.write("\r\u001b[K");
    barShown = false;
  };
  const print = (line: string) => {
    if (json) return;
    clearBar();
    out.write(`${line}\n`);
  };
  const note = (line: string) => {
    if (json) return;
    clearBar();
    err.write(`${line}\n`);
  };
  return {
    step: (title, outcome, seconds) =>
      note(`${paint(32, "✓")} ${title.padEnd(10)} ${outcome}${paint(2, `  ${formatSeconds(seconds)}`)}`),
    progress(title, { stage, done, total, detail }) {
      if (!live) return;
      const now = performance.now();
      const key = `${title}/${stage}`;
      if (key !== current.key) current = { key, since: now, doneAtStart: done };
      else if (now - lastDraw < REDRAW_MS) return;
      lastDraw = now;
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const filled = Math.round(share * BAR_WIDTH);
      const bar =
        total > 0
          ? `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${String(Math.round(100 * share)).padStart(3)} %`
          : "";
      const left = timeLeft(now - current.since, done - current.doneAtStart, total - done);
      const line = `  ${title.padEnd(10)} ${bar}  ${stage}${left}${detail ? ` · ${detail}` : ""}`;
      err.write(`\r\u001b[K${line.slice(0, Math.max(20, (err.columns ?? 80) - 1))}`);
      barShown = true;
    },
    warning(message) {
      if (!warned.has(message)) note(`${paint(33, "!")} ${message}`);
      warned.add(message);
    },
    facts(rows) {
      const width = Math.max(0, ...rows.map(([name]) => name.length));
      for (const [name, value] of rows) print(`${name.padEnd(width)}  ${value}`);
    },
    table(columns, rows) {
      const widths = columns.map((name, i) =>
        Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)),
      );
      const numeric = columns.map((_, i) => rows.every((row) => /^[-+\d.,\s%]*$/.test(row[i] ?? "")));
      const format = (row: readonly string[]) =>
        row
          .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
          .join("  ")
          .trimEnd();
      print(format(columns));
      print(widths.map((width) => "─".repeat(width)).join("  "));
      for (const row of rows) print(format(row));
    },
    text: print,
    note,
    result(value) {
      if (json) out.write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** The time left, once two seconds have shown a speed. */
function timeLeft(elapsedMs: number, done: number, left: number): string {
  if (elapsedMs < 2000 || done <= 0 || left <= 0) return "";
  return `, ${formatSeconds((elapsedMs / 1000) * (left / done))} left`;
}

/** A number of things: "1 structure", "2 structures". */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** The first names of a list, and how many more there are. */
export function listOf(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
}

export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
