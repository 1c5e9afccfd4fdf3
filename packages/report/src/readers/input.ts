import type { Volume } from "@viscera/core";

/** A question that is asked about every case. */
export type StudyQuestion =
  | { id: string; text: string; kind: "choice"; options: readonly string[] }
  | {
      id: string;
      text: string;
      kind: "scale";
      least: number;
      most: number;
      ends?: readonly [string, string] | undefined;
    };

/** A case to read; its axes run right, anterior, superior. */
export interface StudyCase {
  id: string;
  scan: Volume;
}

export interface StudyInput {
  title: string;
  /** Which of two ways of reading this is ("unaided", "aided"), where there are two. */
  arm: string | null;
  instructions: string;
  questions: readonly StudyQuestion[];
  cases: readonly StudyCase[];
  version: string;
}

/** What the page's script needs to know. */
export interface StudyManifest {
  study: string;
  arm: string | null;
  cases: readonly string[];
  questions: readonly string[];
}
