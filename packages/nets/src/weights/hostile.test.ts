import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { OpaqueObject, readTorchFile, TorchTensor, tensorsOf, torchEntry } from "@viscera/nets";
import {
  bytesOf,
  call,
  checkpoint,
  dictionary,
  float32,
  global,
  int,
  PROTO2,
  PROTO4,
  storage,
  tensor,
  text,
  tuple,
} from "./pickle-writer.testing.js";

const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === code && pattern.test(error.message);

const command = text("touch /tmp/owned");

/** Pickles that run `posix.system` (or another function) in Python, by every instruction that can. */
const ATTACKS: Record<string, [body: number[], name: RegExp]> = {
  REDUCE: [call(global("posix", "system"), command), /posix\.system/],
  "a call of a builtin": [call(global("builtins", "eval"), text("1")), /builtins\.eval/],
  "a builtin of Python 2": [call(global("__builtin__", "getattr"), int(1)), /getattr/],
  INST: [[0x28, ...command, ...bytesOf("iposix\nsystem\n")], /posix\.system/],
  OBJ: [[0x28, ...global("nt", "system"), ...command, 0x6f], /nt\.system/],
  NEWOBJ: [[...global("subprocess", "Popen"), ...tuple(command), 0x81], /subprocess\.Popen/],
  NEWOBJ_EX: [[...global("subprocess", "Popen"), 0x29, 0x7d, 0x92], /subprocess\.Popen/],
  STACK_GLOBAL: [[...text("os"), ...text("system"), 0x93, ...tuple(command), 0x52], /os\.system/],
  "a name with dots": [
    [...text("torch.serialization"), ...text("os.system"), 0x93, ...tuple(command), 0x52],
    /torch\.serialization\.os\.system/,
  ],
  "a name that is only mentioned": [global("runpy", "run_path"), /runpy\.run_path/],
  "BUILD on an object of it": [
    [...global("torch.nn.modules.conv", "Conv3d"), 0x29, 0x81, ...dictionary({ a: int(1) }), 0x62],
    /torch\.nn\.modules\.conv\.Conv3d/,
  ],
  "a loader of further pickles": [
    call(global("torch.storage", "_load_from_bytes"), text("x")),
    /_load_from_bytes/,
  ],
  "a class that stands for itself, called": [call(global("torch", "FloatStorage"), int(4)), /FloatStorage/],
  "a property of every JavaScript object": [call(global("torch", "constructor")), /torch\.constructor/],
  ["__proto__"]: [global("__proto__", "__proto__"), /__proto__/],
  EXT1: [[0x82, 1], /registry/],
  "an argument of an allowed call": [
    call(
      global("collections", "OrderedDict"),
      tuple(tuple(text("k"), call(global("posix", "system"), command))),
    ),
    /posix\.system/,
  ],
  "control characters in the name": [global("posix", "sys\x1b[31mtem"), /sys\?\[31mtem/],
};

for (const [way, [body, name]] of Object.entries(ATTACKS)) {
  test(`a pickle that would run code is refused: ${way}`, () => {
    const inSettings = dictionary({ weights: int(1), settings: body });
    for (const pickle of [body, inSettings, [...body, 0x30, ...dictionary({})]]) {
      assert.throws(() => readTorchFile(checkpoint(pickle), "evil.pth"), refused("input.hostile", name));
      assert.throws(
        () => readTorchFile(checkpoint(pickle, {}, 6), "evil.pth"),
        refused("input.hostile", name),
      );
    }
    const legacy = bytesOf(
      PROTO2,
      LEGACY_MAGIC,
      ".",
      PROTO2,
      "M",
      [0xe9, 3],
      ".",
      PROTO2,
      "}.",
      PROTO4,
      body,
      ".",
    );
    assert.throws(() => readTorchFile(legacy, "evil.pth"), refused("input.hostile", name));
    assert.throws(
      () => readTorchFile(bytesOf(PROTO4, body, "."), "evil.pth"),
      refused("input.hostile", name),
    );
  });
}

const LEGACY_MAGIC = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

test("the tests' own checkpoints are read: the refusals above are not for their form", () => {
  const body = dictionary({
    w: tensor(storage("FloatStorage", "0", 4), 1, [3], [1]),
    args: [...global("argparse", "Namespace"), 0x29, 0x81, ...dictionary({ lr: int(1) }), 0x62],
    protocol0: [...bytesOf("(lp0\nI7\naF2.5\naS'a\\x41'\naVb\\u00b5\naI01\naL12L\na")],
    again: [0x67, ...bytesOf("0\n")],
  });
  for (const level of [0, 6] as const) {
    const object = readTorchFile(checkpoint(body, { "0": float32(1, 2, 3, 4) }, level));
    assert.deepEqual([...(tensorsOf(object).get("w")!.data as Float32Array)], [2, 3, 4]);
    assert.ok(torchEntry(object, "args") instanceof OpaqueObject);
    assert.deepEqual(torchEntry(object, "protocol0"), [7, 2.5, "aA", "bµ", true, 12]);
    assert.equal(torchEntry(object, "again"), torchEntry(object, "protocol0"));
  }
});

test("tensors that claim what their storage does not hold are refused", () => {
  const four = { "0": float32(1, 2, 3, 4) };
  const one = (dims: number[], strides: number[], offset = 0) =>
    dictionary({ w: tensor(storage("FloatStorage", "0", 4), offset, dims, strides) });
  for (const [body, why] of [
    [one([5], [1]), /beyond/],
    [one([2, 2], [3, 1]), /beyond/],
    [one([2], [1], 3), /beyond/],
    [one([2], [1], -1), /shape/],
    [one([-2], [1]), /shape/],
    [one([2], [-1], 3), /shape/],
    [one([2, 2], [1]), /shape/],
    [one(Array(40).fill(1), Array(40).fill(1)), /shape/],
    [dictionary({ w: tensor(storage("FloatStorage", "0", 5), 0, [1], [1]) }), /shorter/],
    [dictionary({ w: tensor(storage("FloatStorage", "0", 2 ** 30), 0, [1], [1]) }), /shorter/],
    [dictionary({ w: tensor(storage("FloatStorage", "1", 4), 0, [1], [1]) }), /missing/],
    [dictionary({ w: tensor(storage("FloatStorage", "../0", 4), 0, [1], [1]) }), /missing/],
    [dictionary({ w: tensor(dictionary({ type: text("float32") }), 0, [1], [1]) }), /no storage/],
    [
      dictionary({
        a: tensor(storage("FloatStorage", "0", 4), 0, [1], [1]),
        b: tensor(storage("DoubleStorage", "0", 2), 0, [1], [1]),
      }),
      /two ways/,
    ],
  ] as const) {
    assert.throws(() => readTorchFile(checkpoint(body, four), "w.pth"), refused("input.pickle", why));
  }
  // A value spread over a small tensor is usual; over one of 2^60 elements it is an attack.
  const spread = readTorchFile(checkpoint(one([2, 3], [0, 0], 3), four));
  assert.deepEqual([...(tensorsOf(spread).get("w")!.data as Float32Array)], [4, 4, 4, 4, 4, 4]);
  const bomb = readTorchFile(checkpoint(one([2 ** 30, 2 ** 30], [0, 0]), four));
  assert.throws(() => tensorsOf(bomb), refused("input.pickle", /claim far more/));
  const many = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      `w${i}`,
      tensor(storage("FloatStorage", "0", 4), 0, [2 ** 20, 1 + i], [0, 0]),
    ]),
  );
  assert.throws(() => tensorsOf(readTorchFile(checkpoint(dictionary(many), four))), /claim far more/);
});

