/** Elements without markup strings: text is always text. */

type Attributes = Record<string, string | number | boolean | null>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  assign(node, attributes);
  node.append(...children);
  return node;
}

export function svgElement(
  tag: string,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  assign(node, attributes);
  node.append(...children);
  return node;
}

function assign(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

export function button(text: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const node = element("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", onClick);
  return node;
}

/** A labelled slider; `onInput` gets its number. */
export function slider(
  label: string,
  { min, max, step, value }: { min: number; max: number; step: number; value: number },
  onInput: (value: number) => void,
): HTMLLabelElement {
  const input = element("input", { type: "range", min, max, step, value });
  input.addEventListener("input", () => onInput(Number(input.value)));
  return element("label", { class: "slider" }, label, input);
}

export function checkbox(
  label: string,
  checked: boolean,
  onChange: (checked: boolean) => void,
): HTMLLabelElement {
  const input = element("input", { type: "checkbox", checked });
  input.addEventListener("change", () => onChange(input.checked));
  return element("label", { class: "check" }, input, label);
}

export function swatch(color: string): SVGElement {
  return svgElement(
    "svg",
    { class: "swatch", viewBox: "0 0 12 12", "aria-hidden": "true" },
    svgElement("rect", { width: 12, height: 12, rx: 3, fill: color }),
  );
}

/**
 * True while a wheel over the node means the node. A page that is being scrolled past it keeps scrolling: the
 * pointer has to move on the node first.
 */
export function wheelIntent(node: HTMLElement): () => boolean {
  let armed = false;
  window.addEventListener(
    "scroll",
    () => {
      armed = false;
    },
    { passive: true },
  );
  node.addEventListener("pointermove", () => {
    armed = true;
  });
  node.addEventListener("pointerleave", () => {
    armed = false;
  });
  return () => armed || node.contains(document.activeElement);
}
