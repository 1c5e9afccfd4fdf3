/** Results as svZeroDSolver's CSV: by vessel or by variable, whole or means. */

import type { SimulationParameters } from "./simulation-parameters.js";
import type { ZeroDResult } from "./solve.js";

/** The text of the file. Numbers are the shortest that read back exactly. */
export function writeResult(result: ZeroDResult, output: SimulationParameters["output"]): string {
  return output.byVariable ? byVariable(result, output) : byVessel(result, output);
}

type Output = SimulationParameters["output"];

function byVessel(result: ZeroDResult, { meanOnly, derivative }: Output): string {
  const names = ["flow_in", "flow_out", "pressure_in", "pressure_out"];
  const lines = [["name", "time", ...names, ...(derivative ? names.map((name) => `d_${name}`) : [])].join()];
  for (const { name, listed, ports } of result.blocks) {
    if (!listed) continue;
    const [inlet, outlet] = [ports.inlets[0]!, ports.outlets[0]!];
    const places = [inlet.flow, outlet.flow, inlet.pressure, outlet.pressure];
    addRows(lines, result, name, places, { meanOnly, derivative });
  }
  return `${lines.join("\n")}\n`;
}

function byVariable(result: ZeroDResult, { meanOnly, derivative }: Output): string {
  const lines = [derivative ? "name,time,y,ydot" : "name,time,y"];
  for (const [place, name] of result.unknowns.entries()) {
    addRows(lines, result, name, [place], { meanOnly, derivative });
  }
  return `${lines.join("\n")}\n`;
}

function addRows(
  lines: string[],
  { unknowns, times, values, rates }: ZeroDResult,
  name: string,
  places: readonly number[],
  { meanOnly, derivative }: Pick<Output, "meanOnly" | "derivative">,
): void {
  const size = unknowns.length;
  const tables = derivative ? [values, rates] : [values];
  const row = (i: number) => tables.flatMap((table) => places.map((place) => table[i * size + place]!));
  if (!meanOnly) {
    for (let i = 0; i < times.length; i++) lines.push(`${name},${times[i]},${row(i).join()}`);
    return;
  }
  const sums = row(0).map(() => 0);
  for (let i = 0; i < times.length; i++) for (const [k, value] of row(i).entries()) sums[k]! += value;
  lines.push(`${name},,${sums.map((sum) => sum / times.length).join()}`);
}
