import type { BlockType } from "./block.js";
import * as boundaries from "./boundaries.js";
import * as chambers from "./chambers.js";
import { closedLoopHeart } from "./closed-loop-heart.js";
import * as coronaries from "./coronaries.js";
import * as junctions from "./junctions.js";
import * as valves from "./valves.js";
import * as vessels from "./vessels.js";

export type { BlockEquations, BlockInputs, BlockParameter, BlockSetting, BlockType } from "./block.js";
export { HEART } from "./closed-loop-heart.js";

/** Every kind of block, by the name that files give it. */
export const BLOCK_TYPES: ReadonlyMap<string, BlockType> = new Map(
  [vessels, junctions, boundaries, coronaries, { closedLoopHeart }, chambers, valves]
    .flatMap((module) => Object.values<BlockType>(module))
    .map((type) => [type.type, type]),
);
