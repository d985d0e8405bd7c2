/**
 * The node types that workflows of the field use most, the most common first: where many types fit,
 * these are offered before the others.
 */
const COMMON: readonly string[] = [
  "CLIPTextEncode", "KSampler", "CheckpointLoaderSimple", "VAEDecode", "SaveImage", "EmptyLatentImage",
  "LoraLoader", "PreviewImage", "LoadImage", "VAEEncode", "VAELoader", "KSamplerAdvanced", "LatentUpscaleBy",
  "ImageScaleBy", "ControlNetApplyAdvanced", "ControlNetLoader", "UpscaleModelLoader", "ImageUpscaleWithModel",
  "VAEEncodeForInpaint", "ImagePadForOutpaint", "SetLatentNoiseMask", "CLIPSetLastLayer", "ConditioningCombine",
  "ConditioningSetArea", "UNETLoader", "CLIPLoader", "DualCLIPLoader", "FluxGuidance", "EmptySD3LatentImage",
  "LatentUpscale", "ImageScale", "Canny",
];

const RANKS: ReadonlyMap<string, number> = new Map(COMMON.map((type, place) => [type, 1 - place / COMMON.length]));

/** From 1 for the most common type down to 0 for those that are not. */
export function commonness(type: string): number {
  return RANKS.get(type) ?? 0;
}
