/** XML documents as trees of elements, for formats that are small enough to be held whole. */
import { SaxesParser } from "saxes";
import { inputError } from "./errors.js";

export interface XmlElement {
  /** Name without its prefix. */
  name: string;
  /** Namespace, "" for none. */
  namespace: string;
  /** Values by local name; those with a namespace also as "{namespace}name". */
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** Text inside, up to the first child. */
  text: string;
  /** Text between the end of this element and its next sibling (or its parent's end). */
  tail: string;
  /** Line of the opening tag, for messages. */
  line: number;
}

/** Documents nested deeper are refused: no format needs it, and no stack should. */
const DEEPEST = 500;

/**
 * Parses a document. Only XML's five own entities and character references are known, so nothing can be made to
 * grow; a document type is skipped and nothing outside is loaded. Throws `input.xml` with the line.
 */
export function parseXml(text: string, name: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: XmlElement[] = [];
  const roots: XmlElement[] = [];
  parser.on("error", (error) => {
    const reason = error.message.replace(/^\d+:\d+:\s*/, "").replace(/\.$/, "");
    throw inputError(
      "xml",
      `${name} is no well-formed XML: line ${parser.line}, ${reason}.`,
      "Check that the file is complete and was saved as XML.",
    );
  });
  parser.on("opentag", ({ local, uri, attributes }) => {
    const values = new Map<string, string>();
    for (const attribute of Object.values(attributes)) {
      if (attribute.uri !== "") values.set(`{${attribute.uri}}${attribute.local}`, attribute.value);
      if (!values.has(attribute.local)) values.set(attribute.local, attribute.value);
    }
    const element = {
      name: local,
      namespace: uri,
      attributes: values,
      children: [],
      text: "",
      tail: "",
      line: parser.line,
    };
    (open.at(-1)?.children ?? roots).push(element);
    if (open.push(element) > DEEPEST) {
      throw inputError("xml", `${name} is nested more than ${DEEPEST} deep at line ${parser.line}.`);
    }
  });
  const addText = (part: string) => {
    const element = open.at(-1);
    const before = element?.children.at(-1);
    if (before) before.tail += part;
    else if (element) element.text += part;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    open.pop();
  });
  parser.write(text).close();
  return roots[0]!;
}

/** The first child of a name, or undefined. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

/** The children of a name. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}
