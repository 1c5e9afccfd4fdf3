import { describedFormat } from "./described.js";
import type { ModelFormat } from "./format.js";
import { monaiFormat } from "./monai.js";
import { nnUnetFormat } from "./nnunet.js";
import { tfjsFormat } from "./tfjs.js";
import { totalSegmentatorFormat } from "./totalsegmentator.js";

/** Every format that `openModel` knows; the first that recognises a place has it. */
export const MODEL_FORMATS: readonly ModelFormat[] = [
  describedFormat,
  nnUnetFormat,
  totalSegmentatorFormat,
  monaiFormat,
  tfjsFormat,
];
