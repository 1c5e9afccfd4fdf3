import type { OrganRecord } from "@viscera/core";
import type { ReportInput } from "./report-input.js";
import { displayNameOf, flagsOf, isEnvelope, isWrapping } from "./wording.js";

/** One structure as the page shows it, joined from measures, label table and surfaces. */
export interface Structure {
  id: number;
  name: string;
  /** For people; hostile until escaped. */
  title: string;
  group: string;
  /** `#rrggbb`, checked. */
  color: string;
  /** Drawn translucent. */
  envelope: boolean;
  /** A layer around everything, hidden at first. */
  wrapping: boolean;
  flags: string[];
  organ: OrganRecord | null;
}

const OTHER = "Other structures";

/** A colour that is safe to write anywhere. */
function safeColor(color: string): string {
  return /^#[0-9a-f]{6}$/i.test(color) ? color.toLowerCase() : "#8a9099";
}

/**
 * Every structure of the case: those with measures first, in their order, then those only labelled or only
 * meshed. Grouped: structures of one body system stand together, systems in order of first appearance.
 */
export function structuresOf(input: ReportInput): Structure[] {
  const byId = new Map<number, Structure>();
  const add = (id: number, name: string, color: string, organ: OrganRecord | null) => {
    if (byId.has(id)) return;
    const given = input.groups && Object.hasOwn(input.groups, name) ? input.groups[name]! : OTHER;
    const title =
      input.displayNames && Object.hasOwn(input.displayNames, name)
        ? input.displayNames[name]!
        : displayNameOf(name);
    byId.set(id, {
      id,
      name,
      title,
      group: given,
      color: safeColor(color),
      envelope: isEnvelope(name, given),
      wrapping: isWrapping(name),
      flags: organ ? flagsOf(organ) : [],
      organ,
    });
  };
  for (const organ of input.organs) add(organ.id, organ.name, organ.color, organ);
  for (const label of input.labels?.labels ?? []) add(label.id, label.name, label.color, null);
  for (const mesh of input.meshes) add(mesh.id, mesh.name, mesh.color, null);

  const groups = new Map<string, Structure[]>();
  for (const structure of byId.values()) {
    if (!groups.has(structure.group)) groups.set(structure.group, []);
    groups.get(structure.group)!.push(structure);
  }
  const rest = groups.get(OTHER);
  groups.delete(OTHER);
  return [...groups.values(), ...(rest ? [rest] : [])].flat();
}
