// Loaded before a command (`node --import`): tells the largest resident memory on stderr when it ends.
import { writeSync } from "node:fs";

process.on("exit", () => writeSync(2, `peak-rss-kb=${process.resourceUsage().maxRSS}\n`));
