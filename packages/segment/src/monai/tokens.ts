/** The words of a "$…" expression. */
export interface Token {
  kind: "number" | "string" | "reference" | "name" | "sign";
  text: string;
}

const PATTERN =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|'(?<single>[^'\\]*)'|"(?<double>[^"\\]*)"|@(?<reference>\w+(?:(?:#|::)\w+)*)|(?<name>[A-Za-z_]\w*(?:\.\w+)*)|(?<sign>\*\*|\/\/|==|!=|<=|>=|[-+*/%<>()[\],]))/y;

/** Throws what `refuse` gives for a character that begins no word. */
export function tokensOf(source: string, refuse: (why: string) => Error): Token[] {
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < end) {
    const at = PATTERN.lastIndex;
    const groups = PATTERN.exec(source)?.groups;
    if (!groups) throw refuse(`"${source.slice(at).trim().slice(0, 20)}" is not understood`);
    const text = groups["single"] ?? groups["double"];
    if (text !== undefined) tokens.push({ kind: "string", text });
    else {
      const kind = (["number", "reference", "name", "sign"] as const).find(
        (each) => groups[each] !== undefined,
      )!;
      tokens.push({ kind, text: groups[kind]! });
    }
  }
  return tokens;
}
