/** What this package uses of modules that bring no types. First the WebAssembly frame decoders. */
interface FrameDecoder {
  /** Memory of the module for `length` compressed bytes. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  delete(): void;
}

interface CodecOptions {
  locateFile?: (file: string, directory: string) => string;
  print?: (line: string) => void;
  printErr?: (line: string) => void;
}

declare module "@cornerstonejs/codec-charls/decodewasmjs" {
  interface JpegLsDecoder extends FrameDecoder {
    /** 0 planes, 1 lines, 2 samples; the decoded buffer is planar for 0, by pixel for the others. */
    getInterleaveMode(): number;
  }
  export default function load(options: CodecOptions): Promise<{ JpegLSDecoder: new () => JpegLsDecoder }>;
}

declare module "@cornerstonejs/codec-openjpeg/decodewasmjs" {
  export default function load(options: CodecOptions): Promise<{ J2KDecoder: new () => FrameDecoder }>;
}

declare module "@cornerstonejs/codec-openjph/wasmjs" {
  export default function load(options: CodecOptions): Promise<{ HTJ2KDecoder: new () => FrameDecoder }>;
}

/** Only the tests compare with it. */
declare module "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs" {
  export default function load(options: CodecOptions): Promise<{ JPEGDecoder: new () => FrameDecoder }>;
}

/** Only the tests compare with it. */
declare module "dcmjs" {
  type Elements = Record<string, { Value: (string | number | null)[] }>;
  const dcmjs: {
    log: { setLevel(level: string): void };
    data: {
      DicomMessage: { readFile(buffer: ArrayBuffer, options: object): { meta: Elements; dict: Elements } };
    };
  };
  export default dcmjs;
}
