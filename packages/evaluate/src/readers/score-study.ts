import { inputError } from "@viscera/core";
import { confusionMatrix, weightedKappa } from "../overlap/confusion-matrix.js";
import { fleissKappa, type IntraclassCorrelation, intraclassCorrelation } from "./agreement.js";
import { type ArmComparison, compareArms } from "./compare-arms.js";
import { rocAreas } from "./delong.js";
import type { ReaderAnswers, ReaderStudy } from "./study-file.js";

/** Area under a reader's ROC curve with its 95 % interval by DeLong's variance. */
export interface ReaderArea {
  reader: string;
  area: number;
  low: number;
  high: number;
}

/** One question under one arm, over the cases that all its readers answered. */
export interface QuestionScore {
  question: string;
  arm: string | null;
  readers: string[];
  cases: string[];
  /** Of a choice: Cohen's kappa of each pair, and Fleiss' of all. */
  cohen: { first: string; second: string; kappa: number }[];
  fleiss: number | null;
  /** Of a scale. */
  correlation: IntraclassCorrelation | null;
  /** Of a scale whose truth is known in every case; null where it is not, or of one kind. */
  areas: ReaderArea[] | null;
}

export interface StudyScore {
  questions: QuestionScore[];
  /** Of scales with truth, where the same readers read in two arms. */
  comparisons: {
    question: string;
    arms: [string, string];
    readers: string[];
    cases: string[];
    result: ArmComparison;
  }[];
}

/** Agreement of the readers, and how well they find what is there. Throws `input.answers` for a reader who stands twice. */
export function scoreStudy(study: ReaderStudy, answers: readonly ReaderAnswers[]): StudyScore {
  const seen = new Set<string>();
  for (const { reader, arm } of answers) {
    const key = `${arm ?? ""}\0${reader}`;
    if (seen.has(key))
      throw inputError("answers", `There are two files of the reader ${reader}${arm ? ` in ${arm}` : ""}.`);
    seen.add(key);
  }
  const arms = [...new Set(answers.map(({ arm }) => arm))];
  const questions = study.questions.flatMap((question) =>
    arms.map((arm) => {
      const readers = answers.filter((one) => one.arm === arm).sort((a, b) => (a.reader < b.reader ? -1 : 1));
      return scoreQuestion(study, question, arm, readers);
    }),
  );
  return {
    questions,
    comparisons: study.questions.flatMap((question) => compareIn(study, question, answers)),
  };
}

type Question = ReaderStudy["questions"][number];

const givenValue = ({ answers }: ReaderAnswers, question: string, one: string) =>
  answers.find((answer) => answer.case === one && answer.question === question)?.value;

/** Cases that all readers answered. */
const wholeCases = (study: ReaderStudy, question: Question, readers: readonly ReaderAnswers[]) =>
  study.cases.filter(({ id }) =>
    readers.every((reader) => givenValue(reader, question.id, id) !== undefined),
  );

/** The truth of a question in some cases; null where one lacks it or there are not two cases of either kind. */
function truthOf(question: Question, cases: ReaderStudy["cases"]): boolean[] | null {
  const truth = cases.map((one) => one.truth[question.id]);
  const positives = truth.filter((value) => value === true).length;
  const whole = truth.every((value) => value !== undefined);
  return whole && positives >= 2 && truth.length - positives >= 2 ? (truth as boolean[]) : null;
}

function scoreQuestion(
  study: ReaderStudy,
  question: Question,
  arm: string | null,
  readers: readonly ReaderAnswers[],
): QuestionScore {
  const cases = wholeCases(study, question, readers);
  const values = readers.map((reader) => cases.map(({ id }) => givenValue(reader, question.id, id)!));
  const score: QuestionScore = {
    question: question.id,
    arm,
    readers: readers.map(({ reader }) => reader),
    cases: cases.map(({ id }) => id),
    cohen: [],
    fleiss: null,
    correlation: null,
    areas: null,
  };
  if (cases.length === 0) return score;
  if (question.kind === "choice") {
    const numbers = values.map((row) => row.map((value) => question.options.indexOf(value)));
    const count = question.options.length;
    for (let b = 1; b < readers.length; b++)
      for (let a = 0; a < b; a++)
        score.cohen.push({
          first: readers[a]!.reader,
          second: readers[b]!.reader,
          kappa: weightedKappa(confusionMatrix(numbers[a]!, numbers[b]!, count)),
        });
    if (readers.length > 1)
      score.fleiss = fleissKappa(
        cases.map((_, c) => question.options.map((__, k) => numbers.filter((row) => row[c] === k).length)),
      );
    return score;
  }
  const ratings = values.map((row) => row.map(Number));
  if (readers.length > 1 && cases.length > 1)
    score.correlation = intraclassCorrelation(cases.map((_, c) => ratings.map((row) => row[c]!)));
  const truth = truthOf(question, cases);
  if (truth) {
    const { areas, covariances } = rocAreas(ratings, truth);
    score.areas = areas.map((area, r) => {
      const reach = 1.959963984540054 * Math.sqrt(covariances[r]![r]!);
      return {
        reader: readers[r]!.reader,
        area,
        low: Math.max(0, area - reach),
        high: Math.min(1, area + reach),
      };
    });
  }
  return score;
}

function compareIn(
  study: ReaderStudy,
  question: Question,
  answers: readonly ReaderAnswers[],
): StudyScore["comparisons"] {
  const [first, second] = study.arms;
  if (question.kind !== "scale" || first === undefined || second === undefined) return [];
  const of = (arm: string) => answers.filter((one) => one.arm === arm);
  const readers = of(first).flatMap((one) =>
    of(second).some(({ reader }) => reader === one.reader) ? [one.reader] : [],
  );
  const sorted = [...readers].sort();
  const pick = (arm: string) => sorted.map((reader) => of(arm).find((one) => one.reader === reader)!);
  const cases = wholeCases(study, question, [...pick(first), ...pick(second)]);
  const truth = truthOf(question, cases);
  if (sorted.length < 2 || !truth) return [];
  const ratings = (arm: string) =>
    pick(arm).map((one) => cases.map(({ id }) => Number(givenValue(one, question.id, id))));
  return [
    {
      question: question.id,
      arms: [first, second],
      readers: sorted,
      cases: cases.map(({ id }) => id),
      result: compareArms([ratings(first), ratings(second)], truth),
    },
  ];
}
