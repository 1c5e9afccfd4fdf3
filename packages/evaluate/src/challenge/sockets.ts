/**
 * What Grand Challenge (grand-challenge.org) tells a container about its files: `inputs.json` for an algorithm,
 * `predictions.json` for an evaluation. A socket is a named place for an image, a file or a JSON value.
 */
import { inputError, parseJson } from "@viscera/core";
import { z } from "zod";

const socketSchema = z.object({
  slug: z.string().min(1),
  // Joined to /input or /output: it must not lead out of there.
  relative_path: z
    .string()
    .min(1)
    .refine((path) => !path.startsWith("/") && !path.split("/").includes(".."), "leads out of the folder"),
  is_image_kind: z.boolean(),
  is_dicom_image_kind: z.boolean().default(false),
  is_json_kind: z.boolean().default(false),
  is_file_kind: z.boolean().default(false),
});

const valueSchema = z.object({
  socket: socketSchema,
  image: z.object({ name: z.string() }).nullable().default(null),
  value: z.unknown().optional(),
});

const jobSchema = z.object({
  pk: z.string().regex(/^[\w-]+$/, "is no identifier"),
  inputs: z.array(valueSchema),
  outputs: z.array(valueSchema),
  status: z.string().default("Succeeded"),
});

/** A socket and what was put into it. */
export type SocketValue = z.infer<typeof valueSchema>;

/** A run of a submitted algorithm: its inputs and outputs. */
export type ChallengeJob = z.infer<typeof jobSchema>;

/** Sockets of an algorithm's `inputs.json`. Throws `input.json`, `input.schema`. */
export function readInputSockets(text: string, where: string): SocketValue[] {
  return parseJson(text, z.array(valueSchema), where);
}

/** Jobs of an evaluation's `predictions.json`. Throws `input.json`, `input.schema`. */
export function readChallengeJobs(text: string, where: string): ChallengeJob[] {
  return parseJson(text, z.array(jobSchema), where);
}

const kindOf = ({ socket }: SocketValue) =>
  socket.is_image_kind ? "image" : socket.is_json_kind ? "JSON" : socket.is_file_kind ? "file" : "other";

/** "a (image), b (JSON)": what there is, for a message. */
const listed = (values: readonly SocketValue[]) =>
  values.length === 0 ? "none" : values.map((one) => `${one.socket.slug} (${kindOf(one)})`).join(", ");

/**
 * The image socket of a name, or the only one where no name is given. Throws `input.socket`, saying what was looked for
 * and what there is.
 */
export function imageSocket(
  values: readonly SocketValue[],
  slug: string | undefined,
  where: string,
): SocketValue {
  if (slug === undefined) {
    const images = values.filter(({ socket }) => socket.is_image_kind);
    if (images.length === 1) return images[0]!;
    throw inputError(
      "socket",
      `${where} has ${images.length} image sockets where one is expected; its sockets: ${listed(values)}.`,
      images.length > 1 ? "Say which one is meant by its name." : "Check the interface of the phase.",
    );
  }
  const found = values.find(({ socket }) => socket.slug === slug);
  if (!found)
    throw inputError(
      "socket",
      `${where} has no socket "${slug}"; its sockets: ${listed(values)}.`,
      "Check the name, and the interface of the phase.",
    );
  if (!found.socket.is_image_kind)
    throw inputError(
      "socket",
      `The socket "${slug}" of ${where} holds no image but is of kind ${kindOf(found)}.`,
      "Name an image socket.",
    );
  return found;
}
