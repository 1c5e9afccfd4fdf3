/**
 * The names a PyTorch file may mention, and the plain value each stands for. This list is the whole of what a
 * pickle can do here.
 */
import { NumpyArray, NumpyType, numpyArray } from "./numpy-objects.js";
import { OpaqueObject, PickleGlobal } from "./pickle.js";
import type { TorchTensor } from "./torch-tensor.js";
import type { StoredType } from "./weights.js";

/** Storage classes by their name in `torch`. */
const STORAGES: Readonly<Record<string, StoredType>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** `torch.float16` and the like. */
export const TORCH_TYPES: Readonly<Record<string, StoredType>> = {
  float64: "float64",
  double: "float64",
  float32: "float32",
  float: "float32",
  float16: "float16",
  half: "float16",
  bfloat16: "bfloat16",
  int64: "int64",
  long: "int64",
  int32: "int32",
  int: "int32",
  int16: "int16",
  short: "int16",
  int8: "int8",
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  uint64: "uint64",
  bool: "bool",
};

/** `torch.FloatStorage`; `type` null for the untyped one, whose length counts bytes. */
export class StorageClass extends PickleGlobal {
  readonly type: StoredType | null;

  constructor(name: string, type: StoredType | null) {
    super(`torch.${name}`);
    this.type = type;
  }
}

/** Classes whose objects appear beside weights (in a trainer's settings) and hold nothing needed here. */
const OPAQUE_CLASSES = new Set([
  "argparse.Namespace",
  "builtins.complex",
  "builtins.slice",
  "collections.Counter",
  "collections.deque",
  "datetime.date",
  "datetime.datetime",
  "datetime.timedelta",
  "pathlib.Path",
  "pathlib.PosixPath",
  "pathlib.PurePosixPath",
  "pathlib.PureWindowsPath",
  "pathlib.WindowsPath",
  "pathlib._local.PosixPath",
  "pathlib._local.WindowsPath",
]);

type Build = (args: unknown[]) => unknown;

/** Functions that rebuild tensors, given by the reader of the file. */
export interface TensorBuilders {
  /** `_rebuild_tensor_v2(storage, offset, dims, strides, …)` and its kin. */
  tensor(storage: unknown, offset: unknown, dims: unknown, strides: unknown, type?: unknown): TorchTensor;
  broken(why: string): Error;
}

