/** Lays out graphs beside the page, which goes on meanwhile. */
import { tidied, type Untidy } from "../model/layout/tidy";

addEventListener("message", ({ data }: MessageEvent<Untidy>) => postMessage(tidied(data)));
