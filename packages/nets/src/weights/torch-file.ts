/**
 * PyTorch's .pt and .pth files: the zip format of PyTorch 1.6 and later, and the stream of pickles before it
 * (torch/serialization.py). Nothing in a file is ever executed.
 */
import { inputError } from "@viscera/core";
import { elementCount } from "../tensor.js";
import type { NumpyArray } from "./numpy-objects.js";
import { type OpaqueObject, type PickleEnvironment, type PickleGlobal, readPickle } from "./pickle.js";
import { PickleBytes } from "./pickle-bytes.js";
import { StorageClass, setTorchState, TORCH_TYPES, torchGlobals } from "./torch-globals.js";
import { CopyBudget, type TorchStorage, TorchTensor } from "./torch-tensor.js";
import { STORED_BYTES, type StoredType, type Weights } from "./weights.js";
import { bytesAsSource, openZip, type ZipArchive } from "./zip.js";

/**
 * What a checkpoint holds: dictionaries as maps, lists and tuples as arrays, torch.device ("cuda:0") and
 * torch.dtype ("float16") as text, integers beyond 2^53 as bigint.
 */
export type TorchObject =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | TorchObject[]
  | Map<TorchObject, TorchObject>
  | Set<TorchObject>
  | TorchTensor
  | NumpyArray
  | OpaqueObject
  | PickleGlobal;

const LARGEST_PICKLE = 2 ** 26;
const MOST_AXES = 16;
/** `torch.serialization.MAGIC_NUMBER` */
const MAGIC = 0x1950a86a20f9469cfc6cn;

/**
 * Reads a checkpoint. Its tensors are views of `bytes` where possible, so keep those unchanged.
 * Throws `input.hostile` for a file that would run code in Python, `input.pickle` and `input.zip` for one that
 * is damaged or lies about its sizes, `input.weights` for what is no checkpoint.
 */
export function readTorchFile(bytes: Uint8Array, name = "the file"): TorchObject {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return new TorchReader(bytes, name).readZip();
  if (bytes[0] === 0x80) return new TorchReader(bytes, name).readLegacy();
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  throw inputError(
    "weights",
    text.startsWith("version https://git-lfs")
      ? `${name} is only a pointer to a file in Git's large file storage.`
      : `${name} is not a PyTorch file.`,
    text.startsWith("version https://git-lfs") ? "Fetch the file itself (git lfs pull)." : "",
  );
}

class TorchReader {
  private readonly storages = new Map<unknown, TorchStorage>();
  private readonly known = new Set<TorchStorage>();
  private readonly budget: CopyBudget;
  private readonly environment: PickleEnvironment;

