/** The list beside the scene: groups and structures to show, hide, isolate and select. */
import type { Manifest } from "../manifest.js";
import { button, element, swatch } from "./dom.js";
import type { Selection } from "./selection.js";

export function structureList(manifest: Manifest, selection: Selection): HTMLElement {
  const numbers = [...new Set(manifest.meshes.map(({ structure }) => structure))].sort((a, b) => a - b);
  const groups = new Map<string, number[]>();
  for (const number of numbers) {
    const { group } = manifest.structures[number - 1]!;
    groups.set(group, [...(groups.get(group) ?? []), number]);
  }
  const updates: (() => void)[] = [];
  const blocks = [...groups].map(([group, members]) => {
    const box = element("input", { type: "checkbox", "aria-label": `Show ${group}` });
    box.addEventListener("change", () => selection.show(members, box.checked));
    updates.push(() => {
      const shown = members.filter((member) => !selection.choice.hidden[member]).length;
      box.checked = shown === members.length;
      box.indeterminate = shown > 0 && shown < members.length;
    });
    const summary = element(
      "summary",
      {},
      box,
      element("span", { class: "group-name" }, group),
      element("span", { class: "count" }, String(members.length)),
    );
    // The box is part of the summary's row but must not fold it.
    box.addEventListener("click", (event) => event.stopPropagation());
    const rows = members.map((member) => row(member));
    return element("details", { open: members.length <= 12 }, summary, element("ul", {}, ...rows));
  });

  function row(structure: number): HTMLElement {
    const { title, color } = manifest.structures[structure - 1]!;
    const box = element("input", { type: "checkbox", "aria-label": `Show ${title}` });
    box.addEventListener("change", () => selection.show([structure], box.checked));
    const name = button(
      title,
      () => selection.select(selection.choice.selected === structure ? null : structure),
      { class: "name" },
    );
    const only = button("only", () => selection.isolate([structure]), {
      class: "only",
      "aria-label": `Show only ${title}`,
    });
    const item = element("li", {}, box, swatch(color), name, only);
    updates.push(() => {
      box.checked = !selection.choice.hidden[structure];
      const chosen = selection.choice.selected === structure;
      name.setAttribute("aria-pressed", String(chosen));
      item.classList.toggle("is-selected", chosen);
    });
    return item;
  }

  const update = () => {
    for (const one of updates) one();
  };
  update();
  selection.subscribe(update);
  return element("div", { class: "structure-list", role: "group", "aria-label": "Structures" }, ...blocks);
}
