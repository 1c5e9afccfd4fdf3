/** Where things lie in a case folder; paths are relative to it and use forward slashes. */
export const CASE_PATHS = {
  case: "case.json",
  scan: "scan.nii.gz",
  labels: "labels.nii.gz",
  labelTable: "labels.json",
  organs: "organs/organs.json",
  measures: "organs/measures.csv",
  /** How unsure the network is of each voxel, percent; only where it was asked for. */
  uncertainty: "uncertainty.nii.gz",
  /** What is true of a synthetic patient. */
  truth: "truth.json",
  /** Its true labels, where `labels` are a network's. */
  trueLabels: "truth-labels.nii.gz",
  vesselFile: (name: string, extension: string) => `vessels/${name}.${extension}`,
  organFile: (name: string, extension: string) => `organs/${name}.${extension}`,
  run: (name: string) => ({
    folder: `runs/${name}`,
    config: `runs/${name}/config.json`,
    summary: `runs/${name}/summary.json`,
    series: `runs/${name}/series.csv`,
    field: (field: string, extension: string) => `runs/${name}/fields/${field}.${extension}`,
  }),
  report: "report.html",
} as const;
