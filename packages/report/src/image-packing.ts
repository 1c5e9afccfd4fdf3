/**
 * Voxels as bytes that compress well: differences along x, low and high bytes apart. The page's script
 * unpacks with the same file.
 */
import { deflate, fromBase64, inflate, toBase64 } from "./compression.js";

/** Low bytes of all values, then high bytes. */
function splitBytes(values: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    bytes[i] = values[i]! & 255;
    bytes[values.length + i] = values[i]! >>> 8;
  }
  return bytes;
}

function joinBytes(bytes: Uint8Array): Uint16Array {
  const count = bytes.length / 2;
  const values = new Uint16Array(count);
  for (let i = 0; i < count; i++) values[i] = bytes[i]! | (bytes[count + i]! << 8);
  return values;
}

/** Values -> base64 of deflated differences; a difference that overflows 16 bits wraps and comes back. */
export async function packImage(data: Int16Array): Promise<string> {
  const differences = new Uint16Array(data.length);
  for (let i = data.length - 1; i > 0; i--) differences[i] = data[i]! - data[i - 1]!;
  if (data.length > 0) differences[0] = data[0]!;
  return toBase64(await deflate(splitBytes(differences)));
}

export async function unpackImage(text: string): Promise<Int16Array> {
  const values = joinBytes(await inflate(fromBase64(text)));
  const data = new Int16Array(values.length);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum = (sum + values[i]!) & 0xffff;
    data[i] = sum;
  }
  return data;
}

/** Structure numbers -> base64; runs of equal numbers are what deflate is good at. */
export async function packLabels(labels: Uint16Array): Promise<string> {
  return toBase64(await deflate(splitBytes(labels)));
}

export async function unpackLabels(text: string): Promise<Uint16Array> {
  return joinBytes(await inflate(fromBase64(text)));
}
