import type { Command } from "commander";
import { addChallengeEvaluate } from "./challenge-evaluate.js";
import { addChallengeRun } from "./challenge-run.js";

export function addChallenge(program: Command, signal: AbortSignal): void {
  const challenge = program
    .command("challenge")
    .description("Grand Challenge's folders: an algorithm's or an evaluation's entry point");
  addChallengeRun(challenge, signal);
  addChallengeEvaluate(challenge, signal);
}
