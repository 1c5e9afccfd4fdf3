/** Paper shows what the screen folds: opened before printing. */
export function openForPrinting(): void {
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll<HTMLDetailsElement>("details.print-open"))
      details.open = true;
  });
}
