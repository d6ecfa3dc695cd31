/** What a build would freeze and an instance has of its own, in every guest, whatever it names. */
import "./math_random.ts";
import "./performance.ts";
