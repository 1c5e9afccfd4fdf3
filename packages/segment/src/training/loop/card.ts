/** CARD.md, the page of a trained model that says what it is, what it can do and what not. */
import type { ModelFile } from "@viscera/core";
import type { Scores } from "./dice.js";

export interface CardInput {
  description: Omit<ModelFile, "sha256">;
  /** Weights and biases. */
  parameters: number;
  data: {
    name: string;
    licence: string;
    training: readonly string[];
    /** Held out. */
    validation: readonly string[];
    partial: boolean;
    /** Images were made from label maps. */
    synthetic: boolean;
  };
  /** How it was trained, as name and value. */
  facts: readonly (readonly [string, string])[];
  /** The line that trains it again. */
  command: string;
  /** Of the finished model on the held-out scans, each on its own grid; null where none was held out. */
  scores: Scores | null;
  /** Every case held out once, each judged by a network that had not seen it; null without cross-validation. */
  crossValidation: { folds: number; scores: Scores } | null;
  /** Name and licence of the model this one began from. */
  base: { name: string; version: string; licence: string } | null;
  float16: boolean;
}

/** Names of cases listed in full up to this number. */
const MOST_NAMES = 40;

export function modelCard(input: CardInput): string {
  const { description, data, base } = input;
  const { input: given } = description;
  const kind = given.modality.join(" or ") || "scans of a kind that the data set does not name";
  const spacing = given.spacingMm?.map((mm) => +mm.toFixed(3)).join(" x ");
  const parts = [
    `# ${description.name}`,
    `Labels ${description.labels.length === 1 ? "one structure" : `${description.labels.length} structures`} in ${kind}: ${description.labels.map(({ name }) => name).join(", ")}.`,
    section("Use", [
      `\`viscera segment SCAN --model ${description.name} --out labels.nii.gz\`, with the name of this folder, or of the model once \`viscera models add\` has stored it.`,
      "For research and education only. This is no medical device: nobody has tested it for diagnosis or treatment, and its labels are to be looked at by somebody who can judge them.",
    ]),
    section("Data", [
      `Data set: ${data.name} (licence: ${data.licence}).${data.synthetic ? " Images were made from its label maps with random contrasts; no real image was learnt from." : ""}${data.partial ? " Not every structure was contoured in every case; what was not contoured counted as unknown, not as background." : ""}`,
      `Learnt from ${casesText(data.training)}.`,
      data.validation.length === 0
        ? "No case was held out."
        : `Held out, never learnt from: ${casesText(data.validation)}.`,
    ]),
    ...(base
      ? [
          section("Began from", [
            `The weights of ${base.name} ${base.version} (licence: ${base.licence}), which bring their own data with them: see that model's card.`,
          ]),
        ]
      : []),
    section("How good it is", [resultText(input)]),
    ...warningSection(description),
    section("Limits", [
      [
        `- It was tried on scans like those of its data set only. Other scanners, contrasts, ages, diseases or body parts may give nonsense without a sign of it.`,
        `- It expects ${kind}${spacing ? `, seen at ${spacing} mm` : ""}; finer detail than that is lost.`,
        "- Rare anatomy, implants, surgery and scans cut off at the edge are likely to fail.",
        ...(data.validation.length < 10 && !input.crossValidation
          ? ["- So few cases were held out that the numbers above say little about the next one."]
          : []),
      ].join("\n"),
    ]),
    section("Network and training", [
      [
        `- ${description.architecture.kind}, ${count(input.parameters)} parameters, weights in ${input.float16 ? "16" : "32"}-bit floating point`,
        ...input.facts.map(([name, value]) => `- ${name}: ${value}`),
      ].join("\n"),
      `Trained by\n\n\`\`\`\n${input.command}\n\`\`\``,
    ]),
    section("Licence", [
      `${description.licence}.${description.commercialUse ? "" : " Not known to allow commercial use."}`,
    ]),
  ];
  return `${parts.join("\n\n")}\n`;
}

const section = (title: string, paragraphs: readonly string[]) => `## ${title}\n\n${paragraphs.join("\n\n")}`;

function casesText(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST_NAMES).join(", ");
  const rest = ids.length - MOST_NAMES;
  return `${ids.length} case${ids.length === 1 ? "" : "s"} (${shown}${rest > 0 ? ` and ${rest} more; all are in training/run.json` : ""})`;
}

function resultText({ description, scores, crossValidation }: CardInput): string {
  const names = description.labels.map(({ name }) => name);
  const parts: string[] = [];
  if (scores) {
    parts.push(
      `Dice on the ${scores.cases.length} held-out case${scores.cases.length === 1 ? "" : "s"}, each on its scan's own grid, without test-time mirroring. A structure that is neither in the truth nor predicted does not count.`,
      table(names, scores),
    );
  }
  if (crossValidation) {
    parts.push(
      `Cross-validation in ${crossValidation.folds} folds: Dice of ${crossValidation.scores.cases.length} cases, each judged by the one network that had not seen it. This model averages the scores of all of them; it should do no worse, but no case is left to show it.`,
      table(names, crossValidation.scores),
    );
  }
  return parts.length > 0
    ? parts.join("\n\n")
    : "Not measured: no case was held out. Try it on labelled scans of your own before you rely on it.";
}

const WARNINGS = "How it tells that it is wrong";

/** A card with what its model has learnt of that since. */
export function withWarningSection(card: string, description: ModelFile): string {
  const sections = card.split(/^(?=## )/m).filter((text) => !text.startsWith(`## ${WARNINGS}\n`));
  const place = sections.findIndex((text) => text.startsWith("## Limits\n"));
  const added = warningSection(description).map((text) => `${text}\n\n`);
  sections.splice(place < 0 ? sections.length : place, 0, ...added);
  return sections.join("");
}

function warningSection({
  calibration,
  outOfDistribution,
}: Pick<ModelFile, "calibration" | "outOfDistribution">): string[] {
  const parts: string[] = [];
  if (calibration) {
    parts.push(
      `The confidence it gives is the Dice to expect, learnt from the ${calibration.cases} held-out cases; of a case left out of that it was ${calibration.meanError.toFixed(3)} off on average. Of scans unlike those it says nothing.`,
    );
  }
  if (outOfDistribution) {
    parts.push(
      `It warns of scans that look unlike ${outOfDistribution.cases} of those it has learnt from (Mahalanobis distance of its deepest features above ${outOfDistribution.limit.toFixed(2)}, or an unusual size or brightness). A scan without a warning may still be labelled wrongly.`,
    );
  }
  return parts.length > 0 ? [section(WARNINGS, parts)] : [];
}

function table(names: readonly string[], { cases, structures, mean }: Scores): string {
  const text = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : value.toFixed(3);
  const rows = names.map((name, i) => {
    const values = cases.flatMap(({ dice }) => dice[i] ?? []).sort((a, b) => a - b);
    return `| ${name} | ${text(structures[i])} | ${text(values[0])} | ${text(values.at(-1))} | ${values.length} |`;
  });
  return [
    "| structure | mean Dice | lowest | highest | cases |",
    "|---|---|---|---|---|",
    ...rows,
    `| mean of the structures | ${text(mean)} | | | |`,
  ].join("\n");
}

/** "1.4 million", "31 200". */
export function count(n: number): string {
  if (n >= 1e6) return `${(n / 1e6).toFixed(1)} million`;
  return String(n).replace(/\B(?=(\d{3})+$)/g, " ");
}
