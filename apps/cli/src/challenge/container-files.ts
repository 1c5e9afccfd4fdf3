/** The files of an algorithm container around a model. */
import {
  affineOf,
  type ModelFile,
  RandomStream,
  type Size3,
  type Vec3,
  type Volume,
  voxelCount,
} from "@viscera/core";
import { resultFile } from "./socket-files.js";

export interface ContainerPlan {
  name: string;
  description: ModelFile;
  /** Image sockets in the model's order. */
  sockets: readonly string[];
  /** Relative path of the output socket. */
  result: string;
  /** Folder of the program that makes the container. */
  home: string;
}

const EXAMPLE = "interf0";
/** Where the example's images lie; any identifier would do. */
export const EXAMPLE_IMAGE = "00000000-0000-4000-8000-000000000000.mha";
export const exampleFolder = (slug: string) => `test/input/${EXAMPLE}/images/${slug}`;

/** `text` as one word of a shell command. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const tagOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "") || "model";

/** Text files by their paths; those that end in .sh are to be made executable. */
export function containerFiles(plan: ContainerPlan): Record<string, string> {
  return {
    Dockerfile: dockerfile(plan),
    "do_build.sh": buildScript(plan),
    "do_test_run.sh": testScript(plan),
    "do_save.sh": saveScript(plan),
    [`test/input/${EXAMPLE}/inputs.json`]: `${JSON.stringify(exampleInputs(plan), null, 1)}\n`,
    "README.md": readme(plan),
  };
}

const entry = ({ sockets, result }: ContainerPlan) => [
  "challenge",
  "run",
  "--image",
  sockets.join(","),
  "--result",
  result,
];

function dockerfile(plan: ContainerPlan): string {
  return `# An algorithm container for grand-challenge.org. Build it with ./do_build.sh, which hands Viscera's folder in.
FROM --platform=linux/amd64 docker.io/library/node:22-slim

COPY --from=viscera . /opt/viscera
RUN cd /opt/viscera && npm ci && npm run build

RUN groupadd -r user && useradd -m --no-log-init -r -g user user
USER user
WORKDIR /home/user

# The model is not in the image: upload model/ as a tarball, which is unpacked to /opt/ml/model.
ENTRYPOINT ${JSON.stringify(["node", "/opt/viscera/apps/cli/dist/main.js", ...entry(plan)])}
`;
}

const HEAD = `#!/usr/bin/env bash
set -euo pipefail
HERE=$( cd -- "$( dirname -- "\${BASH_SOURCE[0]}" )" &> /dev/null && pwd )
`;

function buildScript({ name, home }: ContainerPlan): string {
  return `${HEAD}# Builds the image. VISCERA_HOME is a checkout of Viscera.
VISCERA_HOME=\${VISCERA_HOME:-${quoted(home)}}
docker build --platform linux/amd64 --build-context viscera="$VISCERA_HOME" --tag ${quoted(tagOf(name))} "$HERE"
`;
}

function testScript(plan: ContainerPlan): string {
  return `${HEAD}# Runs the example through the container, without network, and lists what it wrote.
# With --without-docker the same command runs on this machine instead.
VISCERA_HOME=\${VISCERA_HOME:-${quoted(plan.home)}}
rm -rf "$HERE/test/output"
mkdir -p "$HERE/test/output"
chmod o+rwX "$HERE/test/output"
if [ "\${1:-}" = "--without-docker" ]; then
  node "$VISCERA_HOME/apps/cli/dist/main.js" ${entry(plan).map(quoted).join(" ")} \\
    --input "$HERE/test/input/${EXAMPLE}" --output "$HERE/test/output" --model "$HERE/model"
else
  "$HERE/do_build.sh"
  docker run --rm --platform linux/amd64 --network none \\
    --volume "$HERE/test/input/${EXAMPLE}":/input:ro --volume "$HERE/test/output":/output \\
    --volume "$HERE/model":/opt/ml/model:ro ${quoted(tagOf(plan.name))}
fi
[ -f "$HERE"/test/output/${quoted(resultFile(plan.result))} ] || { echo "No output was written." >&2; exit 1; }
echo "Written: test/output/${resultFile(plan.result)}"
`;
}

function saveScript({ name }: ContainerPlan): string {
  return `${HEAD}# Writes what is to be uploaded: the image, and the model as a tarball of its own.
"$HERE/do_build.sh"
docker save ${quoted(tagOf(name))} | gzip -c > "$HERE/image.tar.gz"
tar -czf "$HERE/model.tar.gz" -C "$HERE/model" .
`;
}

function exampleInputs({ sockets }: ContainerPlan): unknown {
  return sockets.map((slug) => ({
    socket: {
      slug,
      relative_path: `images/${slug}`,
      is_image_kind: true,
      is_panimg_kind: true,
      is_dicom_image_kind: false,
      is_json_kind: false,
      is_file_kind: false,
    },
    file: null,
    image: { name: `example-${slug}.mha` },
    value: null,
  }));
}

function readme({ name, description, sockets, result }: ContainerPlan): string {
  return `# ${name}

An algorithm container for grand-challenge.org around the model ${description.name} ${description.version}
(licence: ${description.licence}). It segments ${description.labels.map((label) => label.name).join(", ")}.

| socket | kind | path |
| ------ | ---- | ---- |
${sockets.map((slug) => `| ${slug} | input image | /input/images/${slug} |`).join("\n")}
| ${result
    .replace(/\/[^/]+\.\w+$/, "")
    .split("/")
    .at(-1)} | output image | /output/${result} |

- \`./do_test_run.sh --without-docker\` runs the example in test/ on this machine, \`./do_test_run.sh\` in the container.
- \`./do_save.sh\` writes image.tar.gz and model.tar.gz to upload.

The example's image is made up: replace it by one of the challenge's. For research only; no medical device.
`;
}

const SIZE: Size3 = [48, 48, 32];

/** A made-up image for the example: a bright ball in noise, on voxels as the model wants them. */
export function exampleImage({ input }: ModelFile, channel: number): Volume {
  const noise = new RandomStream(1, "challenge.example");
  const [nx, ny, nz] = SIZE;
  const spacing: Vec3 = input.spacingMm ?? [1, 1, 1];
  const data = Int16Array.from({ length: voxelCount(SIZE) }, (_, i) => {
    const [x, y, z] = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
    const inside = Math.hypot((x - nx / 2) / nx, (y - ny / 2) / ny, (z - nz / 2) / nz) < 0.25;
    return (inside ? 120 : 20) + 15 * noise.normal(channel, i);
  });
  return { size: SIZE, affine: affineOf(spacing), data, modality: input.modality[0] ?? null, unit: null };
}
