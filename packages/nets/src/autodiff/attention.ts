import { failedError } from "@viscera/core";
import { shapeText } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

/** Scaled dot-product attention (Vaswani et al., "Attention is all you need", arXiv:1706.03762). */
export function attention(tape: Tape, q: Variable, k: Variable, v: Variable, heads: number): Variable {
  const [batch, tokens, channels] = q.dims as [number, number, number];
  if (q.dims.length !== 3 || channels % heads !== 0) {
    throw failedError("graph", `Queries of ${shapeText(q.dims)} cannot be shared among ${heads} heads.`);
  }
  const split = (x: Variable, order: readonly number[]) =>
    tape.transpose(tape.reshape(x, [batch, x.dims[1]!, heads, x.dims[2]! / heads]), order);
  const scaled = tape.mul(q, tape.constant(1 / Math.sqrt(channels / heads)));
  const scores = tape.matMul(split(scaled, [0, 2, 1, 3]), split(k, [0, 2, 3, 1]));
  const mixed = tape.matMul(tape.softmax(scores, -1), split(v, [0, 2, 1, 3]));
  return tape.reshape(tape.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, v.dims[2]!]);
}
