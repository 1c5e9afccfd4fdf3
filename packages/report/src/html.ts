/** HTML by template: every interpolated value is escaped unless it is itself a piece of markup. */

export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | undefined | false | readonly Content[];

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text made safe for element content and quoted attributes; control characters are dropped. */
export function escapeHtml(text: string): string {
  return text.replace(/[\p{Cc}&<>"']/gu, (c) => ENTITIES[c] ?? (c === "\n" || c === "\t" ? c : ""));
}

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(render).join("");
  return escapeHtml(String(content));
}

/** Markup from a template; attributes must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(parts.reduce((out, part, i) => out + render(values[i - 1]) + part));
}

/** JSON that may stand inside a `<script>` element: nothing in it can end the element or open a comment. */
export function scriptJson(value: unknown): Markup {
  const json = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return new Markup(json);
}