test("bombs end: nesting, copies of copies, endless numbers, lists within themselves", () => {
  const nested = readTorchFile(checkpoint(new Uint8Array(200_000).fill(0x5d)));
  assert.deepEqual(nested, []);
  assert.throws(() => readTorchFile(checkpoint(new Uint8Array(1_100_000).fill(0x7d))), /more objects/);
  // Each level holds the one before twice: 2^100 leaves, a hundred objects.
  let laughs = int(1);
  for (let i = 0; i < 100; i++) laughs = [...laughs, 0x32, 0x86];
  assert.ok(Array.isArray(readTorchFile(checkpoint(laughs))));
  const self = readTorchFile(checkpoint([0x5d, 0x32, 0x61]));
  assert.equal((self as unknown[])[0], self);
  for (const [body, why] of [
    [[0x8b, 255, 255, 255, 127], /longer than any/],
    [[...bytesOf(`I${"9".repeat(5000)}\n`)], /number/],
    [[0x58, 255, 255, 255, 255], /ends in the middle/],
    [[0x8e, 255, 255, 255, 255, 255, 255, 255, 255], /ends in the middle/],
    [[0x68, 7], /never stored/],
    [[0x52], /more than it has/],
    [[0x28, 0x52], /more than it has/],
    [[0x28], /more than it has/],
    [[0x80, 9], /newer protocol/],
    [[0xff], /unknown instruction/],
    [[...int(1), 0x4e, 0x62], /state/],
    [[...int(1), 0x29, 0x52], /no function/],
    [[...text("a"), 0x51], /unknown kind/],
  ] as const) {
    assert.throws(() => readTorchFile(checkpoint([...body]), "w.pth"), refused("input.pickle", why));
  }
});

test("what is no checkpoint is named", () => {
  const encode = (value: string) => new TextEncoder().encode(value);
  const cases = [
    [encode("version https://git-lfs.github.com/spec/v1\noid"), "input.weights", /pointer/],
    [encode("<!DOCTYPE html>"), "input.weights", /not a PyTorch file/],
    [new Uint8Array(0), "input.weights", /not a PyTorch file/],
    [bytesOf(PROTO2, "K", [1], "."), "input.weights", /a Python pickle/],
    [checkpoint([0x7d]).subarray(0, 60), "input.zip", /directory is missing/],
  ] as const;
  for (const [bytes, code, why] of cases) assert.throws(() => readTorchFile(bytes), refused(code, why));
});

/** Reads and, where that works, copies every tensor; anything but a VisceraError fails the test. */
function survives(bytes: Uint8Array): boolean {
  try {
    const object = readTorchFile(bytes, "damaged.pth");
    if (object instanceof Map)
      for (const value of object.values()) if (value instanceof TorchTensor) value.read();
    return true;
  } catch (error) {
    if (!(error instanceof VisceraError)) throw error;
    assert.doesNotMatch(error.message, /undefined|NaN|\[object/);
    return false;
  }
}

testWithShared(
  "files cut off at any length or with any byte changed do no harm",
  ["cases/nets/formats"],
  async ([folder]) => {
    for (const name of ["dtypes.pth", "dtypes.legacy.pth", "mixed_objects.pth", "cuda_tagged.pth"]) {
      const bytes = await readFile(join(folder, name));
      assert.ok(survives(bytes));
      // The legacy form has nothing behind its last storage, so that only the whole file is whole.
      for (let length = 0; length < bytes.length; length++)
        assert.ok(!survives(bytes.subarray(0, length)), `${name} ${length}`);
      for (let at = 0; at < bytes.length; at++) {
        for (const change of [1 << (at % 8)]) {
          const changed = new Uint8Array(bytes);
          changed[at]! ^= change;
          survives(changed);
        }
      }
    }
  },
);
