// Prints failures whole, skipped tests with their reason, and one closing line "N passed, N failed, N skipped".
import { inspect } from "node:util";

export default async function* report(source) {
  let passed = 0;
  const skipped = [];
  const failed = [];
  for await (const { type, data } of source) {
    if (type === "test:stdout" || type === "test:stderr") {
      yield data.message;
      continue;
    }
    if (type === "test:diagnostic") continue;
    if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite") continue;
    if (data.skip !== undefined) skipped.push(data);
    else if (type === "test:pass") {
      passed++;
      yield `ok    ${data.name} (${Math.round(data.details.duration_ms)} ms)\n`;
    } else {
      failed.push(data);
      yield `FAIL  ${data.name}\n${inspect(data.details.error?.cause ?? data.details.error)}\n${data.file ?? ""}\n`;
    }
  }
  for (const { name, skip } of skipped)
    yield `skip  ${name}${typeof skip === "string" ? ` (${skip})` : ""}\n`;
  for (const { name, file } of failed) yield `FAIL  ${name} [${file ?? ""}]\n`;
  yield `\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped\n`;
}
