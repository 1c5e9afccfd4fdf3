/** For tests: pickles and checkpoints written instruction by instruction. */
import { zipSync } from "fflate";

type Part = string | number[] | Uint8Array;

/** Joins instructions: text as Latin-1, numbers as bytes. */
export function bytesOf(...parts: Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? [...part].map((letter) => letter.charCodeAt(0)) : [...part],
    ),
  );
}

export const PROTO2 = [0x80, 2];
export const PROTO4 = [0x80, 4];

/** Short text of protocol 2 on (BINUNICODE). */
export function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [0x58, bytes.length & 255, bytes.length >> 8, 0, 0, ...bytes];
}

export function int(value: number): number[] {
  return [0x4a, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
}

export function tuple(...items: number[][]): number[] {
  return [0x28, ...items.flat(), 0x74];
}

export function global(module: string, name: string): number[] {
  return [...bytesOf(`c${module}\n${name}\n`)];
}

export function call(callable: number[], ...args: number[][]): number[] {
  return [...callable, ...tuple(...args), 0x52];
}

export function dictionary(items: Record<string, number[]>): number[] {
  return [0x7d, 0x28, ...Object.entries(items).flatMap(([key, value]) => [...text(key), ...value]), 0x75];
}

export function storage(type: string, key: string, length: number): number[] {
  return [...tuple(text("storage"), global("torch", type), text(key), text("cpu"), int(length)), 0x51];
}

export function tensor(stored: number[], offset: number, dims: number[], strides: number[]): number[] {
  return call(
    global("torch._utils", "_rebuild_tensor_v2"),
    stored,
    int(offset),
    tuple(...dims.map(int)),
    tuple(...strides.map(int)),
    [0x89],
    [0x7d],
  );
}

/** A checkpoint in the zip format; `stored` are its storages by key. */
export function checkpoint(
  pickle: number[] | Uint8Array,
  stored: Record<string, Uint8Array> = {},
  level: 0 | 6 = 0,
): Uint8Array {
  const data = Object.entries(stored).map(([key, bytes]) => [`m/data/${key}`, bytes] as const);
  return zipSync(
    { "m/data.pkl": Uint8Array.from([...PROTO2, ...pickle, 0x2e]), ...Object.fromEntries(data) },
    { level },
  );
}

export const float32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
