/** Property tests try the same examples in every run: what passed here passes everywhere. */
import { configureGlobal } from "fast-check";

configureGlobal({ seed: 1 });
