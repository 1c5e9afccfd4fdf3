import { ProtoWriter } from "./protobuf.js";

/** Value of an operator's attribute, with its ONNX type. */
export type Attribute =
  | { int: number }
  | { float: number }
  | { string: string }
  | { ints: readonly number[] }
  | { floats: readonly number[] };

/** Attributes by name; `undefined` leaves the operator's default. */
export type Attributes = Readonly<Record<string, Attribute | undefined>>;

/** AttributeProto.AttributeType */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const FLOATS = 6;
const INTS = 7;

export function writeAttribute(name: string, attribute: Attribute): ProtoWriter {
  const proto = new ProtoWriter().string(1, name);
  if ("int" in attribute) return proto.int(3, attribute.int).int(20, INT);
  if ("float" in attribute) return proto.float(2, attribute.float).int(20, FLOAT);
  if ("string" in attribute) return proto.string(4, attribute.string).int(20, STRING);
  if ("ints" in attribute) {
    for (const value of attribute.ints) proto.int(8, value);
    return proto.int(20, INTS);
  }
  for (const value of attribute.floats) proto.float(7, value);
  return proto.int(20, FLOATS);
}
