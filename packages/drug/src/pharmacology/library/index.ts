/** Models by name, each a text of the format that model-text.ts reads. */
import { usageError } from "@viscera/core";
import {
  MICHAELIS_MENTEN,
  MICHAELIS_MENTEN_2,
  MICHAELIS_MENTEN_ORAL,
  TRANSIT,
} from "./absorption-elimination.js";
import { linearModelText } from "./compartments.js";
import { EFFECT_COMPARTMENT, EMAX, indirectResponseText, SIGMOID_EMAX } from "./effects.js";
import { TMDD, TMDD_QSS } from "./target-mediated.js";
import { CLARET, SIMEONI } from "./tumour.js";

const LINEAR = ([1, 2, 3] as const).flatMap((compartments) =>
  [false, true].flatMap((oral) =>
    [false, true].map((micro): [string, string] => [
      `pk${compartments}${oral ? "-oral" : ""}${micro ? "-micro" : ""}`,
      linearModelText(compartments, oral, micro),
    ]),
  ),
);

/** Texts of the models by name. */
export const LIBRARY_MODELS: ReadonlyMap<string, string> = new Map([
  ...LINEAR,
  ["pk1-transit", TRANSIT],
  ["pk1-mm", MICHAELIS_MENTEN],
  ["pk1-oral-mm", MICHAELIS_MENTEN_ORAL],
  ["pk2-mm", MICHAELIS_MENTEN_2],
  ["tmdd", TMDD],
  ["tmdd-qss", TMDD_QSS],
  ["emax", EMAX],
  ["sigmoid-emax", SIGMOID_EMAX],
  ["effect-compartment", EFFECT_COMPARTMENT],
  ...([1, 2, 3, 4] as const).map((kind): [string, string] => [
    `indirect-response-${kind}`,
    indirectResponseText(kind),
  ]),
  ["tumour-simeoni", SIMEONI],
  ["tumour-claret", CLARET],
]);

/** The text of a model. Throws `usage` for an unknown name. */
export function libraryModelText(name: string): string {
  const text = LIBRARY_MODELS.get(name);
  if (text !== undefined) return text;
  throw usageError(
    `There is no model "${name}", neither as a file nor by name.`,
    `The models by name are ${[...LIBRARY_MODELS.keys()].join(", ")}.`,
  );
}
