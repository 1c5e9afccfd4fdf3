import type { JobOptions } from "@viscera/core";

/** How to stop a kernel, whom to tell about its progress and how many threads it may use. */
export type KernelOptions = JobOptions;
