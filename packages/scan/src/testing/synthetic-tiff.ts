/** TIFF bytes made by hand, for tests: either size and byte order, strips or tiles, any compression. */

export interface SyntheticPage {
  /** Strips or tiles, packed as `fields` says. */
  parts: readonly Uint8Array[];
  /** Type and values by tag: 2 text, 3 and 4 integers, 5 pairs, 16 64-bit integers. */
  fields: Readonly<Record<number, readonly [type: number, values: readonly number[] | string]>>;
}

export interface SyntheticTiff {
  big?: boolean;
  littleEndian?: boolean;
  pages: readonly SyntheticPage[];
}

const WIDTHS: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 5: 4, 16: 8 };

export function syntheticTiff({ big = false, littleEndian = true, pages }: SyntheticTiff): Uint8Array {
  const bytes: number[] = [];
  const number = (value: number, width: number) => {
    const digits = Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);
    return littleEndian ? digits : digits.reverse();
  };
  const word = big ? 8 : 4;
  const put = (at: number, digits: readonly number[]) => {
    for (const [i, digit] of digits.entries()) bytes[at + i] = digit;
  };
  put(0, littleEndian ? [0x49, 0x49] : [0x4d, 0x4d]);
  put(2, number(big ? 43 : 42, 2));
  if (big) put(4, [...number(8, 2), 0, 0]);
  let link = big ? 8 : 4;
  put(link, number(0, word));
  for (const { parts, fields } of pages) {
    const places = parts.map((part) => {
      const place = bytes.length;
      for (const byte of part) bytes.push(byte);
      return place;
    });
    const tiled = 322 in fields;
    const all: SyntheticPage["fields"] = {
      [tiled ? 324 : 273]: [big ? 16 : 4, places],
      [tiled ? 325 : 279]: [4, parts.map((part) => part.length)],
      ...fields,
    };
    const entries = Object.entries(all).map(([tag, [type, values]]) => {
      const list = typeof values === "string" ? [...new TextEncoder().encode(values), 0] : [...values];
      const digits = list.flatMap((value) => number(value, WIDTHS[type]!));
      const count = type === 5 ? list.length / 2 : list.length;
      if (digits.length <= word) return { tag, type, count, digits };
      const place = bytes.length;
      for (const digit of digits) bytes.push(digit);
      return { tag, type, count, digits: number(place, word) };
    });
    put(link, number(bytes.length, word));
    bytes.push(...number(entries.length, big ? 8 : 2));
    for (const { tag, type, count, digits } of entries) {
      const padded = [...digits, ...new Array<number>(word - digits.length).fill(0)];
      bytes.push(...number(Number(tag), 2), ...number(type, 2), ...number(count, word), ...padded);
    }
    link = bytes.length;
    bytes.push(...number(0, word));
  }
  return Uint8Array.from(bytes);
}

/**
 * LZW by section 13 of TIFF 6.0, by a table of strings: a plain reference for the reader. `clearAt` is the number of
 * the entry after which the table starts anew.
 */
export function packLzw(bytes: Uint8Array, clearAt = 4094): Uint8Array {
  const bits: number[] = [];
  let width = 9;
  let next = 258;
  let table = new Map<string, number>();
  const emit = (code: number) => {
    for (let i = width - 1; i >= 0; i--) bits.push((code >> i) & 1);
  };
  const codeOf = (text: string) => (text.length === 1 ? text.charCodeAt(0) : table.get(text)!);
  emit(256);
  let held = "";
  for (const byte of bytes) {
    const longer = held + String.fromCharCode(byte);
    if (longer.length === 1 || table.has(longer)) {
      held = longer;
      continue;
    }
    emit(codeOf(held));
    table.set(longer, next);
    // Wider codes begin with the one after entry 511 (1023, 2047) was made.
    if ([511, 1023, 2047].includes(next)) width++;
    if (next++ === clearAt) {
      emit(256);
      table = new Map();
      next = 258;
      width = 9;
    }
    held = longer.at(-1)!;
  }
  if (held) {
    emit(codeOf(held));
    // The decoder makes an entry for this code too, so the last code may be one bit wider.
    if ([511, 1023, 2047].includes(next)) width++;
  }
  emit(257);
  while (bits.length % 8) bits.push(0);
  return Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((sum, bit) => 2 * sum + bit, 0),
  );
}

/** PackBits: runs of three and more, the rest as literals. */
export function packBits(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let run = 1;
    while (run < 128 && bytes[at + run] === bytes[at]) run++;
    if (run > 2) {
      out.push(257 - run, bytes[at]!);
      at += run;
      continue;
    }
    let end = at + 1;
    while (
      end < bytes.length &&
      end - at < 128 &&
      !(bytes[end] === bytes[end + 1] && bytes[end] === bytes[end + 2])
    )
      end++;
    // 128 says nothing and may stand anywhere.
    out.push(128, end - at - 1, ...bytes.subarray(at, end));
    at = end;
  }
  return Uint8Array.from(out);
}
