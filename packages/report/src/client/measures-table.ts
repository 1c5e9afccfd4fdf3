/** Sorting, searching, copying and selecting in the table of measures. */
import type { Selection } from "./selection.js";

export function startMeasures(selection: Selection): void {
  const table = document.querySelector<HTMLTableElement>("#measures-table");
  if (!table) return;
  const bodies = [...table.tBodies];
  const rows = [...table.querySelectorAll<HTMLTableRowElement>("tr[data-structure]")];
  const groupOf = new Map(bodies.flatMap((body) => [...body.rows].map((row) => [row, body] as const)));
  const bySystem = document.querySelector<HTMLButtonElement>("#measures-by-system")!;
  const sorted = document.createElement("tbody");
  const headings = [...table.querySelectorAll<HTMLTableCellElement>("th[data-column]")];

  const ungroup = (heading: HTMLTableCellElement, direction: 1 | -1) => {
    const column = Number(heading.dataset["column"]);
    const key = (row: HTMLTableRowElement) => row.cells[column]!.dataset["sort"];
    const compare = (a: HTMLTableRowElement, b: HTMLTableRowElement) => {
      const [ka, kb] = [key(a), key(b)];
      if (ka === undefined || kb === undefined) return Number(ka === undefined) - Number(kb === undefined);
      return (
        direction * (column === 0 ? ka.localeCompare(kb, "en", { numeric: true }) : Number(ka) - Number(kb))
      );
    };
    sorted.replaceChildren(...[...rows].sort(compare));
    for (const body of bodies) body.remove();
    table.append(sorted);
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    bySystem.hidden = false;
  };
  const regroup = () => {
    sorted.remove();
    for (const row of rows) groupOf.get(row)!.append(row);
    table.append(...bodies);
    for (const heading of headings) heading.removeAttribute("aria-sort");
    bySystem.hidden = true;
  };
  for (const heading of headings) {
    // The button carries the keyboard; names sort upwards first, numbers downwards.
    const sorter = document.createElement("button");
    sorter.type = "button";
    sorter.append(...heading.childNodes);
    heading.append(sorter);
    sorter.addEventListener("click", () => {
      const now = heading.getAttribute("aria-sort");
      const first = heading.dataset["column"] === "0" ? 1 : -1;
      const second = (now === "ascending" ? 1 : -1) === first;
      ungroup(heading, now === null || !second ? first : (-first as 1 | -1));
    });
  }
  bySystem.addEventListener("click", regroup);

  const search = document.querySelector<HTMLInputElement>("#measures-search")!;
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const row of rows) {
      const group = groupOf.get(row)!.rows[0]!.textContent;
      row.hidden = wanted !== "" && !`${row.cells[0]!.textContent} ${group}`.toLowerCase().includes(wanted);
    }
    for (const body of bodies) body.hidden = !rows.some((row) => groupOf.get(row) === body && !row.hidden);
  });

  const copy = document.querySelector<HTMLButtonElement>("#measures-copy")!;
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    const lines = [table.tHead!.rows[0]!, ...rows.filter((row) => !row.hidden)].map((row) =>
      [...row.cells].map((cell) => (cell.textContent ?? "").replace(/\s+/g, " ").trim()).join("\t"),
    );
    const said = await navigator.clipboard.writeText(lines.join("\n")).then(
      () => "Copied",
      () => "The browser refused",
    );
    const before = copy.textContent;
    copy.textContent = said;
    setTimeout(() => {
      copy.textContent = before;
    }, 1600);
  });

  for (const row of rows) {
    const name = row.querySelector(".name")!;
    const chooser = document.createElement("button");
    chooser.type = "button";
    chooser.className = "name";
    chooser.title = "Show in slices and scene";
    chooser.textContent = name.textContent;
    name.replaceWith(chooser);
    chooser.addEventListener("click", () => {
      const structure = Number(row.dataset["structure"]);
      selection.select(selection.choice.selected === structure ? null : structure);
    });
  }
  selection.subscribe(({ selected }, change) => {
    if (change !== "selected") return;
    for (const row of rows) {
      const chosen = Number(row.dataset["structure"]) === selected;
      row.classList.toggle("is-selected", chosen);
      row.querySelector("button.name")!.setAttribute("aria-pressed", String(chosen));
    }
  });
}
