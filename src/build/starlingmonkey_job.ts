/** The build process of a guest on StarlingMonkey. */
import { answerJob } from "./answer_job.ts";
import { buildStarlingMonkeyGuest } from "./starlingmonkey.ts";

await answerJob(buildStarlingMonkeyGuest);
