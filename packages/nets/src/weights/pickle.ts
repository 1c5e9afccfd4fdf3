/**
 * Python's pickle format (protocols 0 to 5, described in CPython's Lib/pickletools.py) as data. A pickle is a
 * program: it may name any function of Python and call it. Here a name is looked up in the caller's list of
 * known constructors, each of which only builds a plain value; any other name ends the reading.
 */
import { inputError } from "@viscera/core";
import type { PickleBytes } from "./pickle-bytes.js";

/** A class or function that a pickle names. */
export class PickleGlobal {
  readonly qualifiedName: string;
  /** What a call gives; absent for a class that stands for itself only (`torch.FloatStorage`). */
  readonly build?: (args: unknown[]) => unknown;

  constructor(qualifiedName: string, build?: (args: unknown[]) => unknown) {
    this.qualifiedName = qualifiedName;
    this.build = build;
  }
}

/** An object of a class that is known to be harmless and not needed: what it held is skipped. */
export class OpaqueObject {
  readonly className: string;

  constructor(className: string) {
    this.className = className;
  }
}

export interface PickleEnvironment {
  /** What the text of an error calls the file. */
  name: string;
  /** The known global of that name, or null, which refuses the file. */
  global(module: string, name: string): unknown;
  /** The object behind a persistent id; absent refuses files that have one. */
  persistent?(id: unknown): unknown;
  /** State given to an object after it was made (`__setstate__`). Returns false where it takes none. */
  setState(object: unknown, state: unknown): boolean;
}

/** More than any weight file has, and little enough memory. */
const MOST_STEPS = 20_000_000;
const MOST_CONTAINERS = 1_000_000;
const LONGEST_INTEGER_BYTES = 1024;

export function hostile(file: string, what: string): Error {
  return inputError(
    "hostile",
    `${file} was refused: it asks to run ${what}, which reading weights never needs. Nothing of it was run.`,
    "Take weights from a source you trust, saved as a state_dict alone or as .safetensors.",
  );
}

/** Reads one pickle and leaves `bytes` behind it. Throws `input.pickle` and `input.hostile`. */
export function readPickle(bytes: PickleBytes, environment: PickleEnvironment): unknown {
  return new PickleMachine(bytes, environment).run();
}

const MARK = Symbol("mark");

class PickleMachine {
  private stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  private containers = 0;

  private readonly bytes: PickleBytes;
  private readonly environment: PickleEnvironment;

  constructor(bytes: PickleBytes, environment: PickleEnvironment) {
    this.bytes = bytes;
    this.environment = environment;
  }

  run(): unknown {
    for (let step = 0; step < MOST_STEPS; step++) {
      const code = this.bytes.uint8();
      if (code === 0x2e) return this.pop();
      this.step(code);
    }
    throw this.bytes.broken("it is longer than any weight file's");
  }

