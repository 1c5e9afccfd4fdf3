/** What is wrong with a JPEG stream, in words that fit after "the JPEG data of ... cannot be decoded:". */
export class JpegError extends Error {}
