/** Transfer syntaxes (PS3.6 table A-1) and how their pixels are coded. */
import { inputError } from "@viscera/core";

export type Coding = "native" | "rle" | "jpeg" | "jpeg-ls" | "jpeg2000" | "htj2k";

const JPEG = "1.2.840.10008.1.2.4.";

const SYNTAXES: Record<string, { name: string; coding: Coding }> = {
  "1.2.840.10008.1.2": { name: "implicit VR little endian", coding: "native" },
  "1.2.840.10008.1.2.1": { name: "explicit VR little endian", coding: "native" },
  "1.2.840.10008.1.2.1.99": { name: "deflated explicit VR little endian", coding: "native" },
  "1.2.840.10008.1.2.2": { name: "explicit VR big endian", coding: "native" },
  "1.2.840.10008.1.2.5": { name: "RLE lossless", coding: "rle" },
  [`${JPEG}50`]: { name: "JPEG baseline", coding: "jpeg" },
  [`${JPEG}51`]: { name: "JPEG extended", coding: "jpeg" },
  [`${JPEG}53`]: { name: "JPEG spectral selection", coding: "jpeg" },
  [`${JPEG}55`]: { name: "JPEG progressive", coding: "jpeg" },
  [`${JPEG}57`]: { name: "JPEG lossless", coding: "jpeg" },
  [`${JPEG}70`]: { name: "JPEG lossless, first-order prediction", coding: "jpeg" },
  [`${JPEG}80`]: { name: "JPEG-LS lossless", coding: "jpeg-ls" },
  [`${JPEG}81`]: { name: "JPEG-LS near-lossless", coding: "jpeg-ls" },
  [`${JPEG}90`]: { name: "JPEG 2000 lossless", coding: "jpeg2000" },
  [`${JPEG}91`]: { name: "JPEG 2000", coding: "jpeg2000" },
  [`${JPEG}201`]: { name: "HTJ2K lossless", coding: "htj2k" },
  [`${JPEG}202`]: { name: "HTJ2K lossless, RPCL", coding: "htj2k" },
  [`${JPEG}203`]: { name: "HTJ2K", coding: "htj2k" },
};

/**
 * How a file's pixels are coded.
 * @throws `input.dicom-transfer-syntax` naming one that cannot be read (video, JPIP, private ones).
 */
export function codingOf(uid: string, label: string): Coding {
  const known = SYNTAXES[uid];
  if (!known)
    throw inputError(
      "dicom-transfer-syntax",
      `${label} is stored in the transfer syntax ${uid}, which cannot be read.`,
      "Export it as explicit VR little endian (uncompressed) from the archive or viewer.",
    );
  return known.coding;
}
