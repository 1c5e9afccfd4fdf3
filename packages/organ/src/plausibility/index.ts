export * from "./check-anatomy.js";
