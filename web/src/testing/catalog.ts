/** A small catalog for tests, in the shape that the server sends. */
import { Catalog } from "../model/catalog/catalog";
import type { NodeSpec } from "../runtime/wire.gen";

const COMMON = { category: "test", help: "", version: "1", cache: "pure" as const, pack: "builtin", source: "" };

const SPECS: NodeSpec[] = [
  {
    ...COMMON,
    id: "CheckpointLoaderSimple",
    title: "Load checkpoint",
    category: "loaders",
    inputs: [{ name: "ckpt_name", type: "COMBO", widget: { kind: "file", folder: "checkpoints", choices: ["postcards"] } }],
    outputs: [
      { name: "MODEL", type: "MODEL" },
      { name: "CLIP", type: "CLIP" },
      { name: "VAE", type: "VAE" },
    ],
  },
  {
    ...COMMON,
    id: "CLIPTextEncode",
    title: "Prompt",
    category: "conditioning",
    help: "Turns words into conditioning.",
    inputs: [
      { name: "clip", type: "CLIP" },
      { name: "text", type: "STRING", default: "", widget: { kind: "text", multiline: true } },
    ],
    outputs: [{ name: "CONDITIONING", type: "CONDITIONING" }],
  },
  {
    ...COMMON,
    id: "KSampler",
    title: "KSampler",
    category: "sampling",
    formerly: ["OldSampler"],
    inputs: [
      { name: "model", type: "MODEL" },
      { name: "positive", type: "CONDITIONING" },
      { name: "latent_image", type: "LATENT" },
      { name: "seed", type: "INT", default: 0, widget: { kind: "seed", min: 0 } },
      { name: "steps", type: "INT", default: 20, widget: { kind: "int", min: 1, max: 10000 } },
      { name: "cfg", type: "FLOAT", default: 8, widget: { kind: "float", min: 0, max: 100, step: 0.1 } },
    ],
    outputs: [{ name: "LATENT", type: "LATENT" }],
  },
  {
    ...COMMON,
    id: "VAEDecode",
    title: "Decode",
    category: "latent",
    inputs: [
      { name: "samples", type: "LATENT" },
      { name: "vae", type: "VAE" },
    ],
    outputs: [{ name: "IMAGE", type: "IMAGE" }],
  },
  {
    ...COMMON,
    id: "SaveImage",
    title: "Save image",
    category: "image/output",
    sink: true,
    inputs: [
      { name: "images", type: "IMAGE" },
      { name: "filename_prefix", type: "STRING", default: "wirebrush", widget: { kind: "text" } },
    ],
    outputs: [],
  },
  {
    ...COMMON,
    id: "Reroute",
    title: "Reroute",
    deprecated: true,
    inputs: [{ name: "value", type: "*" }],
    outputs: [{ name: "value", type: "*" }],
  },
];

export function testCatalog(): Catalog {
  return new Catalog({ digest: "1", nodes: SPECS, failures: [] });
}
