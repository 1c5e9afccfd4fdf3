/** A reader study as a file, and what its page saves. */
import { inputError, parseJson } from "@viscera/core";
import { z } from "zod";

const id = z.string().regex(/^[\w.-]+$/, "takes letters, digits, dots, hyphens and underscores only");

const questionSchema = z.discriminatedUnion("kind", [
  z.object({
    id,
    text: z.string().min(1),
    kind: z.literal("choice"),
    options: z.array(z.string().min(1)).min(2),
  }),
  z.object({
    id,
    text: z.string().min(1),
    kind: z.literal("scale"),
    least: z.int().default(1),
    most: z.int().default(5),
    /** What the ends of the scale mean. */
    ends: z.tuple([z.string(), z.string()]).optional(),
  }),
]);

const studySchema = z.object({
  title: z.string().min(1),
  instructions: z.string().default(""),
  /** Ways of reading that are compared, two at most: each gets a page of its own. */
  arms: z.array(id).max(2).default([]),
  questions: z.array(questionSchema).min(1),
  cases: z
    .array(
      z.object({
        id,
        /** Image file, relative to the study's file. */
        image: z.string().min(1),
        /** Whether what a scale asks for is there, by question; never on the page. */
        truth: z.record(z.string(), z.boolean()).default({}),
      }),
    )
    .min(1),
});

const answersSchema = z.object({
  schema: z.literal(1),
  study: z.string(),
  arm: z.string().nullable(),
  reader: z.string().min(1),
  answers: z.array(z.object({ case: z.string(), question: z.string(), value: z.string() })),
});

export type ReaderStudy = z.infer<typeof studySchema>;
export type ReaderAnswers = z.infer<typeof answersSchema>;

/** Throws `input.json`, `input.schema`, and `input.study` for ids that stand twice or a scale without steps. */
export function readStudy(text: string, where: string): ReaderStudy {
  const study = parseJson(text, studySchema, where);
  for (const [what, ids] of [
    ["question", study.questions.map((one) => one.id)],
    ["case", study.cases.map((one) => one.id)],
  ] as const) {
    const twice = ids.find((one, n) => ids.indexOf(one) !== n);
    if (twice !== undefined) throw inputError("study", `${where} has two ${what}s with the id "${twice}".`);
  }
  for (const question of study.questions)
    if (
      question.kind === "scale" &&
      !(question.most > question.least && question.most - question.least <= 100)
    )
      throw inputError(
        "study",
        `The scale of "${question.id}" in ${where} goes from ${question.least} to ${question.most}.`,
        "Give up to 101 whole steps, least first.",
      );
  return study;
}

/** Throws `input.json`, `input.schema`, and `input.answers` for answers to another study. */
export function readAnswers(text: string, where: string, study: ReaderStudy): ReaderAnswers {
  const answers = parseJson(text, answersSchema, where);
  if (answers.study !== study.title)
    throw inputError("answers", `${where} answers the study "${answers.study}", not "${study.title}".`);
  for (const { case: one, question, value } of answers.answers) {
    const asked = study.questions.find((q) => q.id === question);
    const fits =
      asked?.kind === "choice"
        ? asked.options.includes(value)
        : asked !== undefined &&
          /^-?\d+$/.test(value) &&
          Number(value) >= asked.least &&
          Number(value) <= asked.most;
    if (!study.cases.some((c) => c.id === one) || !fits)
      throw inputError(
        "answers",
        `${where} answers "${value}" to ${question} in ${one}, which the study does not ask or offer.`,
      );
  }
  return answers;
}
