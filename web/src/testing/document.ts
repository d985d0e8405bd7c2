/** A small document for tests: text to picture. */
import type { Document } from "../model/document/document";
import { parseDocument } from "../model/format/format";

export function testDocument(): Document {
  return parseDocument({
    format: "wirebrush/1",
    id: "d",
    name: "Postcard",
    nodes: {
      "1": { type: "CheckpointLoaderSimple", at: [0, 0], values: { ckpt_name: "postcards" } },
      "2": { type: "CLIPTextEncode", at: [300, 0], values: { text: "a red house" }, title: "Words" },
      "3": { type: "KSampler", at: [600, 0], values: { seed: 7, steps: 20, cfg: 6 }, controls: { seed: "randomize" } },
      "4": { type: "VAEDecode", at: [900, 0], values: {} },
      "5": { type: "SaveImage", at: [1200, 0], values: { filename_prefix: "postcard" } },
    },
    wires: [
      { from: ["1", "MODEL"], to: ["3", "model"] },
      { from: ["1", "CLIP"], to: ["2", "clip"] },
      { from: ["2", "CONDITIONING"], to: ["3", "positive"] },
      { from: ["3", "LATENT"], to: ["4", "samples"] },
      { from: ["1", "VAE"], to: ["4", "vae"] },
      { from: ["4", "IMAGE"], to: ["5", "images"] },
    ],
    notes: [{ id: "n", text: "kept as it is" }],
  });
}