  private step(code: number): void {
    const { bytes, stack } = this;
    switch (code) {
      case 0x80: // PROTO
        if (bytes.uint8() > 5) throw bytes.broken("it is of a newer protocol than 5");
        return;
      case 0x95: // FRAME
        bytes.length64();
        return;

      case 0x28: // MARK
        stack.push(MARK);
        return;
      case 0x30: // POP
        if (stack.length === 0) throw bytes.broken("it takes more than it has");
        stack.pop();
        return;
      case 0x31: // POP_MARK
        this.popMark();
        return;
      case 0x32: // DUP
        stack.push(this.top());
        return;

      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x4a: // BININT
        stack.push(bytes.int32());
        return;
      case 0x4b: // BININT1
        stack.push(bytes.uint8());
        return;
      case 0x4d: // BININT2
        stack.push(bytes.uint16());
        return;
      case 0x49: // INT
        stack.push(this.textInteger(bytes.line()));
        return;
      case 0x4c: // LONG
        stack.push(this.textInteger(bytes.line().replace(/L$/, "")));
        return;
      case 0x8a: // LONG1
        stack.push(this.longInteger(bytes.uint8()));
        return;
      case 0x8b: // LONG4
        stack.push(this.longInteger(bytes.uint32()));
        return;
      case 0x46: // FLOAT
        stack.push(this.textFloat(bytes.line()));
        return;
      case 0x47: // BINFLOAT
        stack.push(bytes.bigEndianFloat64());
        return;

      case 0x53: // STRING
        stack.push(bytes.quoted());
        return;
      case 0x54: // BINSTRING
        stack.push(bytes.latin1(bytes.uint32()));
        return;
      case 0x55: // SHORT_BINSTRING
        stack.push(bytes.latin1(bytes.uint8()));
        return;
      case 0x56: // UNICODE
        stack.push(bytes.rawUnicodeLine());
        return;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(bytes.text(bytes.uint8()));
        return;
      case 0x58: // BINUNICODE
        stack.push(bytes.text(bytes.uint32()));
        return;
      case 0x8d: // BINUNICODE8
        stack.push(bytes.text(bytes.length64()));
        return;
      case 0x43: // SHORT_BINBYTES
        stack.push(bytes.take(bytes.uint8()));
        return;
      case 0x42: // BINBYTES
        stack.push(bytes.take(bytes.uint32()));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(bytes.take(bytes.length64()));
        return;

      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push(this.container([]));
        return;
      case 0x6c: // LIST
      case 0x74: // TUPLE
        stack.push(this.container(this.popMark()));
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(this.container(this.popSome(code - 0x84)));
        return;
      case 0x61: // APPEND
        this.extend([this.pop()]);
        return;
      case 0x65: // APPENDS
        this.extend(this.popMark());
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(this.container(new Map()));
        return;
      case 0x64: {
        // DICT
        const items = this.popMark();
        stack.push(this.container(new Map()));
        this.setItems(items);
        return;
      }
      case 0x73: // SETITEM
        this.setItems(this.popSome(2));
        return;
      case 0x75: // SETITEMS
        this.setItems(this.popMark());
        return;
      case 0x8f: // EMPTY_SET
        stack.push(this.container(new Set()));
        return;
      case 0x90: // ADDITEMS
        this.addItems(this.popMark());
        return;
      case 0x91: // FROZENSET
        stack.push(this.container(new Set(this.popMark())));
        return;

      case 0x67: // GET
        this.recall(Number(bytes.line()));
        return;
      case 0x68: // BINGET
        this.recall(bytes.uint8());
        return;
      case 0x6a: // LONG_BINGET
        this.recall(bytes.uint32());
        return;
      case 0x70: // PUT
        this.memo.set(Number(bytes.line()), this.top());
        return;
      case 0x71: // BINPUT
        this.memo.set(bytes.uint8(), this.top());
        return;
      case 0x72: // LONG_BINPUT
        this.memo.set(bytes.uint32(), this.top());
        return;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return;

      case 0x63: // GLOBAL
        stack.push(this.global(bytes.line(), bytes.line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popSome(2);
        stack.push(this.global(module, name));
        return;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callable, args] = this.popSome(2);
        stack.push(this.call(callable, args));
        return;
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callable, args, keywords] = this.popSome(3);
        if (!(keywords instanceof Map) || keywords.size > 0) {
          throw bytes.broken("it makes an object with named arguments");
        }
        stack.push(this.call(callable, args));
        return;
      }
      case 0x69: {
        // INST
        const callable = this.global(bytes.line(), bytes.line());
        stack.push(this.call(callable, this.popMark()));
        return;
      }
      case 0x6f: {
        // OBJ
        const [callable, ...args] = this.popMark();
        stack.push(this.call(callable, args));
        return;
      }
      case 0x62: {
        // BUILD
        const state = this.pop();
        if (!this.environment.setState(this.top(), state)) {
          throw bytes.broken("it gives a state to what has none");
        }
        return;
      }

      case 0x50: // PERSID
        stack.push(this.persistent(bytes.line()));
        return;
      case 0x51: // BINPERSID
        stack.push(this.persistent(this.pop()));
        return;
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        throw hostile(this.environment.name, "a class of Python's extension registry");
      default:
        throw bytes.broken(`it has the unknown instruction ${code}`);
    }
  }

  private top(): unknown {
    const { stack } = this;
    if (stack.length === 0 || stack[stack.length - 1] === MARK) {
      throw this.bytes.broken("it takes more than it has");
    }
    return stack[stack.length - 1];
  }

  private pop(): unknown {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popSome(count: number): unknown[] {
    const at = this.stack.length - count;
    if (at < 0 || this.stack.indexOf(MARK, at) >= 0) throw this.bytes.broken("it takes more than it has");
    return this.stack.splice(at);
  }

  private popMark(): unknown[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) throw this.bytes.broken("it takes more than it has");
    const values = this.stack.splice(at + 1);
    this.stack.pop();
    return values;
  }

  private container<T>(value: T): T {
    if (++this.containers > MOST_CONTAINERS)
      throw this.bytes.broken("it has more objects than any weight file");
    return value;
  }

  private extend(values: unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.bytes.broken("it appends to what is no list");
    for (const value of values) list.push(value);
  }

  private setItems(items: unknown[]): void {
    const map = this.top();
    if (map instanceof OpaqueObject) return;
    if (!(map instanceof Map) || items.length % 2 === 1) throw this.bytes.broken("it has half an item");
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  private addItems(items: unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.bytes.broken("it adds to what is no set");
    for (const item of items) set.add(item);
  }

  private recall(index: number): void {
    if (!this.memo.has(index)) throw this.bytes.broken("it recalls what it never stored");
    this.stack.push(this.memo.get(index));
  }

  private global(module: unknown, name: unknown): unknown {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.bytes.broken("it names a class by something else than text");
    }
    const known = this.environment.global(module, name);
    if (known === null) throw hostile(this.environment.name, printable(`${module}.${name}`));
    return known;
  }

  private call(callable: unknown, args: unknown): unknown {
    if (!(callable instanceof PickleGlobal)) throw this.bytes.broken("it calls what is no function");
    if (!callable.build) throw hostile(this.environment.name, printable(callable.qualifiedName));
    if (!Array.isArray(args)) throw this.bytes.broken("it calls a function without arguments");
    return this.container(callable.build(args));
  }

  private persistent(id: unknown): unknown {
    if (!this.environment.persistent) throw this.bytes.broken("it refers to objects outside of it");
    return this.environment.persistent(id);
  }

  private textInteger(text: string): number | bigint | boolean {
    if (text === "00" || text === "01") return text === "01";
    if (!/^[+-]?\d{1,1000}$/.test(text)) throw this.bytes.broken("it has a number that is none");
    return narrow(BigInt(text));
  }

  private textFloat(text: string): number {
    const special = { inf: Infinity, "-inf": -Infinity, nan: Number.NaN }[text];
    if (special !== undefined) return special;
    if (text.trim() === "" || Number.isNaN(Number(text))) {
      throw this.bytes.broken("it has a number that is none");
    }
    return Number(text);
  }

  private longInteger(length: number): number | bigint {
    if (length > LONGEST_INTEGER_BYTES) throw this.bytes.broken("it has a number longer than any");
    const digits = this.bytes.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]!);
    return narrow(BigInt.asIntN(Math.max(1, 8 * length), value));
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A name out of a file, fit for a terminal. */
function printable(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, "?");
  return clean.length > 80 ? `${clean.slice(0, 80)}…` : clean;
}
