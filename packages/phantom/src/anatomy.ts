import { RandomStream, type Vec3 } from "@viscera/core";
import { Body } from "./body.js";
import { NoiseField } from "./noise-field.js";
import type { Person } from "./population.js";
import {
  type Box,
  boxAround,
  type Control,
  type Field,
  paint,
  type Recolour,
  type Shape,
  spline,
  type Tube,
} from "./shapes.js";
import { idOf } from "./tissues.js";

interface TubeOptions {
  recolour?: Recolour;
  zWeight?: number;
  stepMm?: number;
  targetMl?: number;
}

/** 1 is the right side (u > 0), -1 the left. */
export type Side = 1 | -1;
export const SIDES: readonly Side[] = [1, -1];
export const sideName = (side: Side): "right" | "left" => (side === 1 ? "right" : "left");

/** The list of a patient's shapes while the parts of the body add theirs; earlier shapes win. */
export class Anatomy {
  readonly shapes: Shape[] = [];
  /** Tubes whose centre line and radii are told as truth. */
  readonly vessels: Tube[] = [];
  readonly person: Person;
  readonly seed: number;
  readonly body: Body;
  /** Low-frequency noise that makes surfaces uneven. */
  readonly bumps: NoiseField;
  readonly #random: RandomStream;
  #draws = 0;

  constructor(person: Person, seed: number) {
    this.person = person;
    this.seed = seed;
    this.body = new Body(person, seed);
    this.bumps = new NoiseField(seed, "phantom.bumps");
    this.#random = new RandomStream(seed, "phantom.anatomy");
  }

  /** A normal deviate times `sd`, cut at two standard deviations. */
  vary(sd: number): number {
    return sd * Math.min(2, Math.max(-2, this.#random.normal(this.#draws++)));
  }

  uniform(): number {
    return this.#random.uniform(this.#draws++);
  }

  solid(name: string, box: Box, field: Field, options: { recolour?: Recolour; target?: boolean } = {}): void {
    this.shapes.push({
      kind: "solid",
      name,
      recolour: options.recolour ?? paint(idOf(name)),
      box,
      field,
      level: 0,
      targetMl: options.target ? this.person.targetsMl[name]! : null,
    });
  }

  /** A tube through control points of the reference frame; radii are in world mm. */
  tube(name: string, controls: readonly Control[], options: TubeOptions = {}): Tube {
    const world = controls.map(([u, v, w, r]) => [...this.body.toWorld(u, v, w), r] as unknown as Control);
    const { points, radii } = spline(world, options.stepMm ?? 4);
    const tube: Tube = {
      kind: "tube",
      name,
      recolour: options.recolour ?? paint(idOf(name)),
      points,
      radii,
      zWeight: options.zWeight ?? 1,
      level: 0,
      targetMl: options.targetMl ?? null,
    };
    this.shapes.push(tube);
    return tube;
  }

  /** A tube that is told as truth under the name of its label, with a suffix for a second branch. */
  vessel(name: string, controls: readonly Control[], suffix = ""): Tube {
    const tube = this.tube(name, controls, { stepMm: 3 });
    tube.name = name + suffix;
    this.vessels.push(tube);
    return tube;
  }

  /** Box of the reference frame around a point. */
  around(centre: Vec3, margin: number): Box {
    return boxAround([centre], margin);
  }
}
