/** Weights as the blocked convolutions take them. */

export interface BlockedWeights {
  data: Float32Array;
  dims: [number, number, number, number];
}

/**
 * `weight(o, i, row, column)` as [outputs / block, inputs / block, rows, columns, block (inputs), block (outputs)],
 * or without blocks of inputs where the image has none. Channels that fill a block are 0.
 */
export function blockWeights(
  outputs: number,
  inputs: number,
  [rows, columns]: readonly [number, number],
  block: number,
  blockedInput: boolean,
  weight: (o: number, i: number, row: number, column: number) => number,
): BlockedWeights {
  const filledOutputs = Math.ceil(outputs / block) * block;
  const filledInputs = blockedInput ? Math.ceil(inputs / block) * block : inputs;
  const inputBlock = blockedInput ? block : 1;
  const data = new Float32Array(filledOutputs * filledInputs * rows * columns);
  for (let o = 0; o < outputs; o++) {
    const outer = Math.floor(o / block) * (filledInputs / inputBlock);
    for (let i = 0; i < inputs; i++) {
      const base = (outer + Math.floor(i / inputBlock)) * rows * columns;
      const inner = (i % inputBlock) * block + (o % block);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const place = (base + row * columns + column) * inputBlock * block + inner;
          data[place] = weight(o, i, row, column);
        }
      }
    }
  }
  return { data, dims: [filledOutputs, filledInputs, rows, columns] };
}

/** One number a channel, filled to whole blocks with 0. */
export function blockChannels(values: ArrayLike<number>, block: number): Float32Array {
  const data = new Float32Array(Math.ceil(values.length / block) * block);
  data.set(values);
  return data;
}
