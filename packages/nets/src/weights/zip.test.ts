import assert from "node:assert/strict";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { bytesAsSource, crc32, openZip } from "@viscera/nets";
import { zipSync } from "fflate";

const encode = (text: string) => new TextEncoder().encode(text);
const broken = (pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === "input.zip" && pattern.test(error.message);

test("stored and deflated entries, folders and links are read", () => {
  const bytes = zipSync({
    "a/": new Uint8Array(0),
    "a/long.txt": [encode("ab".repeat(5000)), { level: 9 }],
    "ü.bin": [Uint8Array.of(1, 2, 3), { level: 0 }],
    link: [encode("/etc/passwd"), { os: 3, attrs: 0o120777 << 16 }],
  });
  const archive = openZip(bytesAsSource(bytes));
  assert.deepEqual(
    [...archive.entries.values()].map(({ name, kind }) => [name, kind]),
    [
      ["a/", "folder"],
      ["a/long.txt", "file"],
      ["ü.bin", "file"],
      ["link", "link"],
    ],
  );
  const read = (name: string) => archive.read(archive.entries.get(name)!);
  assert.equal(new TextDecoder().decode(read("a/long.txt")), "ab".repeat(5000));
  assert.deepEqual([...read("ü.bin")], [1, 2, 3]);
  assert.equal(read("ü.bin").buffer, bytes.buffer);
  assert.equal(crc32(encode("123456789")), 0xcbf43926);
  assert.equal(crc32(encode("6789"), crc32(encode("12345"))), 0xcbf43926);
});

/** The archive in the form for large files: every 32-bit size is full and the true one beside it. */
function zip64(name: string, content: Uint8Array): Uint8Array {
  const file = encode(name);
  const local = new DataView(new ArrayBuffer(30));
  const central = new DataView(new ArrayBuffer(46));
  const extra = new DataView(new ArrayBuffer(28));
  for (const [view, at] of [
    [local, 14],
    [central, 16],
  ] as const) {
    view.setUint32(at, crc32(content), true);
    view.setUint32(at + 4, 0xffffffff, true);
    view.setUint32(at + 8, 0xffffffff, true);
    view.setUint16(at + 12, file.length, true);
  }
  local.setUint32(0, 0x04034b50, true);
  central.setUint32(0, 0x02014b50, true);
  central.setUint16(30, 28, true);
  central.setUint32(42, 0xffffffff, true);
  extra.setUint16(0, 1, true);
  extra.setUint16(2, 24, true);
  extra.setBigUint64(4, BigInt(content.length), true);
  extra.setBigUint64(12, BigInt(content.length), true);
  extra.setBigUint64(20, 0n, true);
  const directoryAt = 30 + file.length + content.length;
  const record = new DataView(new ArrayBuffer(56 + 20 + 22));
  record.setUint32(0, 0x06064b50, true);
  record.setBigUint64(32, 1n, true);
  record.setBigUint64(40, BigInt(46 + file.length + 28), true);
  record.setBigUint64(48, BigInt(directoryAt), true);
  record.setUint32(56, 0x07064b50, true);
  record.setBigUint64(64, BigInt(directoryAt + 46 + file.length + 28), true);
  record.setUint32(76, 0x06054b50, true);
  for (const at of [84, 86]) record.setUint16(at, 0xffff, true);
  for (const at of [88, 92]) record.setUint32(at, 0xffffffff, true);
  const parts = [local, file, content, central, file, extra, record];
  return Uint8Array.from(
    parts.flatMap((part) => [...(part instanceof DataView ? new Uint8Array(part.buffer) : part)]),
  );
}

test("zip64 sizes and directories are read, also where they lie", () => {
  const bytes = zip64("w.bin", Uint8Array.of(5, 6, 7));
  const archive = openZip(bytesAsSource(bytes));
  assert.deepEqual([...archive.read(archive.entries.get("w.bin")!)], [5, 6, 7]);
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = new Uint8Array(bytes);
      changed[at] = value;
      try {
        const damaged = openZip(bytesAsSource(changed));
        for (const entry of damaged.entries.values()) damaged.read(entry);
      } catch (error) {
        assert.ok(error instanceof VisceraError, String(error));
      }
    }
  }
});

test("archives that lie are refused", () => {
  const plain = zipSync({ "a.txt": encode("hello ".repeat(100)), "b.txt": [encode("b"), { level: 0 }] });
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer);
  const central = plain.findIndex(
    (_, i) => i + 4 <= plain.length && view(plain).getUint32(i, true) === 0x02014b50,
  );
  const changed = (change: (view: DataView) => void) => {
    const copy = new Uint8Array(plain);
    change(view(copy));
    return copy;
  };
  const second = central + 46 + 5;
  for (const [bytes, why] of [
    [changed((v) => v.setUint32(central + 24, 2 ** 31, true)), /cannot have/],
    [changed((v) => v.setUint32(central + 20, 2 ** 31, true)), /reaches into/],
    [changed((v) => v.setUint32(second + 42, 0, true)), /reaches into/],
    [changed((v) => v.setUint16(central + 8, 1, true)), /encrypted/],
    [changed((v) => v.setUint16(central + 10, 14, true)), /method 14/],
    [changed((v) => v.setUint8(second + 46, 0x61)), /twice/],
    [changed((v) => v.setUint32(plain.length - 22 + 16, 2 ** 31, true)), /claims more/],
    [changed((v) => v.setUint16(plain.length - 22 + 10, 60000, true)), /claims more/],
    [new Uint8Array(0), /directory is missing/],
  ] as const) {
    assert.throws(() => openZip(bytesAsSource(bytes)), broken(why));
  }
  const wrong = openZip(bytesAsSource(changed((v) => v.setUint32(central + 16, 1, true))));
  assert.throws(() => wrong.read(wrong.entries.get("a.txt")!), broken(/checksum/));
  const longer = openZip(bytesAsSource(changed((v) => v.setUint32(central + 24, 10, true))));
  assert.throws(() => longer.read(longer.entries.get("a.txt")!), broken(/checksum/));
});
