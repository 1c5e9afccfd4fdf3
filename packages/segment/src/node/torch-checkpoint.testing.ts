/** For tests: a state_dict in PyTorch's format before 1.6, which needs no archive around it. */
import type { Weights } from "@viscera/nets";

const encoder = new TextEncoder();

function text(value: string): number[] {
  const bytes = encoder.encode(value);
  return [0x58, bytes.length & 255, bytes.length >> 8, 0, 0, ...bytes];
}

function int(value: number): number[] {
  return [0x4a, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
}

const tuple = (...items: number[][]) => [0x28, ...items.flat(), 0x74];
const global = (module: string, name: string) => [...encoder.encode(`c${module}\n${name}\n`)];
const pickle = (...body: number[]) => [0x80, 2, ...body, 0x2e];

/** `torch.save(weights)`, or of `{key: weights}`. */
export function writeCheckpoint(weights: Weights, key: string | null = null): Uint8Array {
  const entries = [...weights].flatMap(([name, { data, dims }], i) => {
    const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((all, n) => all * n, 1));
    const storage = tuple(
      text("storage"),
      global("torch", "FloatStorage"),
      text(String(i)),
      text("cpu"),
      int(data.length),
      [0x4e],
    );
    return [
      ...text(name),
      ...global("torch._utils", "_rebuild_tensor_v2"),
      ...tuple(
        [...storage, 0x51],
        int(0),
        tuple(...dims.map(int)),
        tuple(...strides.map(int)),
        [0x89],
        [0x7d],
      ),
      0x52,
    ];
  });
  const table = [0x7d, 0x28, ...entries, 0x75];
  const keys = [...weights.keys()].flatMap((_, i) => text(String(i)));
  const parts: Uint8Array[] = [
    pickle(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19),
    pickle(0x4d, 0xe9, 3),
    pickle(0x7d),
    pickle(...(key === null ? table : [0x7d, ...text(key), ...table, 0x73])),
    pickle(0x5d, 0x28, ...keys, 0x65),
  ].map((bytes) => Uint8Array.from(bytes));
  for (const { data } of weights.values()) {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
    parts.push(length, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return new Uint8Array(Buffer.concat(parts));
}
