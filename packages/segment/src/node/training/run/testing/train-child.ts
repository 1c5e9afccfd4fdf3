/** For tests only: a training in a process of its own, to be killed. Arguments: data set, folder, steps. */
import { readDataset } from "../../data/index.js";
import { trainModel } from "../train-model.js";
import { toyOptions } from "./balls.js";

const [dataset, out, steps] = process.argv.slice(2);
await trainModel(await readDataset(dataset!), {
  ...toyOptions(out!, Number(steps)),
  saveEverySeconds: 0,
});
