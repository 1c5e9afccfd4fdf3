/**
 * Events, their triggers, delays and priorities, whatever moves the state between them. The rules are SBML's
 * (Level 3 Version 2, section 4.11), which contain the simpler ones of other formats.
 */
import { failedError } from "@viscera/core";
import { type Expression, number } from "../expression/index.js";

export interface EventSpec {
  /** True (not 0) when the event's condition holds. */
  trigger: Expression;
  /** Time between trigger and execution; 0 where left out. */
  delay?: Expression;
  /** The event of the highest priority goes first; those without come last. */
  priority?: Expression;
  /** False: a trigger that becomes false again before execution calls the event off. Default true. */
  persistent?: boolean;
  /** Whether the trigger counts as true before the start; false lets it fire at the start. Default true. */
  initiallyTrue?: boolean;
  /** Whether assigned values are computed when triggered or when executed. Default true. */
  valuesFromTriggerTime?: boolean;
  /** All values are computed before any is assigned. Targets are what the host of the events can assign. */
  assignments: readonly { target: string; value: Expression }[];
}

/** A number drawn anew whenever events are looked at for their values; `symbol` is a parameter. */
export interface RandomQuantity {
  symbol: string;
  /** What the distribution depends on; may hold symbols of earlier draws. */
  arguments: readonly Expression[];
  /** A value of the distribution for a uniform number from (0, 1). */
  quantile(uniform: number, values: readonly number[]): number;
}

/** Where an event's expressions lie among the values that a host computes. */
export interface EventPlaces {
  trigger: number;
  delay: number;
  priority: number;
  values: number[];
}

/** Adds every expression of the events by `add`, which returns its place. */
export function placeEvents(
  events: readonly EventSpec[],
  add: (expression: Expression) => number,
): EventPlaces[] {
  return events.map((event) => ({
    trigger: add(event.trigger),
    delay: add(event.delay ?? number(0)),
    priority: add(event.priority ?? number(Number.NEGATIVE_INFINITY)),
    values: event.assignments.map(({ value }) => add(value)),
  }));
}

/** What events act on. */
export interface EventHost {
  /** Values of everything placed, at a time and the state that the host is in; valid until the next call. */
  values(time: number): Float64Array;
  /** Assigns to the targets of one event at once. */
  assign(time: number, assigned: readonly { target: string; value: number }[]): void;
  /** Draws what is random in delays and values. */
  redraw(time: number): void;
  /** A number from 0 to 1 to choose among events of equal priority. */
  random(): number;
}

interface Pending {
  event: number;
  time: number;
  /** Values computed at trigger time. */
  values: number[] | null;
}

/** Events executed at one time; more are taken for an endless loop. */
const LARGEST_CASCADE = 10_000;

export class EventQueue {
  readonly #events: readonly EventSpec[];
  readonly #places: readonly EventPlaces[];
  readonly #host: EventHost;
  readonly #largestCascade: number;
  readonly #pending: Pending[] = [];
  #held: boolean[];

  constructor(
    events: readonly EventSpec[],
    places: readonly EventPlaces[],
    host: EventHost,
    largestCascade = LARGEST_CASCADE,
  ) {
    this.#events = events;
    this.#places = places;
    this.#host = host;
    this.#largestCascade = largestCascade;
    this.#held = events.map((event) => event.initiallyTrue ?? true);
  }

  /** Time of the next execution that is already decided on. */
  get due(): number {
    return this.#pending.reduce((least, { time }) => Math.min(least, time), Number.POSITIVE_INFINITY);
  }

  /** Whether some trigger is not what it was when the events were last settled, by values computed anew. */
  changed(values: ArrayLike<number>): boolean {
    return this.#places.some(({ trigger }, i) => holds(values[trigger]!) !== this.#held[i]);
  }

  /**
   * Triggers and executes events at one time until nothing more happens; true when something was executed. Throws
   * `failed.event-loop`, `failed.event-delay`.
   */
  settle(time: number): boolean {
    if (this.#events.length === 0) return false;
    for (let executed = 0; ; executed++) {
      this.#trigger(time);
      const due = this.#pending.filter((entry) => entry.time <= time);
      if (due.length === 0) return executed > 0;
      if (executed >= this.#largestCascade) {
        throw failedError(
          "event-loop",
          `More than ${this.#largestCascade} events happened at time ${time}.`,
          "Two events seem to trigger each other without end.",
        );
      }
      const chosen = this.#choose(due, time);
      this.#pending.splice(this.#pending.indexOf(chosen), 1);
      this.#execute(chosen, time);
    }
  }

  /** Notes events whose trigger became true and forgets those that are called off. */
  #trigger(time: number): void {
    let values = this.#host.values(time);
    const now = this.#places.map(({ trigger }) => holds(values[trigger]!));
    if (now.some((is, event) => is && !this.#held[event])) {
      this.#host.redraw(time);
      values = this.#host.values(time);
    }
    for (const [event, place] of this.#places.entries()) {
      const spec = this.#events[event]!;
      if (now[event] && !this.#held[event]) {
        const delay = values[place.delay]!;
        if (!(delay >= 0)) {
          throw failedError(
            "event-delay",
            `The delay of event ${event + 1} is ${delay} at time ${time}.`,
            "A delay cannot be negative.",
          );
        }
        this.#pending.push({
          event,
          time: time + delay,
          values: (spec.valuesFromTriggerTime ?? true) ? place.values.map((at) => values[at]!) : null,
        });
      } else if (!now[event] && spec.persistent === false) {
        for (let i = this.#pending.length - 1; i >= 0; i--) {
          if (this.#pending[i]!.event === event) this.#pending.splice(i, 1);
        }
      }
    }
    this.#held = now;
  }

  #choose(due: readonly Pending[], time: number): Pending {
    const values = this.#host.values(time);
    const priority = ({ event }: Pending) => values[this.#places[event]!.priority]!;
    const highest = Math.max(...due.map(priority));
    const first = due.filter((entry) => priority(entry) === highest || Number.isNaN(highest));
    return first[Math.min(first.length - 1, Math.floor(this.#host.random() * first.length))]!;
  }

  #execute({ event, values: kept }: Pending, time: number): void {
    if (kept === null) this.#host.redraw(time);
    const computed = this.#host.values(time);
    const values = kept ?? this.#places[event]!.values.map((at) => computed[at]!);
    this.#host.assign(
      time,
      this.#events[event]!.assignments.map(({ target }, i) => ({ target, value: values[i]! })),
    );
  }
}

function holds(value: number): boolean {
  return value !== 0 && !Number.isNaN(value);
}
