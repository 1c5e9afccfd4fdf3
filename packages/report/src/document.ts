/** The document around a page's content: policy, style, data and script. Everything that is a page goes through here. */
import { cspHash } from "./compression.js";
import { html, Markup, scriptJson } from "./html.js";

export interface DocumentParts {
  title: string;
  language: "en";
  body: Markup;
  /** JSON for the page's script. */
  manifest: unknown;
  /** Further data blocks, base64 by element id. */
  blocks: Readonly<Record<string, string>>;
  script: string;
  style: string;
}

/** A self-contained page; its Content-Security-Policy allows this script and this style and no network. */
export async function documentText(parts: DocumentParts): Promise<string> {
  const policy = [
    "default-src 'none'",
    `script-src ${await cspHash(parts.script)}`,
    `style-src ${await cspHash(parts.style)}`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
<html lang="${parts.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${parts.title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(parts.style)}</style>
</head>
<body>
${parts.body}
<script type="application/json" id="manifest">${scriptJson(parts.manifest)}</script>
${Object.entries(parts.blocks).map(([id, text]) => html`<script type="text/plain" id="${id}">${new Markup(text)}</script>\n`)}<script>${new Markup(parts.script)}</script>
</body>
</html>
`.text;
}
