/**
 * The attributes this reader looks at (DICOM PS3.6). Everything else in a file - names, identifiers, dates,
 * descriptions, private data - is stepped over and never kept, so it cannot leave the reader.
 */

/** Attribute keyword -> [tag as group * 65536 + element, value representation]. */
const TABLE = {
  TransferSyntaxUID: [0x00020010, "UI"],
  MediaStorageSOPClassUID: [0x00020002, "UI"],
  ImageType: [0x00080008, "CS"],
  SOPClassUID: [0x00080016, "UI"],
  SOPInstanceUID: [0x00080018, "UI"],
  Modality: [0x00080060, "CS"],
  FrameType: [0x00089007, "CS"],
  PatientSex: [0x00100040, "CS"],
  PatientAge: [0x00101010, "AS"],
  PatientSize: [0x00101020, "DS"],
  PatientWeight: [0x00101030, "DS"],
  EchoTime: [0x00180081, "DS"],
  EchoNumbers: [0x00180086, "IS"],
  SpacingBetweenSlices: [0x00180088, "DS"],
  SliceThickness: [0x00180050, "DS"],
  TriggerTime: [0x00181060, "DS"],
  InversionTime: [0x00180082, "DS"],
  DiffusionDirectionSequence: [0x00189076, "SQ"],
  EffectiveEchoTime: [0x00189082, "FD"],
  DiffusionBValue: [0x00189087, "FD"],
  DiffusionGradientOrientation: [0x00189089, "FD"],
  MREchoSequence: [0x00189114, "SQ"],
  MRDiffusionSequence: [0x00189117, "SQ"],
  MRImageFrameTypeSequence: [0x00189226, "SQ"],
  CTImageFrameTypeSequence: [0x00189329, "SQ"],
  SeriesInstanceUID: [0x0020000e, "UI"],
  AcquisitionNumber: [0x00200012, "IS"],
  InstanceNumber: [0x00200013, "IS"],
  ImagePositionPatient: [0x00200032, "DS"],
  ImageOrientationPatient: [0x00200037, "DS"],
  TemporalPositionIdentifier: [0x00200100, "IS"],
  StackID: [0x00209056, "SH"],
  FrameContentSequence: [0x00209111, "SQ"],
  PlanePositionSequence: [0x00209113, "SQ"],
  PlaneOrientationSequence: [0x00209116, "SQ"],
  TemporalPositionIndex: [0x00209128, "UL"],
  SamplesPerPixel: [0x00280002, "US"],
  PhotometricInterpretation: [0x00280004, "CS"],
  PlanarConfiguration: [0x00280006, "US"],
  NumberOfFrames: [0x00280008, "IS"],
  Rows: [0x00280010, "US"],
  Columns: [0x00280011, "US"],
  PixelSpacing: [0x00280030, "DS"],
  ImagerPixelSpacing: [0x00181164, "DS"],
  BitsAllocated: [0x00280100, "US"],
  BitsStored: [0x00280101, "US"],
  HighBit: [0x00280102, "US"],
  PixelRepresentation: [0x00280103, "US"],
  PixelPaddingValue: [0x00280120, "US"],
  RescaleIntercept: [0x00281052, "DS"],
  RescaleSlope: [0x00281053, "DS"],
  RescaleType: [0x00281054, "LO"],
  RedPaletteDescriptor: [0x00281101, "US"],
  GreenPaletteDescriptor: [0x00281102, "US"],
  BluePaletteDescriptor: [0x00281103, "US"],
  RedPaletteData: [0x00281201, "OW"],
  GreenPaletteData: [0x00281202, "OW"],
  BluePaletteData: [0x00281203, "OW"],
  RedPaletteSegments: [0x00281221, "OW"],
  ModalityLUTSequence: [0x00283000, "SQ"],
  LUTDescriptor: [0x00283002, "US"],
  ModalityLUTType: [0x00283004, "LO"],
  LUTData: [0x00283006, "OW"],
  PixelMeasuresSequence: [0x00289110, "SQ"],
  PixelValueTransformationSequence: [0x00289145, "SQ"],
  Units: [0x00541001, "CS"],
  GridFrameOffsetVector: [0x3004000c, "DS"],
  DoseUnits: [0x30040002, "CS"],
  DoseGridScaling: [0x3004000e, "DS"],
  SharedFunctionalGroupsSequence: [0x52009229, "SQ"],
  PerFrameFunctionalGroupsSequence: [0x52009230, "SQ"],
  ExtendedOffsetTable: [0x7fe00001, "OV"],
  ExtendedOffsetTableLengths: [0x7fe00002, "OV"],
} as const satisfies Record<string, readonly [number, string]>;

/** Keyword of an attribute the reader looks at. */
export type Attribute = keyof typeof TABLE;

const BY_TAG = new Map<number, { keyword: Attribute; vr: string }>(
  (Object.entries(TABLE) as [Attribute, readonly [number, string]][]).map(([keyword, [tag, vr]]) => [
    tag,
    { keyword, vr },
  ]),
);

/** Keyword and value representation of a tag the reader looks at; undefined for every other tag. */
export function attributeOf(tag: number): { keyword: Attribute; vr: string } | undefined {
  return BY_TAG.get(tag);
}

/** An attribute's name for people: "ImagePositionPatient" -> "Image Position Patient (0020,0032)". */
export function nameOf(keyword: Attribute): string {
  const words = keyword.replace(/([a-z])([A-Z])|([A-Z]+)([A-Z][a-z])/g, "$1$3 $2$4");
  return `${words} (${tagText(TABLE[keyword][0])})`;
}

/** "0020,0032" */
export function tagText(tag: number): string {
  const hex = (tag >>> 0).toString(16).padStart(8, "0").toUpperCase();
  return `${hex.slice(0, 4)},${hex.slice(4)}`;
}
