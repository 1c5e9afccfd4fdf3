import type { Command } from "commander";
import { addFlowCalibrate } from "./flow-calibrate.js";
import { addFlowZerod } from "./flow-zerod.js";

export function addFlow(program: Command, signal: AbortSignal): void {
  const flow = program.command("flow").description("blood flow by itself: models of other tools' formats");
  addFlowZerod(flow, signal);
  addFlowCalibrate(flow, signal);
}
