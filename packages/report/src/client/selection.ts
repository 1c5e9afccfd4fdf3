/** Which structure is selected and which are hidden: shared by slices, scene and table. */

export interface Choice {
  /** Structure number counted from 1; null when none is selected. */
  selected: number | null;
  /** By structure number. */
  hidden: boolean[];
}

type Listener = (choice: Readonly<Choice>, change: "selected" | "hidden") => void;

export class Selection {
  readonly #listeners: Listener[] = [];
  readonly choice: Choice;

  readonly #hiddenAtFirst: readonly boolean[];

  /** `hiddenAtFirst` by structure, from the first on. */
  constructor(hiddenAtFirst: readonly boolean[]) {
    this.#hiddenAtFirst = hiddenAtFirst;
    this.choice = { selected: null, hidden: [false, ...hiddenAtFirst] };
  }

  /** Back to what the page opened with. */
  reset(): void {
    this.#hiddenAtFirst.forEach((hidden, i) => {
      this.choice.hidden[i + 1] = hidden;
    });
    this.#tell("hidden");
    this.select(null);
  }

  subscribe(listener: Listener): void {
    this.#listeners.push(listener);
  }

  select(structure: number | null): void {
    this.choice.selected = structure;
    if (structure !== null && this.choice.hidden[structure]) {
      this.choice.hidden[structure] = false;
      this.#tell("hidden");
    }
    this.#tell("selected");
  }

  /** Shows or hides some structures. */
  show(structures: readonly number[], visible: boolean): void {
    for (const structure of structures) this.choice.hidden[structure] = !visible;
    this.#tell("hidden");
  }

  /** Hides all but some structures. */
  isolate(structures: readonly number[]): void {
    this.choice.hidden.fill(true);
    this.show(structures, true);
  }

  #tell(change: "selected" | "hidden"): void {
    for (const listener of this.#listeners) listener(this.choice, change);
  }
}
