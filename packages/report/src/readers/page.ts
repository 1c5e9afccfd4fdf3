/** A page on which a reader looks at cases and answers questions; the answers are saved as a file. */
import { CLIENT_STYLE, STUDY_SCRIPT } from "../client-bundle.js";
import { documentText } from "../document.js";
import { html, type Markup } from "../html.js";
import { PLANES, sliceCaption, sliceWalk } from "../planes.js";
import { pngDataUri } from "../png.js";
import { masthead } from "../sections/header.js";
import { type GreyWindow, windowsFor } from "../windows.js";
import type { StudyCase, StudyInput, StudyManifest, StudyQuestion } from "./input.js";

/** Slices of a case at most, evenly through it: each is a picture in the page. */
const MOST_SLICES = 48;

/** One self-contained HTML page; the same input gives the same text. */
export async function buildReaderStudy(input: StudyInput): Promise<string> {
  const { title, arm, instructions, questions, cases } = input;
  const sections: Markup[] = [];
  for (const [n, one] of cases.entries()) sections.push(await caseSection(one, n, input));
  const body = html`<header class="head">
${masthead(arm === null ? "reader study" : `reader study, ${arm}`, title)}
${instructions && html`<p>${instructions}</p>`}
<noscript><p class="notice">This page needs scripts to keep the answers.</p></noscript>
</header>
<main id="main">
<section class="tools"><label>Your name or code <input type="text" id="reader" autocomplete="off"></label>
<button type="button" id="save">Save the answers</button> <span id="progress" role="status"></span></section>
${sections}
<nav class="tools" aria-label="Cases"><button type="button" id="previous">Previous case</button> <button type="button" id="next">Next case</button></nav>
<p class="caption">Answers stay in this page until they are saved as a file. Page made by Viscera ${input.version}; it loads nothing from anywhere.</p>
</main>`;
  const manifest: StudyManifest = {
    study: title,
    arm,
    cases: cases.map(({ id }) => id),
    questions: questions.map(({ id }) => id),
  };
  return documentText({
    title,
    language: "en",
    body,
    manifest,
    blocks: {},
    script: STUDY_SCRIPT,
    style: CLIENT_STYLE,
  });
}

async function caseSection(
  { scan, id }: StudyCase,
  n: number,
  { questions, cases }: StudyInput,
): Promise<Markup> {
  const window = windowOf(scan);
  const count = scan.size[2];
  const shown = Math.min(count, MOST_SLICES);
  const indices = Array.from({ length: shown }, (_, i) => Math.round(((i + 0.5) * count) / shown - 0.5));
  const [across, down] = [0, 1].map((a) =>
    Math.hypot(scan.affine[a]!, scan.affine[4 + a]!, scan.affine[8 + a]!),
  ) as [number, number];
  const slices: Markup[] = [];
  for (const [i, index] of indices.entries()) {
    const uri = await pngDataUri(greySlice(scan, index, window));
    const [wide, high] = [(scan.size[0] * across).toFixed(2), (scan.size[1] * down).toFixed(2)];
    slices.push(
      html`<svg class="study-slice" viewBox="0 0 ${wide} ${high}" role="img" aria-label="${sliceCaption(scan.affine, scan.size, PLANES.axial, index)}"${i !== shown >> 1 && html` hidden`}><image href="${uri}" width="${wide}" height="${high}" preserveAspectRatio="none"/></svg>`,
    );
  }
  return html`<section class="study-case" data-case="${id}"${n > 0 && html` hidden`}><h2>Case ${n + 1} of ${cases.length}</h2>
<div class="study-columns"><div class="study-view">${slices}
<label class="slider">Slice <input type="range" min="0" max="${shown - 1}" step="1" value="${shown >> 1}"></label> <span class="meta study-position"></span>
${shown < count && html`<p class="meta">${shown} of the image's ${count} slices are shown, evenly through it.</p>`}</div>
<form>${questions.map((question) => questionField(question, n))}</form></div></section>`;
}

function questionField(question: StudyQuestion, n: number): Markup {
  const name = `case-${n}-${question.id}`;
  const values =
    question.kind === "choice"
      ? question.options.map((text) => ({ value: text, text }))
      : Array.from({ length: question.most - question.least + 1 }, (_, i) => {
          const value = String(question.least + i);
          return { value, text: value };
        });
  const ends = question.kind === "scale" ? question.ends : undefined;
  return html`<fieldset data-question="${question.id}"><legend>${question.text}</legend>
${ends && html`<span class="meta">${ends[0]}</span> `}${values.map(({ value, text }) => html`<label class="study-answer"><input type="radio" name="${name}" value="${value}"> ${text}</label> `)}${ends && html`<span class="meta">${ends[1]}</span>`}</fieldset>`;
}

function windowOf({ data, modality, unit }: StudyCase["scan"]): GreyWindow {
  let most = 0;
  for (const value of data) most = Math.max(most, Math.abs(value));
  const slope = most / 32_000 || 1;
  const image = { data: Int16Array.from(data, (value) => Math.round(value / slope)), slope, intercept: 0 };
  return windowsFor({ modality, unit }, image)[0]!;
}

function greySlice(scan: StudyCase["scan"], index: number, window: GreyWindow) {
  const { width, height, start, stepAcross, stepDown } = sliceWalk(scan.size, PLANES.axial, index);
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const value = scan.data[start + row * stepDown + column * stepAcross]!;
      const at = 4 * (column + row * width);
      rgba.fill((255 * (value - window.level + window.width / 2)) / window.width, at, at + 3);
    }
  return { width, height, rgba };
}