  private readonly bytes: Uint8Array;
  private readonly name: string;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.name = name;
    this.budget = new CopyBudget(name, 8 * bytes.length + 2 ** 26);
    const broken = (why: string) => this.broken(why);
    const global = torchGlobals({
      broken,
      tensor: (storage, offset, dims, strides, type) => this.tensor(storage, offset, dims, strides, type),
    });
    this.environment = {
      name,
      global,
      setState: (object, state) => setTorchState(object, state, broken),
    };
  }

  readZip(): TorchObject {
    const archive = openZip(bytesAsSource(this.bytes), this.name);
    const names = [...archive.entries.keys()];
    const pickle = names.find((entry) => /^([^/]+\/)?data\.pkl$/.test(entry));
    const folder = pickle?.slice(0, -"data.pkl".length) ?? "";
    if (pickle !== undefined && names.some((entry) => entry.startsWith(`${folder}code/`))) {
      throw inputError(
        "torchscript",
        `${this.name} is a TorchScript program, not weights: it holds code, which is never run here.`,
        "Save the network's state_dict instead (torch.save(model.state_dict(), …)).",
      );
    }
    if (pickle === undefined) {
      throw inputError("weights", `${this.name} is a zip archive, but no PyTorch file.`);
    }
    const order = archive.entries.get(`${folder}byteorder`);
    if (order && new TextDecoder().decode(archive.read(order)).trim() === "big") {
      throw this.broken("it was written on a big-endian machine, which is not supported");
    }
    const entry = archive.entries.get(pickle)!;
    if (entry.size > LARGEST_PICKLE) throw this.broken("its description is longer than any weight file's");
    return readPickle(new PickleBytes(archive.read(entry), this.name), {
      ...this.environment,
      persistent: (id) => this.zippedStorage(id, archive, folder),
    }) as TorchObject;
  }

  readLegacy(): TorchObject {
    const source = new PickleBytes(this.bytes, this.name);
    if (readPickle(source, this.environment) !== MAGIC) {
      throw inputError("weights", `${this.name} is a Python pickle, but no PyTorch file.`);
    }
    readPickle(source, this.environment);
    const system = readPickle(source, this.environment);
    if (system instanceof Map && system.get("little_endian") === false) {
      throw this.broken("it was written on a big-endian machine, which is not supported");
    }
    const found = readPickle(source, { ...this.environment, persistent: (id) => this.laterStorage(id) });
    const keys = readPickle(source, this.environment);
    for (const key of Array.isArray(keys) ? keys : []) {
      const storage = this.storages.get(key);
      if (!storage) throw this.broken("it holds a storage that nothing refers to");
      if (source.length64() !== storage.length) throw this.broken("a storage has the wrong length");
      storage.bytes = source.take(storage.length * STORED_BYTES[storage.type]);
    }
    for (const storage of this.storages.values()) {
      if (storage.bytes === null) throw this.broken("a storage is missing");
    }
    return found as TorchObject;
  }

  private broken(why: string): Error {
    return new PickleBytes(this.bytes, this.name).broken(why);
  }

  /** ("storage", class, key, device, length[, view]) */
  private storageOf(id: unknown): { type: StoredType; key: unknown; length: number; view: unknown } {
    const [tag, kind, key, , length, view] = Array.isArray(id) ? id : [];
    if (tag !== "storage" || !(kind instanceof StorageClass) || !isCount(length)) {
      throw this.broken("it refers to an unknown kind of storage");
    }
    return { type: kind.type ?? "uint8", key, length, view };
  }

  private zippedStorage(id: unknown, archive: ZipArchive, folder: string): TorchStorage {
    const { type, key, length } = this.storageOf(id);
    const earlier = this.storages.get(key);
    if (earlier) return this.same(earlier, type, length);
    const entry = archive.entries.get(`${folder}data/${key}`);
    if (!entry) throw this.broken(`the storage ${printableKey(key)} is missing`);
    const size = length * STORED_BYTES[type];
    if (entry.size < size) throw this.broken(`the storage ${printableKey(key)} is shorter than it claims`);
    // Inflated storages count as copies.
    if (!entry.stored) this.budget.spend(entry.size);
    const storage = { type, length, bytes: archive.read(entry).subarray(0, size) };
    this.storages.set(key, storage);
    this.known.add(storage);
    return storage;
  }

  private laterStorage(id: unknown): TorchStorage {
    const { type, key, length, view } = this.storageOf(id);
    if (view !== null && view !== undefined) {
      throw this.broken("it shares storages in the way of PyTorch before 0.4, which is not supported");
    }
    const earlier = this.storages.get(key);
    if (earlier) return this.same(earlier, type, length);
    const storage = { type, length, bytes: null };
    this.storages.set(key, storage);
    this.known.add(storage);
    return storage;
  }

  private same(storage: TorchStorage, type: StoredType, length: number): TorchStorage {
    if (storage.type !== type || storage.length !== length) {
      throw this.broken("a storage is described in two ways");
    }
    return storage;
  }

  private tensor(
    given: unknown,
    offset: unknown,
    dims: unknown,
    strides: unknown,
    type?: unknown,
  ): TorchTensor {
    let storage = given as TorchStorage;
    if (!this.known.has(storage)) throw this.broken("a tensor has no storage");
    if (typeof type === "string" && Object.hasOwn(TORCH_TYPES, type)) {
      if (storage.bytes === null) throw this.broken("a storage has two types");
      const actual = TORCH_TYPES[type]!;
      const length = Math.floor((storage.length * STORED_BYTES[storage.type]) / STORED_BYTES[actual]);
      storage = { type: actual, length, bytes: storage.bytes };
    }
    if (!isCount(offset) || !isCounts(dims) || !isCounts(strides) || dims.length !== strides.length) {
      throw this.broken("a tensor has no proper shape");
    }
    const count = elementCount(dims);
    const last = dims.reduce((at, extent, axis) => at + (extent - 1) * strides[axis]!, offset);
    if (count > 0 && !(last < storage.length)) throw this.broken("a tensor reaches beyond its storage");
    if (count === 0 && offset > storage.length) throw this.broken("a tensor reaches beyond its storage");
    return new TorchTensor(storage, dims, strides, offset, this.budget);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MOST_AXES && value.every(isCount);
}

function printableKey(key: unknown): string {
  return typeof key === "string" && /^[\w.-]{1,40}$/.test(key) ? key : "of a tensor";
}

/**
 * What lies in a checkpoint under keys and indices ("optimizer_state", "state", 0); undefined where there is
 * nothing.
 */
export function torchEntry(object: TorchObject, ...path: (string | number)[]): TorchObject | undefined {
  let here: TorchObject | undefined = object;
  for (const key of path) {
    if (here instanceof Map) here = here.get(key);
    else if (Array.isArray(here) && typeof key === "number") here = here[key];
    else return undefined;
  }
  return here;
}

/**
 * The tensors of a dictionary of a checkpoint, by name: `tensorsOf(object, "network_weights")`, or without a
 * path those of the object itself. Entries that are no tensors (counters, settings) are left out. Throws
 * `input.weights` when there is no such dictionary or it has no tensor.
 */
export function tensorsOf(object: TorchObject, ...path: (string | number)[]): Weights {
  const found = torchEntry(object, ...path);
  const where = path.length > 0 ? ` under ${path.map((key) => `"${key}"`).join(", ")}` : "";
  const weights: Weights = new Map();
  if (found instanceof Map) {
    for (const [name, value] of found) {
      if (typeof name === "string" && value instanceof TorchTensor) weights.set(name, value.read());
    }
  }
  if (weights.size === 0) {
    const keys =
      object instanceof Map ? [...object.keys()].filter((key) => typeof key === "string").slice(0, 12) : [];
    throw inputError(
      "weights",
      `The checkpoint has no weights${where}${keys.length > 0 ? `; it holds ${keys.join(", ")}` : ""}.`,
      "Give a file saved from a network's state_dict.",
    );
  }
  return weights;
}
