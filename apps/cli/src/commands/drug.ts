import type { Command } from "commander";
import { addDrugCompounds } from "./drug-compounds.js";
import { addDrugFit } from "./drug-fit.js";
import { addDrugNca } from "./drug-nca.js";
import { addDrugPopulation } from "./drug-population.js";
import { addSbml } from "./drug-sbml.js";
import { addSbmlSuite } from "./drug-sbml-suite.js";
import { addDrugSensitivity } from "./drug-sensitivity.js";
import { addDrugSimulate } from "./drug-simulate.js";

export function addDrug(program: Command, signal: AbortSignal): void {
  const drug = program.command("drug").description("drug response by itself: models of other tools' formats");
  addSbml(drug, signal);
  addSbmlSuite(drug, signal);
  addDrugSimulate(drug, signal);
  addDrugPopulation(drug, signal);
  addDrugNca(drug, signal);
  addDrugFit(drug, signal);
  addDrugSensitivity(drug, signal);
  addDrugCompounds(drug, signal);
}
