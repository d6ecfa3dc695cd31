/** The build process of a guest on QuickJS. */
import { answerJob } from "./answer_job.ts";
import { buildQuickJsGuest } from "./quickjs.ts";

await answerJob(buildQuickJsGuest);
