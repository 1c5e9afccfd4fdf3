/** The text of a model with the estimates in place of its values, for single subjects, populations and simulations. */
import type { PharmacologyModel } from "../pharmacology/model.js";
import { effectName } from "./add-variability.js";
import type { PopulationFit } from "./fit-population.js";
import { lowerTriangle } from "./parameter-space.js";

export interface FittedText {
  /** As the model was read. */
  text: string;
  /** As it was fitted: perhaps with random effects and errors that the text lacks. */
  model: PharmacologyModel;
  fit: Pick<PopulationFit, "estimates">;
  /** Values given for what was not estimated. */
  settings: Readonly<Record<string, number>>;
}

/** A parameter that was made to vary, CL, becomes tvCL, and CL = tvCL * exp(eta_CL). */
export function fittedModelText({ text, model, fit, settings }: FittedText): string {
  const found = new Map(fit.estimates.map(({ name, value }) => [name, value]));
  const random = model.random ?? [];
  const errors = model.errors ?? [];
  const added: string[] = [];
  const covariance = (names: readonly string[]) =>
    lowerTriangle(names.length)
      .map(([i, j]) => {
        const value = found.get(i === j ? `var(${names[i]})` : `cov(${names[i]},${names[j]})`)!;
        return `${short(value)}${i === j ? "; " : ", "}`;
      })
      .join("")
      .replace(/; $/, "");
  const terms = (output: string) =>
    errors
      .find((error) => error.output === output)!
      .terms.map(
        ({ kind, fixed }) => `${kind} ${short(found.get(`${kind}(${output})`)!)}${fixed ? " fixed" : ""}`,
      )
      .join(" + ");
  const seen = new Set<string>();
  const lines = text.split(/\r?\n/).map((line) => {
    const [code = "", ...comment] = line.split("#");
    const rest = comment.length > 0 ? ` #${comment.join("#")}` : "";
    const parameter = /^(\s*parameter\s+)([\p{L}_][\p{L}\p{N}_]*)\s*=\s*(.*?)\s*$/u.exec(code);
    if (parameter) {
      const [, start, name = "", old = ""] = parameter;
      const value = found.get(name) ?? settings[name];
      const behind = /(\s*\[[^\]]*\])?((?:\s*[<>]\s*[-+\d.eE]+)*)(\s+fixed)?$/.exec(old)![0];
      const varied =
        random.some(({ names }) => names.includes(effectName(name))) && !text.includes(effectName(name));
      if (varied) {
        added.push(`random ${effectName(name)} ~ ${covariance([effectName(name)])}`);
        added.push(`${name} = tv${name} * exp(${effectName(name)})`);
      }
      const shown = value === undefined ? old : `${short(value)}${behind}`;
      return `${start}${varied ? `tv${name}` : name} = ${shown}${rest}`;
    }
    const effects = /^(\s*(?:random|occasion)\s+(.*?)\s*~).*?(\s+fixed)?\s*$/u.exec(code);
    if (effects) {
      const names = effects[2]!
        .replace(/[()]/g, "")
        .split(",")
        .map((name) => name.trim());
      return `${effects[1]} ${covariance(names)}${effects[3] ?? ""}${rest}`;
    }
    const error = /^(\s*error\s+([\p{L}_][\p{L}\p{N}_]*)[^=]*=)/u.exec(code);
    if (error) {
      seen.add(error[2]!);
      return `${error[1]} ${terms(error[2]!)}${rest}`;
    }
    return line;
  });
  for (const { output } of errors) if (!seen.has(output)) added.push(`error ${output} = ${terms(output)}`);
  return `${[...lines.join("\n").trimEnd().split("\n"), ...added].join("\n")}\n`;
}

/** Enough digits for a likelihood. */
const short = (value: number) => String(Number(value.toPrecision(8)));
