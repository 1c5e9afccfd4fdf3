import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { testWithShared } from "@viscera/core/testing";
import {
  NumpyArray,
  readSafetensors,
  readTorchFile,
  type Tensor,
  TorchTensor,
  tensorsOf,
  torchEntry,
} from "@viscera/nets";

const json = async (path: string) => JSON.parse(await readFile(path, "utf8"));
/** Bytes of a tensor as the golden lists hash them. */
const sha256 = ({ data }: Tensor) =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");

interface Described {
  dtype: string;
  shape: number[];
  stride: number[];
  storage_offset: number;
  values_row_major: (number | string | boolean)[];
}

const FORMATS = "cases/nets/formats";

testWithShared(
  "every element type, view and shared storage is read from both PyTorch formats and from safetensors",
  [
    `${FORMATS}/dtypes.json`,
    `${FORMATS}/dtypes.pth`,
    `${FORMATS}/dtypes.legacy.pth`,
    `${FORMATS}/dtypes.safetensors`,
  ],
  async ([list, zip, legacy, safetensors]) => {
    const described: Record<string, Described> = await json(list);
    const check = (name: string, { type, dims, data }: Tensor) => {
      const { dtype, shape, values_row_major: values } = described[name]!;
      const expected = dtype.replace("torch.", "");
      assert.equal(type, /float16$/.test(expected) ? "float32" : expected, name);
      assert.deepEqual(dims, shape, name);
      assert.equal(data.length, values.length, name);
      data.forEach((value: number | bigint, i: number) => {
        const wanted = values[i]!;
        if (type === "int64")
          assert.equal(value, BigInt((wanted as number) === 2 ** 53 ? "9007199254740993" : wanted), name);
        else if (typeof wanted === "string") assert.equal(value, wanted.includes("-") ? -Infinity : Infinity);
        else if (type === "float32") assert.equal(value, Math.fround(Number(wanted)), name);
        else assert.equal(value, Number(wanted), name);
      });
    };
    for (const path of [zip, legacy]) {
      const object = readTorchFile(await readFile(path), path);
      const weights = tensorsOf(object);
      assert.deepEqual([...weights.keys()], Object.keys(described));
      for (const [name, tensor] of weights) {
        check(name, tensor);
        const view = torchEntry(object, name);
        assert.ok(view instanceof TorchTensor);
        if (shapeMatters(described[name]!)) assert.deepEqual(view.strides, described[name]!.stride, name);
        assert.equal(view.offset, described[name]!.storage_offset, name);
      }
      assert.equal(weights.get("shared_a")!.data, weights.get("shared_b")!.data);
    }
    const stored = readSafetensors(await readFile(safetensors));
    assert.deepEqual([...stored.keys()].sort(), Object.keys(described).sort());
    for (const [name, tensor] of stored) check(name, tensor);
  },
);

const shapeMatters = ({ values_row_major: values }: Described) => values.length > 1;

testWithShared(
  "settings beside the weights come as plain values",
  [`${FORMATS}/mixed_objects.pth`, `${FORMATS}/mixed_objects.json`],
  async ([path, list]) => {
    const object = readTorchFile(await readFile(path));
    const plain = (value: unknown): unknown => {
      if (value instanceof Map) return Object.fromEntries([...value].map(([key, v]) => [key, plain(v)]));
      if (value instanceof TorchTensor) return nested(value.read());
      if (value instanceof NumpyArray) return nested(value.value as Tensor);
      if (typeof value === "bigint") return String(value);
      return Array.isArray(value) ? value.map(plain) : value;
    };
    assert.deepEqual(plain(object), await json(list));
  },
);

function nested({ dims, data }: Tensor): unknown {
  const values = Array.from(data as Float32Array);
  const [rows = 1, columns = 1] = dims;
  return Array.from({ length: rows }, (_, r) => values.slice(r * columns, (r + 1) * columns));
}

testWithShared("storages of a GPU are read without one", [`${FORMATS}/cuda_tagged.pth`], async ([path]) => {
  const weights = tensorsOf(readTorchFile(await readFile(path)), "network_weights");
  const { dims, data } = weights.get("w")!;
  assert.deepEqual(
    [dims, [...(data as Float32Array)]],
    [
      [2, 3],
      [0, 1, 2, 3, 4, 5],
    ],
  );
});

testWithShared("MONAI's UNet is read bit for bit", ["cases/nets/monai-unet"], async ([folder]) => {
  for (const file of ["full.init.pth", "mini.init.pth", "mini.init.safetensors"]) {
    const bytes = await readFile(join(folder, file));
    const weights = file.endsWith(".pth")
      ? tensorsOf(readTorchFile(bytes, file))
      : readSafetensors(bytes, file);
    const list: { name: string; shape: number[]; sha256: string }[] = await json(
      join(folder, `${file.split(".")[0]}.init.tensors.json`),
    );
    assert.deepEqual([...weights.keys()].sort(), list.map(({ name }) => name).sort());
    for (const { name, shape, sha256: expected } of list) {
      assert.deepEqual(weights.get(name)!.dims, shape, name);
      assert.equal(sha256(weights.get(name)!), expected, name);
    }
  }
});

testWithShared(
  "nnU-Net's checkpoints are read with their settings",
  ["cases/nets/nnunet"],
  async ([folder]) => {
    for (const [path, names, storages, trainer, axes] of [
      [
        "plain/Dataset901_GoldenCT/nnUNetTrainer__nnUNetPlans__3d_fullres",
        188,
        68,
        "nnUNetTrainer",
        [0, 1, 2],
      ],
      [
        "resenc/Dataset902_GoldenMR/nnUNetTrainer_onlyMirror01__nnUNetResEncUNetMPlans__3d_fullres",
        300,
        90,
        "nnUNetTrainer_onlyMirror01",
        [0, 1],
      ],
    ] as const) {
      const object = readTorchFile(await readFile(join(folder, path, "fold_0/checkpoint_final.pth")), path);
      const weights = tensorsOf(object, "network_weights");
      assert.equal(weights.size, names);
      assert.equal(new Set([...weights.values()].map(({ data }) => data)).size, storages);
      assert.equal(torchEntry(object, "trainer_name"), trainer);
      assert.deepEqual(torchEntry(object, "inference_allowed_mirroring_axes"), axes);
      assert.equal(torchEntry(object, "init_args", "configuration"), "3d_fullres");
      assert.throws(
        () => tensorsOf(object, "weights"),
        /no weights under "weights"; it holds network_weights/,
      );
    }
  },
);
