import type { Command } from "commander";
import { addChallengeEvaluate } from "./challenge-evaluate.js";
import { addChallengeInit } from "./challenge-init.js";
import { addChallengeRun } from "./challenge-run.js";

export function addChallenge(program: Command, signal: AbortSignal): void {
  const challenge = program
    .command("challenge")
    .description("Grand Challenge's folders: entry points of an algorithm's or an evaluation's container");
  addChallengeRun(challenge, signal);
  addChallengeEvaluate(challenge, signal);
  addChallengeInit(challenge, signal);
}
