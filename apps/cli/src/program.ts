import { Command } from "commander";
import { addChallenge } from "./commands/challenge.js";
import { addCompletion } from "./commands/completion.js";
import { addConvert } from "./commands/convert.js";
import { addDrug } from "./commands/drug.js";
import { addEvaluate } from "./commands/evaluate.js";
import { addFinetune } from "./commands/finetune.js";
import { addFlow } from "./commands/flow.js";
import { addInfo } from "./commands/info.js";
import { addModels } from "./commands/models.js";
import { addOrgans } from "./commands/organs.js";
import { addDemo, addPhantom } from "./commands/phantom.js";
import { addRank } from "./commands/rank.js";
import { addReaders } from "./commands/readers.js";
import { addReport } from "./commands/report.js";
import { addRun } from "./commands/run.js";
import { addSegment } from "./commands/segment.js";
import { addSimulate } from "./commands/simulate.js";
import { addTrain } from "./commands/train.js";
import { VERSION } from "./version.js";

/** The whole command line. Errors of use leave through commander's exit override. */
export function buildProgram(signal: AbortSignal): Command {
  const program = new Command("viscera")
    .description(
      "From a medical scan to simulated organs and a report.\nFor research and education only; no medical device.",
    )
    .version(VERSION)
    .showHelpAfterError("(add --help for the options and an example)")
    .addHelpText("after", "\nStart with:\n  $ viscera demo");
  addDemo(program, signal);
  addRun(program, signal);
  addInfo(program, signal);
  addConvert(program, signal);
  addSegment(program, signal);
  addOrgans(program, signal);
  addSimulate(program, signal);
  addDrug(program, signal);
  addEvaluate(program, signal);
  addRank(program, signal);
  addFlow(program, signal);
  addChallenge(program, signal);
  addReaders(program, signal);
  addReport(program, signal);
  addPhantom(program, signal);
  addTrain(program, signal);
  addFinetune(program, signal);
  addModels(program, signal);
  addCompletion(program);
  return program;
}
