/**
 * Surfaces as bytes that compress well. Vertices are put in order of first use, so that most indices are
 * "the next new vertex" (code 0) or a recent one; positions are 16-bit fractions of the bounding box, stored as
 * differences. Codes are variable-length integers of 7 bits a byte.
 */
import type { Mesh } from "@viscera/core";

/** What the page must know besides the bytes. */
export interface PackedMesh {
  vertices: number;
  triangles: number;
  /** World mm of position 0 and 65535. */
  min: [number, number, number];
  max: [number, number, number];
  bytes: Uint8Array;
}

const STEPS = 65535;

class ByteWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;
  /** Unsigned integer below 2^32. */
  write(value: number): void {
    if (this.#length + 5 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value >>> 0;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Signed to unsigned so that small sizes stay small: 0, -1, 1, -2 -> 0, 1, 2, 3. */
const zigzag = (value: number) => ((value << 1) ^ (value >> 31)) >>> 0;
const unzigzag = (code: number) => (code >>> 1) ^ -(code & 1);

/** Positions come back to within half of (box size / 65535) on each axis; unused vertices are dropped. */
export function packMesh({ positions, indices }: Mesh): PackedMesh {
  const order = new Int32Array(positions.length / 3).fill(-1);
  const used: number[] = [];
  const codes = new ByteWriter();
  for (const index of indices) {
    if (order[index] === -1) {
      order[index] = used.length;
      used.push(index);
      codes.write(0);
    } else codes.write(used.length - order[index]!);
  }
  const min: [number, number, number] = [0, 0, 0];
  const max: [number, number, number] = [0, 0, 0];
  for (let axis = 0; axis < 3; axis++) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const vertex of used) {
      low = Math.min(low, positions[vertex * 3 + axis]!);
      high = Math.max(high, positions[vertex * 3 + axis]!);
    }
    min[axis] = used.length > 0 ? low : 0;
    max[axis] = used.length > 0 ? high : 0;
  }
  for (let axis = 0; axis < 3; axis++) {
    const scale = STEPS / (max[axis]! - min[axis]! || 1);
    let previous = 0;
    for (const vertex of used) {
      const step = Math.round((positions[vertex * 3 + axis]! - min[axis]!) * scale);
      codes.write(zigzag(step - previous));
      previous = step;
    }
  }
  return { vertices: used.length, triangles: indices.length / 3, min, max, bytes: codes.finish() };
}

export function unpackMesh({ vertices, triangles, min, max, bytes }: PackedMesh): Mesh {
  let at = 0;
  const read = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const indices = new Uint32Array(triangles * 3);
  let seen = 0;
  for (let i = 0; i < indices.length; i++) {
    const code = read();
    indices[i] = code === 0 ? seen++ : seen - code;
  }
  const positions = new Float32Array(vertices * 3);
  for (let axis = 0; axis < 3; axis++) {
    const scale = (max[axis]! - min[axis]!) / STEPS;
    let step = 0;
    for (let vertex = 0; vertex < vertices; vertex++) {
      step += unzigzag(read());
      positions[vertex * 3 + axis] = min[axis]! + step * scale;
    }
  }
  return { positions, indices };
}