/** Looks names up as `PickleEnvironment.global` asks. */
export function torchGlobals(builders: TensorBuilders): (module: string, name: string) => unknown {
  const { broken, tensor } = builders;
  const calls: Record<string, Build> = {
    "collections.OrderedDict": ([items]) => dictionary(items, broken),
    "collections.defaultdict": ([, items]) => dictionary(items, broken),
    "builtins.dict": ([items]) => dictionary(items, broken),
    "builtins.list": ([items]) => Array.from(iterable(items, broken)),
    "builtins.tuple": ([items]) => Array.from(iterable(items, broken)),
    "builtins.set": ([items]) => new Set(iterable(items, broken)),
    "builtins.frozenset": ([items]) => new Set(iterable(items, broken)),
    "builtins.bytes": ([text, encoding]) => encoded(text, encoding, broken),
    "builtins.bytearray": ([text, encoding]) => encoded(text, encoding, broken),
    "_codecs.encode": ([text, encoding]) => encoded(text, encoding, broken),
    "torch._utils._rebuild_tensor": ([storage, offset, dims, strides]) =>
      tensor(storage, offset, dims, strides),
    "torch._utils._rebuild_tensor_v2": ([storage, offset, dims, strides]) =>
      tensor(storage, offset, dims, strides),
    "torch._utils._rebuild_tensor_v3": ([storage, offset, dims, strides, , , type]) =>
      tensor(storage, offset, dims, strides, type),
    "torch._utils._rebuild_parameter": ([data]) => data,
    "torch._utils._rebuild_parameter_with_state": ([data]) => data,
    "torch._tensor._rebuild_from_type_v2": ([build, , args]) => {
      if (!(build instanceof PickleGlobal) || !build.build || !Array.isArray(args)) {
        throw broken("it rebuilds a tensor in an unknown way");
      }
      return build.build(args);
    },
    "torch.Size": ([dims]) => Array.from(iterable(dims, broken)),
    "torch.device": ([kind, index]) => (index === undefined || index === null ? kind : `${kind}:${index}`),
    "numpy.dtype": ([code]) => new NumpyType(code),
    "numpy.core.multiarray._reconstruct": () => new NumpyArray(),
    "numpy.core.multiarray.scalar": ([type, bytes]) => {
      if (!(type instanceof NumpyType)) throw broken("it has a number without a type");
      return bytes instanceof Uint8Array ? type.scalar(bytes, broken) : new OpaqueObject("numpy scalar");
    },
    "numpy.core.numeric._frombuffer": ([bytes, type, dims, order]) =>
      numpyArray(type, dims, order === "F", bytes, broken),
    "copyreg._reconstructor": ([type]) => {
      if (!(type instanceof PickleGlobal) || !OPAQUE_CLASSES.has(type.qualifiedName)) {
        throw broken("it rebuilds an object of an unknown class");
      }
      return new OpaqueObject(type.qualifiedName);
    },
  };
  const known = new Map<string, PickleGlobal>();
  for (const [name, build] of Object.entries(calls)) known.set(name, new PickleGlobal(name, build));
  for (const name of OPAQUE_CLASSES) {
    known.set(name, new PickleGlobal(name, () => new OpaqueObject(name)));
  }
  for (const [name, type] of Object.entries(STORAGES))
    known.set(`torch.${name}`, new StorageClass(name, type));
  known.set("torch.UntypedStorage", new StorageClass("UntypedStorage", null));
  for (const name of CLASSES_WITHOUT_OBJECTS) known.set(name, new PickleGlobal(name));

  return (module, name) => {
    const torchType = module === "torch" && Object.hasOwn(TORCH_TYPES, name) ? TORCH_TYPES[name] : undefined;
    return torchType ?? known.get(`${currentModule(module)}.${name}`) ?? null;
  };
}

/** Named as arguments only; an attempt to make an object of one is refused. */
const CLASSES_WITHOUT_OBJECTS = [
  "builtins.object",
  "builtins.int",
  "builtins.float",
  "builtins.str",
  "builtins.bool",
  "numpy.ndarray",
  "torch.Tensor",
  "torch.nn.parameter.Parameter",
];

/** Python 2's and NumPy 2's names of the same modules. */
function currentModule(module: string): string {
  if (module === "__builtin__") return "builtins";
  if (module === "copy_reg") return "copyreg";
  if (module === "torch.storage") return "torch";
  return module.replace(/^numpy\._core\b/, "numpy.core");
}

function iterable(value: unknown, broken: (why: string) => Error): Iterable<unknown> {
  if (value === undefined) return [];
  if (Array.isArray(value) || value instanceof Set) return value;
  throw broken("it makes a list of what is none");
}

function dictionary(items: unknown, broken: (why: string) => Error): Map<unknown, unknown> {
  if (items === undefined || items === null) return new Map();
  if (items instanceof Map) return new Map(items);
  const pairs = Array.from(iterable(items, broken));
  if (pairs.some((pair) => !Array.isArray(pair) || pair.length !== 2)) {
    throw broken("it makes a dictionary of what is none");
  }
  return new Map(pairs as [unknown, unknown][]);
}

/** Bytes that protocol 2 writes as Latin-1 text. */
function encoded(text: unknown, encoding: unknown, broken: (why: string) => Error): Uint8Array {
  if (text === undefined) return new Uint8Array(0);
  if (text instanceof Uint8Array) return text;
  if (typeof text !== "string" || (encoding !== "latin1" && encoding !== "latin-1")) {
    throw broken("it has bytes in an unknown encoding");
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) throw broken("it has bytes in an unknown encoding");
    bytes[i] = code;
  }
  return bytes;
}

/** State of objects made by the globals above, as `PickleEnvironment.setState` asks. */
export function setTorchState(object: unknown, state: unknown, broken: (why: string) => Error): boolean {
  if (object instanceof NumpyType) object.setState(state);
  else if (object instanceof NumpyArray) object.setState(state, broken);
  // A state_dict's dictionary carries `_metadata`; nothing of it is needed.
  else return object instanceof OpaqueObject || object instanceof Map;
  return true;
}
