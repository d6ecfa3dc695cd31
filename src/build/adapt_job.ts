/** The build process that makes a component of a core module. */
import { adaptModule } from "./adapt.ts";
import { answerJob } from "./answer_job.ts";

await answerJob(adaptModule);
