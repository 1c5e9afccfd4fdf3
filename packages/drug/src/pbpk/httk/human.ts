import type { Physiology } from "../physiology.js";
import { HTTK_HUMAN, HTTK_TISSUES } from "./tissue-data.js";

/** httk's human: volumes go with body weight, flows and filtration with its 3/4th power, half of the blood is arterial. */
export function httkHuman(weightKg: number = HTTK_HUMAN.weightKg): Physiology {
  const lPerH = (mlPerMinPerKg34: number) => mlPerMinPerKg34 * 0.06 * weightKg ** 0.75;
  const { haematocrit, plasmaMlPerKg, cardiacOutputMlPerMinPerKg34, filtrationMlPerMinPerKg34 } = HTTK_HUMAN;
  const tissues = Object.fromEntries(
    Object.entries(HTTK_TISSUES).map(([name, { volumeLPerKg, flowMlPerMinPerKg34 }]) => [
      name,
      { volumeL: volumeLPerKg * weightKg, flowLPerH: lPerH(flowMlPerMinPerKg34) },
    ]),
  );
  // The liver's flow of the table includes the gut's; what no tissue of the table receives goes to the rest.
  const artery = HTTK_TISSUES.liver!.flowMlPerMinPerKg34 - HTTK_TISSUES.gut!.flowMlPerMinPerKg34;
  tissues.liver!.flowLPerH = lPerH(artery);
  const elsewhere = Object.entries(tissues).filter(([name]) => name !== "rest" && name !== "lung");
  tissues.rest!.flowLPerH =
    lPerH(cardiacOutputMlPerMinPerKg34) - elsewhere.reduce((sum, [, { flowLPerH }]) => sum + flowLPerH, 0);
  const bloodL = (plasmaMlPerKg / (1 - haematocrit) / 1000) * weightKg;
  return {
    tissues,
    arterialL: bloodL / 2,
    venousL: bloodL / 2,
    filtrationLPerH: lPerH(filtrationMlPerMinPerKg34),
    haematocrit,
  };
}
