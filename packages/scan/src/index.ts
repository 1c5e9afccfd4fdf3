export * from "./dicom/index.js";
