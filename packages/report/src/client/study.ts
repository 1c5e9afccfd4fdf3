/** Brings a reader study to life: one case at a time, slices to scroll through, answers to keep and to save. */
import type { StudyManifest } from "../readers/input.js";

const { study, arm, cases, questions } = JSON.parse(
  document.getElementById("manifest")!.textContent,
) as StudyManifest;
const sections = [...document.querySelectorAll<HTMLElement>(".study-case")];
const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const reader = byId<HTMLInputElement>("reader");
let current = 0;
let saved = true;

/** The answer to a question in a case; null where it is open. */
function answerOf(section: HTMLElement, question: string): string | null {
  const fields = [...section.querySelectorAll<HTMLElement>("fieldset")];
  const field = fields.find((one) => one.dataset["question"] === question);
  return field?.querySelector<HTMLInputElement>("input:checked")?.value ?? null;
}

function answers() {
  return sections.flatMap((section, n) =>
    questions.flatMap((question) => {
      const value = answerOf(section, question);
      return value === null ? [] : [{ case: cases[n]!, question, value }];
    }),
  );
}

function show(n: number): void {
  current = n;
  sections.forEach((section, i) => {
    section.hidden = i !== n;
  });
  byId<HTMLButtonElement>("previous").disabled = n === 0;
  byId<HTMLButtonElement>("next").disabled = n === sections.length - 1;
  tell();
}

function tell(): void {
  const open = cases.length * questions.length - answers().length;
  byId("progress").textContent =
    open === 0
      ? `All questions are answered${saved ? "." : ", not yet saved."}`
      : `${open} question${open === 1 ? " is" : "s are"} open.`;
}

function startSlices(section: HTMLElement): void {
  const slices = [...section.querySelectorAll<SVGElement>(".study-slice")];
  const input = section.querySelector<HTMLInputElement>("input[type=range]")!;
  const position = section.querySelector<HTMLElement>(".study-position")!;
  const draw = () => {
    slices.forEach((slice, i) => slice.toggleAttribute("hidden", i !== Number(input.value)));
    position.textContent = slices[Number(input.value)]!.getAttribute("aria-label");
  };
  input.addEventListener("input", draw);
  section.querySelector(".study-view")!.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      input.value = String(Number(input.value) + Math.sign((event as WheelEvent).deltaY));
      draw();
    },
    { passive: false },
  );
  draw();
}

function save(): void {
  const name = reader.value.trim();
  if (name === "") {
    byId("progress").textContent = "Write your name or code first.";
    reader.focus();
    return;
  }
  const content = JSON.stringify({ schema: 1, study, arm, reader: name, answers: answers() }, null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${content}\n`], { type: "application/json" }));
  link.download = `answers-${[name, arm]
    .filter(Boolean)
    .join("-")
    .replace(/[^\w-]+/g, "_")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  saved = true;
  tell();
}

for (const section of sections) {
  startSlices(section);
  section.querySelector("form")!.addEventListener("change", () => {
    saved = false;
    tell();
  });
}
byId("previous").addEventListener("click", () => show(current - 1));
byId("next").addEventListener("click", () => show(current + 1));
byId("save").addEventListener("click", save);
addEventListener("beforeunload", (event) => {
  if (!saved) event.preventDefault();
});
show(0);
document.documentElement.dataset["ready"] = "true";
