/** Tensors of a PyTorch file: views into storages, read when they are asked for. */
import { inputError } from "@viscera/core";
import { elementCount, type Tensor } from "../tensor.js";
import { allocate, elementsOf, STORED_BYTES, type StoredType, widened, widenedType } from "./weights.js";

/** A run of elements that tensors share. Its bytes may come after the tensors (the format before 1.6). */
export interface TorchStorage {
  type: StoredType;
  length: number;
  bytes: Uint8Array | null;
}

/** What tensors of one file may take when they are copied out of it, so that a small file stays small. */
export class CopyBudget {
  private readonly read = new Map<string, Tensor>();
  private readonly names = new Map<TorchStorage, number>();

  private readonly name: string;
  private left: number;

  constructor(name: string, left: number) {
    this.name = name;
    this.left = left;
  }

  spend(bytes: number): void {
    this.left -= bytes;
    if (!(this.left >= 0)) {
      throw inputError(
        "pickle",
        `The tensors of ${this.name} claim far more than the file holds.`,
        "Take weights from a source you trust.",
      );
    }
  }

  /** Equal views of a storage become one tensor. */
  once(storage: TorchStorage, view: string, read: () => Tensor): Tensor {
    if (!this.names.has(storage)) this.names.set(storage, this.names.size);
    const key = `${this.names.get(storage)} ${view}`;
    let tensor = this.read.get(key);
    if (!tensor) {
      tensor = read();
      this.read.set(key, tensor);
    }
    return tensor;
  }
}

export class TorchTensor {
  readonly storage: TorchStorage;
  readonly dims: readonly number[];
  /** In elements of the storage, as the offset. */
  readonly strides: readonly number[];
  readonly offset: number;
  private readonly budget: CopyBudget;

  constructor(
    storage: TorchStorage,
    dims: readonly number[],
    strides: readonly number[],
    offset: number,
    budget: CopyBudget,
  ) {
    this.storage = storage;
    this.dims = dims;
    this.strides = strides;
    this.offset = offset;
    this.budget = budget;
  }

  /** As stored; `read` widens float16 and bfloat16. */
  get type(): StoredType {
    return this.storage.type;
  }

  /**
   * The tensor in row-major order, float16 and bfloat16 as float32. Its data are a view of the file where
   * they lie there in that order. Throws `input.pickle` when it claims far more than the file holds.
   */
  read(): Tensor {
    const view = `${this.dims} ${this.strides} ${this.offset}`;
    return this.budget.once(this.storage, view, () => this.copy());
  }

  private copy(): Tensor {
    const { type, bytes } = this.storage;
    if (bytes === null) throw new Error("A storage was read before its bytes.");
    const { dims, offset, strides } = this;
    const count = elementCount(dims);
    const size = STORED_BYTES[type];
    const plain = widenedType(type);
    if (type !== plain) this.budget.spend(4 * count);
    if (this.isContiguous()) {
      const part = bytes.subarray(offset * size, (offset + count) * size);
      if (part.byteOffset % size !== 0) this.budget.spend(part.length);
      return { type: plain, dims, data: widened(type, elementsOf(type, part)) };
    }
    this.budget.spend(size * count);
    const source = elementsOf(type, bytes);
    const data = allocate(type === "bfloat16" ? "uint16" : type, count);
    const index = dims.map(() => 0);
    let at = offset;
    for (let i = 0; i < count; i++) {
      data[i] = source[at]!;
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        at += strides[axis]!;
        if (++index[axis]! < dims[axis]!) break;
        at -= strides[axis]! * dims[axis]!;
        index[axis] = 0;
      }
    }
    return { type: plain, dims, data: widened(type, data) };
  }

  private isContiguous(): boolean {
    let expected = 1;
    for (let axis = this.dims.length - 1; axis >= 0; axis--) {
      const extent = this.dims[axis]!;
      if (extent === 0) return true;
      if (extent > 1 && this.strides[axis] !== expected) return false;
      expected *= extent;
    }
    return true;
  }
}
