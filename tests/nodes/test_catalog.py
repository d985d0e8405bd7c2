"""Every built-in declares what the field's node of that name declares, and explains itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

import wirebrush_nodes
from wirebrush.api import MISSING, NodeSpec, spec_of

TABLE = """
CheckpointLoaderSimple | ckpt_name:COMBO | MODEL CLIP VAE
UNETLoader | unet_name:COMBO weight_dtype:COMBO=default | MODEL
CLIPLoader | clip_name:COMBO type:COMBO=stable_diffusion device:COMBO=default? | CLIP
DualCLIPLoader | clip_name1:COMBO clip_name2:COMBO type:COMBO=sdxl device:COMBO=default? | CLIP
TripleCLIPLoader | clip_name1:COMBO clip_name2:COMBO clip_name3:COMBO | CLIP
VAELoader | vae_name:COMBO | VAE
DiffusersLoader | model_path:COMBO | MODEL CLIP VAE
CLIPTextEncodeSDXL | clip:CLIP width:INT=1024[0..16384]/1 height:INT=1024[0..16384]/1 crop_w:INT=0[0..16384]/1 crop_h:INT=0[0..16384]/1 target_width:INT=1024[0..16384]/1 target_height:INT=1024[0..16384]/1 text_g:STRING text_l:STRING | CONDITIONING
CLIPTextEncodeSDXLRefiner | ascore:FLOAT=6.0[0.0..1000.0]/0.01 width:INT=1024[0..16384]/1 height:INT=1024[0..16384]/1 text:STRING clip:CLIP | CONDITIONING
CLIPTextEncodeSD3 | clip:CLIP clip_l:STRING clip_g:STRING t5xxl:STRING empty_padding:COMBO=none | CONDITIONING
EmptySD3LatentImage | width:INT=1024[16..16384]/16 height:INT=1024[16..16384]/16 batch_size:INT=1[1..4096]/None | LATENT
CLIPTextEncodeFlux | clip:CLIP clip_l:STRING t5xxl:STRING guidance:FLOAT=3.5[0.0..100.0]/0.1 | CONDITIONING
FluxGuidance | conditioning:CONDITIONING guidance:FLOAT=3.5[0.0..100.0]/0.1 | CONDITIONING
CLIPVisionLoader | clip_name:COMBO | CLIP_VISION
CLIPVisionEncode | clip_vision:CLIP_VISION image:IMAGE crop:COMBO=center | CLIP_VISION_OUTPUT
StyleModelLoader | style_model_name:COMBO | STYLE_MODEL
StyleModelApply | conditioning:CONDITIONING style_model:STYLE_MODEL clip_vision_output:CLIP_VISION_OUTPUT strength:FLOAT=1.0[0.0..10.0]/0.001 strength_type:COMBO=multiply | CONDITIONING
InpaintModelConditioning | positive:CONDITIONING negative:CONDITIONING vae:VAE pixels:IMAGE mask:MASK noise_mask:BOOLEAN=True | positive:CONDITIONING negative:CONDITIONING latent:LATENT
InstructPixToPixConditioning | positive:CONDITIONING negative:CONDITIONING vae:VAE pixels:IMAGE | positive:CONDITIONING negative:CONDITIONING latent:LATENT
SD_4XUpscale_Conditioning | images:IMAGE positive:CONDITIONING negative:CONDITIONING scale_ratio:FLOAT=4.0[0.0..10.0]/0.01 noise_augmentation:FLOAT=0.0[0.0..1.0]/0.001 | positive:CONDITIONING negative:CONDITIONING latent:LATENT
LoraLoader | model:MODEL clip:CLIP lora_name:COMBO strength_model:FLOAT=1.0[-100.0..100.0]/0.01 strength_clip:FLOAT=1.0[-100.0..100.0]/0.01 | MODEL CLIP
ModelMergeSimple | model1:MODEL model2:MODEL ratio:FLOAT=1.0[0.0..1.0]/0.01 | MODEL
ModelMergeBlocks | model1:MODEL model2:MODEL input:FLOAT=1.0[0.0..1.0]/0.01 middle:FLOAT=1.0[0.0..1.0]/0.01 out:FLOAT=1.0[0.0..1.0]/0.01 | MODEL
ModelMergeAdd | model1:MODEL model2:MODEL | MODEL
ModelMergeSubtract | model1:MODEL model2:MODEL multiplier:FLOAT=1.0[-10.0..10.0]/0.01 | MODEL
CLIPMergeSimple | clip1:CLIP clip2:CLIP ratio:FLOAT=1.0[0.0..1.0]/0.01 | CLIP
CLIPMergeAdd | clip1:CLIP clip2:CLIP | CLIP
CLIPMergeSubtract | clip1:CLIP clip2:CLIP multiplier:FLOAT=1.0[-10.0..10.0]/0.01 | CLIP
ControlNetLoader | control_net_name:COMBO | CONTROL_NET
CLIPTextEncode | text:STRING clip:CLIP | CONDITIONING
CLIPSetLastLayer | clip:CLIP stop_at_clip_layer:INT=-1[-24..-1]/1 | CLIP
EmptyLatentImage | width:INT=512[16..16384]/8 height:INT=512[16..16384]/8 batch_size:INT=1[1..4096]/None | LATENT
LatentUpscale | samples:LATENT upscale_method:COMBO=nearest-exact width:INT=512[0..16384]/8 height:INT=512[0..16384]/8 crop:COMBO=disabled | LATENT
SetLatentNoiseMask | samples:LATENT mask:MASK | LATENT
KSampler | model:MODEL seed:INT=0[0..18446744073709551615]/None steps:INT=20[1..10000]/None cfg:FLOAT=8.0[0.0..100.0]/0.1 sampler_name:COMBO=euler scheduler:COMBO=simple positive:CONDITIONING negative:CONDITIONING latent_image:LATENT denoise:FLOAT=1.0[0.0..1.0]/0.01 | LATENT
ManualSigmas | sigmas:STRING=1, 0.5 | SIGMAS
SplitSigmas | sigmas:SIGMAS step:INT=0[0..10000]/None | high_sigmas:SIGMAS low_sigmas:SIGMAS
SplitSigmasDenoise | sigmas:SIGMAS denoise:FLOAT=1.0[0.0..1.0]/0.01 | high_sigmas:SIGMAS low_sigmas:SIGMAS
FlipSigmas | sigmas:SIGMAS | SIGMAS
SetFirstSigma | sigmas:SIGMAS sigma:FLOAT=136.0[0.0..20000.0]/0.001 | SIGMAS
ExtendIntermediateSigmas | sigmas:SIGMAS steps:INT=2[1..100]/None start_at_sigma:FLOAT=-1.0[-1.0..20000.0]/0.01 end_at_sigma:FLOAT=12.0[0.0..20000.0]/0.01 spacing:COMBO=linear | SIGMAS
KSamplerSelect | sampler_name:COMBO=euler | SAMPLER
SamplerEulerAncestral | eta:FLOAT=1.0[0.0..100.0]/0.01 s_noise:FLOAT=1.0[0.0..100.0]/0.01 | SAMPLER
SamplerEulerAncestralCFGPP | eta:FLOAT=1.0[0.0..1.0]/0.01 s_noise:FLOAT=1.0[0.0..10.0]/0.01 | SAMPLER
SamplerLMS | order:INT=4[1..100]/None | SAMPLER
SamplerDPMPP_2S_Ancestral | eta:FLOAT=1.0[0.0..100.0]/0.01 s_noise:FLOAT=1.0[0.0..100.0]/0.01 | SAMPLER
SamplerER_SDE | solver_type:COMBO=ER-SDE max_stage:INT=3[1..3]/None eta:FLOAT=1.0[0.0..100.0]/0.01 s_noise:FLOAT=1.0[0.0..100.0]/0.01 | SAMPLER
SamplerCustom | model:MODEL add_noise:BOOLEAN=True noise_seed:INT=0[0..18446744073709551615]/None cfg:FLOAT=8.0[0.0..100.0]/0.1 positive:CONDITIONING negative:CONDITIONING sampler:SAMPLER sigmas:SIGMAS latent_image:LATENT | output:LATENT denoised_output:LATENT
SamplerCustomAdvanced | noise:NOISE guider:GUIDER sampler:SAMPLER sigmas:SIGMAS latent_image:LATENT | output:LATENT denoised_output:LATENT
RandomNoise | noise_seed:INT=0[0..18446744073709551615]/None | NOISE
DisableNoise | | NOISE
AddNoise | model:MODEL noise:NOISE sigmas:SIGMAS latent_image:LATENT | LATENT
RescaleCFG | model:MODEL multiplier:FLOAT=0.7[0.0..1.0]/0.01 | MODEL
RenormCFG | model:MODEL cfg_trunc:FLOAT=100.0[0.0..100.0]/0.01 renorm_cfg:FLOAT=1.0[0.0..100.0]/0.01 | MODEL
DynamicThresholdingSimple | model:MODEL mimic_scale:FLOAT=7.0[0.0..100.0]/0.5 threshold_percentile:FLOAT=1.0[0.0..1.0]/0.01 | MODEL
GuidanceInterval | model:MODEL start:FLOAT=0.0[0.0..1.0]/0.001 end:FLOAT=1.0[0.0..1.0]/0.001 | MODEL
CFGZeroStar | model:MODEL | patched_model:MODEL
CFGNorm | model:MODEL strength:FLOAT=1.0[0.0..100.0]/0.01 | patched_model:MODEL
TCFG | model:MODEL | patched_model:MODEL
APG | model:MODEL eta:FLOAT=1.0[-10.0..10.0]/0.01 norm_threshold:FLOAT=5.0[0.0..50.0]/0.1 momentum:FLOAT=0.0[-5.0..1.0]/0.01 | MODEL
Mahiro | model:MODEL | patched_model:MODEL
Epsilon Scaling | model:MODEL scaling_factor:FLOAT=1.005[0.5..1.5]/0.001 | MODEL
VideoLinearCFGGuidance | model:MODEL min_cfg:FLOAT=1.0[0.0..100.0]/0.5 | MODEL
VideoTriangleCFGGuidance | model:MODEL min_cfg:FLOAT=1.0[0.0..100.0]/0.5 | MODEL
BasicGuider | model:MODEL conditioning:CONDITIONING | GUIDER
CFGGuider | model:MODEL positive:CONDITIONING negative:CONDITIONING cfg:FLOAT=8.0[0.0..100.0]/0.1 | GUIDER
DualCFGGuider | model:MODEL cond1:CONDITIONING cond2:CONDITIONING negative:CONDITIONING cfg_conds:FLOAT=8.0[0.0..100.0]/0.1 cfg_cond2_negative:FLOAT=8.0[0.0..100.0]/0.1 style:COMBO=regular | GUIDER
PerpNegGuider | model:MODEL positive:CONDITIONING negative:CONDITIONING empty_conditioning:CONDITIONING cfg:FLOAT=8.0[0.0..100.0]/0.1 neg_scale:FLOAT=1.0[0.0..100.0]/0.01 | GUIDER
ModelSamplingDiscrete | model:MODEL sampling:COMBO=eps zsnr:BOOLEAN=False | MODEL
ModelSamplingContinuousEDM | model:MODEL sampling:COMBO=v_prediction sigma_max:FLOAT=120.0[0.0..1000.0]/0.001 sigma_min:FLOAT=0.002[0.0..1000.0]/0.001 | MODEL
ModelSamplingContinuousV | model:MODEL sampling:COMBO=v_prediction sigma_max:FLOAT=500.0[0.0..1000.0]/0.001 sigma_min:FLOAT=0.03[0.0..1000.0]/0.001 | MODEL
ModelSamplingStableCascade | model:MODEL shift:FLOAT=2.0[0.0..100.0]/0.01 | MODEL
ModelSamplingSD3 | model:MODEL shift:FLOAT=3.0[0.0..100.0]/0.01 | MODEL
ModelSamplingAuraFlow | model:MODEL shift:FLOAT=1.73[0.0..100.0]/0.01 | MODEL
ModelSamplingFlux | model:MODEL max_shift:FLOAT=1.15[0.0..100.0]/0.01 base_shift:FLOAT=0.5[0.0..100.0]/0.01 width:INT=1024[16..16384]/8 height:INT=1024[16..16384]/8 | MODEL
ModelSamplingLTXV | model:MODEL max_shift:FLOAT=2.05[0.0..100.0]/0.01 base_shift:FLOAT=0.95[0.0..100.0]/0.01 latent:LATENT? | MODEL
BasicScheduler | model:MODEL scheduler:COMBO=simple steps:INT=20[1..10000]/None denoise:FLOAT=1.0[0.0..1.0]/0.01 | SIGMAS
BetaSamplingScheduler | model:MODEL steps:INT=20[1..10000]/None alpha:FLOAT=0.6[0.0..50.0]/0.01 beta:FLOAT=0.6[0.0..50.0]/0.01 | SIGMAS
SDTurboScheduler | model:MODEL steps:INT=1[1..10]/None denoise:FLOAT=1.0[0.0..1.0]/0.01 | SIGMAS
SamplingPercentToSigma | model:MODEL sampling_percent:FLOAT=0.0[0.0..1.0]/0.0001 return_actual_sigma:BOOLEAN=False | sigma_value:FLOAT
SamplerDPMPP_2M_SDE | solver_type:COMBO=midpoint eta:FLOAT=1.0[0.0..100.0]/0.01 s_noise:FLOAT=1.0[0.0..100.0]/0.01 noise_device:COMBO=gpu | SAMPLER
SamplerDPMPP_3M_SDE | eta:FLOAT=1.0[0.0..100.0]/0.01 s_noise:FLOAT=1.0[0.0..100.0]/0.01 noise_device:COMBO=gpu | SAMPLER
SamplerDPMPP_SDE | eta:FLOAT=1.0[0.0..100.0]/0.01 s_noise:FLOAT=1.0[0.0..100.0]/0.01 r:FLOAT=0.5[0.0..100.0]/0.01 noise_device:COMBO=gpu | SAMPLER
SamplerDPMAdaptative | order:INT=3[2..3]/None rtol:FLOAT=0.05[0.0..100.0]/0.01 atol:FLOAT=0.0078[0.0..100.0]/0.01 h_init:FLOAT=0.05[0.0..100.0]/0.01 pcoeff:FLOAT=0.0[0.0..100.0]/0.01 icoeff:FLOAT=1.0[0.0..100.0]/0.01 dcoeff:FLOAT=0.0[0.0..100.0]/0.01 accept_safety:FLOAT=0.81[0.0..100.0]/0.01 eta:FLOAT=0.0[0.0..100.0]/0.01 s_noise:FLOAT=1.0[0.0..100.0]/0.01 | SAMPLER
SamplerLCMUpscale | scale_ratio:FLOAT=1.0[0.1..20.0]/0.01 scale_steps:INT=-1[-1..1000]/None upscale_method:COMBO=bislerp | SAMPLER
SamplerSASolver | model:MODEL eta:FLOAT=1.0[0.0..10.0]/0.01 sde_start_percent:FLOAT=0.2[0.0..1.0]/0.001 sde_end_percent:FLOAT=0.8[0.0..1.0]/0.001 s_noise:FLOAT=1.0[0.0..100.0]/0.01 predictor_order:INT=3[1..6]/None corrector_order:INT=4[0..6]/None use_pece:BOOLEAN=False simple_order_2:BOOLEAN=False | SAMPLER
PerturbedAttentionGuidance | model:MODEL scale:FLOAT=3.0[0.0..100.0]/0.01 | MODEL
SelfAttentionGuidance | model:MODEL scale:FLOAT=0.5[-2.0..5.0]/0.01 blur_sigma:FLOAT=2.0[0.0..10.0]/0.1 | MODEL
SkipLayerGuidanceSD3 | model:MODEL layers:STRING=7, 8, 9 scale:FLOAT=3.0[0.0..10.0]/0.1 start_percent:FLOAT=0.01[0.0..1.0]/0.001 end_percent:FLOAT=0.15[0.0..1.0]/0.001 | MODEL
SkipLayerGuidanceDiT | model:MODEL double_layers:STRING=7, 8, 9 single_layers:STRING=7, 8, 9 scale:FLOAT=3.0[0.0..10.0]/0.1 start_percent:FLOAT=0.01[0.0..1.0]/0.001 end_percent:FLOAT=0.15[0.0..1.0]/0.001 rescaling_scale:FLOAT=0.0[0.0..10.0]/0.01 | MODEL
SkipLayerGuidanceDiTSimple | model:MODEL double_layers:STRING=7, 8, 9 single_layers:STRING=7, 8, 9 start_percent:FLOAT=0.0[0.0..1.0]/0.001 end_percent:FLOAT=1.0[0.0..1.0]/0.001 | MODEL
FreeU | model:MODEL b1:FLOAT=1.1[0.0..10.0]/0.01 b2:FLOAT=1.2[0.0..10.0]/0.01 s1:FLOAT=0.9[0.0..10.0]/0.01 s2:FLOAT=0.2[0.0..10.0]/0.01 | MODEL
FreeU_V2 | model:MODEL b1:FLOAT=1.3[0.0..10.0]/0.01 b2:FLOAT=1.4[0.0..10.0]/0.01 s1:FLOAT=0.9[0.0..10.0]/0.01 s2:FLOAT=0.2[0.0..10.0]/0.01 | MODEL
KSamplerAdvanced | model:MODEL add_noise:COMBO=enable noise_seed:INT=0[0..18446744073709551615]/None steps:INT=20[1..10000]/None cfg:FLOAT=8.0[0.0..100.0]/0.1 sampler_name:COMBO=euler scheduler:COMBO=simple positive:CONDITIONING negative:CONDITIONING latent_image:LATENT start_at_step:INT=0[0..10000]/None end_at_step:INT=10000[0..10000]/None return_with_leftover_noise:COMBO=disable | LATENT
KarrasScheduler | steps:INT=20[1..10000]/None sigma_max:FLOAT=14.614642[0.0..5000.0]/0.01 sigma_min:FLOAT=0.0291675[0.0..5000.0]/0.01 rho:FLOAT=7.0[0.0..100.0]/0.01 | SIGMAS
ExponentialScheduler | steps:INT=20[1..10000]/None sigma_max:FLOAT=14.614642[0.0..5000.0]/0.01 sigma_min:FLOAT=0.0291675[0.0..5000.0]/0.01 | SIGMAS
PolyexponentialScheduler | steps:INT=20[1..10000]/None sigma_max:FLOAT=14.614642[0.0..5000.0]/0.01 sigma_min:FLOAT=0.0291675[0.0..5000.0]/0.01 rho:FLOAT=1.0[0.0..100.0]/0.01 | SIGMAS
LaplaceScheduler | steps:INT=20[1..10000]/None sigma_max:FLOAT=14.614642[0.0..5000.0]/0.01 sigma_min:FLOAT=0.0291675[0.0..5000.0]/0.01 mu:FLOAT=0.0[-10.0..10.0]/0.1 beta:FLOAT=0.5[0.0..10.0]/0.1 | SIGMAS
VPScheduler | steps:INT=20[1..10000]/None beta_d:FLOAT=19.9[0.0..5000.0]/0.01 beta_min:FLOAT=0.1[0.0..5000.0]/0.01 eps_s:FLOAT=0.001[0.0..1.0]/0.0001 | SIGMAS
AlignYourStepsScheduler | model_type:COMBO=SD1 steps:INT=10[1..10000]/None denoise:FLOAT=1.0[0.0..1.0]/0.01 | SIGMAS
GITSScheduler | coeff:FLOAT=1.2[0.8..1.5]/0.05 steps:INT=10[2..1000]/None denoise:FLOAT=1.0[0.0..1.0]/0.01 | SIGMAS
OptimalStepsScheduler | model_type:COMBO=FLUX steps:INT=20[3..1000]/None denoise:FLOAT=1.0[0.0..1.0]/0.01 | SIGMAS
LTXVScheduler | steps:INT=20[1..10000]/None max_shift:FLOAT=2.05[0.0..100.0]/0.01 base_shift:FLOAT=0.95[0.0..100.0]/0.01 stretch:BOOLEAN=True terminal:FLOAT=0.1[0.0..0.99]/0.01 latent:LATENT? | SIGMAS
ControlNetApplyAdvanced | positive:CONDITIONING negative:CONDITIONING control_net:CONTROL_NET image:IMAGE strength:FLOAT=1.0[0.0..10.0]/0.01 start_percent:FLOAT=0.0[0.0..1.0]/0.001 end_percent:FLOAT=1.0[0.0..1.0]/0.001 vae:VAE? | positive:CONDITIONING negative:CONDITIONING
VAEDecode | samples:LATENT vae:VAE | IMAGE
VAEEncode | pixels:IMAGE vae:VAE | LATENT
LoadImage | image:COMBO | IMAGE MASK
LoadImageMask | image:COMBO channel:COMBO=alpha | MASK
SaveImage | images:IMAGE filename_prefix:STRING=ComfyUI |
PreviewImage | images:IMAGE |
ImageScale | image:IMAGE upscale_method:COMBO=nearest-exact width:INT=512[0..16384]/1 height:INT=512[0..16384]/1 crop:COMBO=disabled | IMAGE
ImageInvert | image:IMAGE | IMAGE
ImageBlend | image1:IMAGE image2:IMAGE blend_factor:FLOAT=0.5[0.0..1.0]/0.01 blend_mode:COMBO=normal | IMAGE
EmptyImage | width:INT=512[1..16384]/1 height:INT=512[1..16384]/1 batch_size:INT=1[1..4096]/None color:INT=0[0..16777215]/1 | IMAGE
StringConcatenate | string_a:STRING string_b:STRING delimiter:STRING= | STRING
PreviewAny | source:* |
PrimitiveInt | value:INT[-9223372036854775807..9223372036854775807]/None | INT
PrimitiveFloat | value:FLOAT[-9223372036854775807..9223372036854775807]/None | FLOAT
PrimitiveString | value:STRING | STRING
PrimitiveStringMultiline | value:STRING | STRING
PrimitiveBoolean | value:BOOLEAN | BOOLEAN
ImageCompositeMasked | destination:IMAGE source:IMAGE x:INT=0[0..16384]/1 y:INT=0[0..16384]/1 resize_source:BOOLEAN=False mask:MASK? | IMAGE
PorterDuffImageComposite | source:IMAGE source_alpha:MASK destination:IMAGE destination_alpha:MASK mode:COMBO=DST | IMAGE MASK
SplitImageWithAlpha | image:IMAGE | IMAGE MASK
JoinImageWithAlpha | image:IMAGE alpha:MASK | IMAGE
ConditioningCombine | conditioning_1:CONDITIONING conditioning_2:CONDITIONING | CONDITIONING
ConditioningAverage | conditioning_to:CONDITIONING conditioning_from:CONDITIONING conditioning_to_strength:FLOAT=1.0[0.0..1.0]/0.01 | CONDITIONING
ConditioningConcat | conditioning_to:CONDITIONING conditioning_from:CONDITIONING | CONDITIONING
ConditioningZeroOut | conditioning:CONDITIONING | CONDITIONING
ConditioningSetTimestepRange | conditioning:CONDITIONING start:FLOAT=0.0[0.0..1.0]/0.001 end:FLOAT=1.0[0.0..1.0]/0.001 | CONDITIONING
ConditioningSetArea | conditioning:CONDITIONING width:INT=64[64..16384]/8 height:INT=64[64..16384]/8 x:INT=0[0..16384]/8 y:INT=0[0..16384]/8 strength:FLOAT=1.0[0.0..10.0]/0.01 | CONDITIONING
ConditioningSetAreaPercentage | conditioning:CONDITIONING width:FLOAT=1.0[0.0..1.0]/0.01 height:FLOAT=1.0[0.0..1.0]/0.01 x:FLOAT=0.0[0.0..1.0]/0.01 y:FLOAT=0.0[0.0..1.0]/0.01 strength:FLOAT=1.0[0.0..10.0]/0.01 | CONDITIONING
ConditioningSetAreaStrength | conditioning:CONDITIONING strength:FLOAT=1.0[0.0..10.0]/0.01 | CONDITIONING
ConditioningSetMask | conditioning:CONDITIONING mask:MASK strength:FLOAT=1.0[0.0..10.0]/0.01 set_cond_area:COMBO=default | CONDITIONING
ImageBatch | image1:IMAGE image2:IMAGE | IMAGE
RepeatImageBatch | image:IMAGE amount:INT=1[1..4096]/None | IMAGE
ImageFromBatch | image:IMAGE batch_index:INT=0[0..4095]/None length:INT=1[1..4096]/None | IMAGE
RebatchImages | images:IMAGE batch_size:INT=1[1..4096]/None | IMAGE
GetImageSize | image:IMAGE | width:INT height:INT batch_size:INT
ImageBlur | image:IMAGE blur_radius:INT=1[1..31]/1 sigma:FLOAT=1.0[0.1..10.0]/0.1 | IMAGE
ImageSharpen | image:IMAGE sharpen_radius:INT=1[1..31]/1 sigma:FLOAT=1.0[0.1..10.0]/0.01 alpha:FLOAT=1.0[0.0..5.0]/0.01 | IMAGE
ImageQuantize | image:IMAGE colors:INT=256[1..256]/1 dither:COMBO=none | IMAGE
Morphology | image:IMAGE operation:COMBO=erode kernel_size:INT=3[3..999]/1 | IMAGE
ImageAddNoise | image:IMAGE seed:INT=0[0..18446744073709551615]/None strength:FLOAT=0.5[0.0..1.0]/0.01 | IMAGE
ImageRGBToYUV | image:IMAGE | Y:IMAGE U:IMAGE V:IMAGE
ImageYUVToRGB | Y:IMAGE U:IMAGE V:IMAGE | IMAGE
ImageScaleBy | image:IMAGE upscale_method:COMBO=nearest-exact scale_by:FLOAT=1.0[0.01..8.0]/0.01 | IMAGE
ImageScaleToTotalPixels | image:IMAGE upscale_method:COMBO=nearest-exact megapixels:FLOAT=1.0[0.01..16.0]/0.01 | IMAGE
ImageScaleToMaxDimension | image:IMAGE upscale_method:COMBO=area largest_size:INT=512[0..16384]/1 | IMAGE
FluxKontextImageScale | image:IMAGE | IMAGE
ImageCrop | image:IMAGE width:INT=512[1..16384]/1 height:INT=512[1..16384]/1 x:INT=0[0..16384]/1 y:INT=0[0..16384]/1 | IMAGE
ImageRotate | image:IMAGE rotation:COMBO=none | IMAGE
ImageFlip | image:IMAGE flip_method:COMBO=x-axis: vertically | IMAGE
ImageStitch | image1:IMAGE direction:COMBO=right match_image_size:BOOLEAN=True spacing_width:INT=0[0..1024]/2 spacing_color:COMBO=white image2:IMAGE? | IMAGE
ResizeAndPadImage | image:IMAGE target_width:INT=512[1..16384]/1 target_height:INT=512[1..16384]/1 padding_color:COMBO=white interpolation:COMBO=area | IMAGE
ImagePadForOutpaint | image:IMAGE left:INT=0[0..16384]/8 top:INT=0[0..16384]/8 right:INT=0[0..16384]/8 bottom:INT=0[0..16384]/8 feathering:INT=40[0..16384]/1 | IMAGE MASK
LatentUpscaleBy | samples:LATENT upscale_method:COMBO=nearest-exact scale_by:FLOAT=1.5[0.01..8.0]/0.01 | LATENT
LatentBatch | samples1:LATENT samples2:LATENT | LATENT
RepeatLatentBatch | samples:LATENT amount:INT=1[1..64]/None | LATENT
LatentFromBatch | samples:LATENT batch_index:INT=0[0..63]/None length:INT=1[1..64]/None | LATENT
RebatchLatents | latents:LATENT batch_size:INT=1[1..4096]/None | LATENT
LatentBatchSeedBehavior | samples:LATENT seed_behavior:COMBO=fixed | LATENT
LatentAdd | samples1:LATENT samples2:LATENT | LATENT
LatentSubtract | samples1:LATENT samples2:LATENT | LATENT
LatentMultiply | samples:LATENT multiplier:FLOAT=1.0[-10.0..10.0]/0.01 | LATENT
LatentInterpolate | samples1:LATENT samples2:LATENT ratio:FLOAT=1.0[0.0..1.0]/0.01 | LATENT
LatentBlend | samples1:LATENT samples2:LATENT blend_factor:FLOAT=0.5[0.0..1.0]/0.01 | LATENT
LatentConcat | samples1:LATENT samples2:LATENT dim:COMBO=x | LATENT
LatentCut | samples:LATENT dim:COMBO=x index:INT=0[-16384..16384]/1 amount:INT=1[1..16384]/1 | LATENT
LatentComposite | samples_to:LATENT samples_from:LATENT x:INT=0[0..16384]/8 y:INT=0[0..16384]/8 feather:INT=0[0..16384]/8 | LATENT
LatentCompositeMasked | destination:LATENT source:LATENT x:INT=0[0..16384]/8 y:INT=0[0..16384]/8 resize_source:BOOLEAN=False mask:MASK? | LATENT
LatentRotate | samples:LATENT rotation:COMBO=none | LATENT
LatentFlip | samples:LATENT flip_method:COMBO=x-axis: vertically | LATENT
LatentCrop | samples:LATENT width:INT=512[64..16384]/8 height:INT=512[64..16384]/8 x:INT=0[0..16384]/8 y:INT=0[0..16384]/8 | LATENT
MaskToImage | mask:MASK | IMAGE
ImageToMask | image:IMAGE channel:COMBO=red | MASK
ImageColorToMask | image:IMAGE color:INT=0[0..16777215]/1 | MASK
SolidMask | value:FLOAT=1.0[0.0..1.0]/0.01 width:INT=512[1..16384]/1 height:INT=512[1..16384]/1 | MASK
InvertMask | mask:MASK | MASK
ThresholdMask | mask:MASK value:FLOAT=0.5[0.0..1.0]/0.01 | MASK
MaskPreview | mask:MASK |
CropMask | mask:MASK x:INT=0[0..16384]/1 y:INT=0[0..16384]/1 width:INT=512[1..16384]/1 height:INT=512[1..16384]/1 | MASK
MaskComposite | destination:MASK source:MASK x:INT=0[0..16384]/1 y:INT=0[0..16384]/1 operation:COMBO=multiply | MASK
FeatherMask | mask:MASK left:INT=0[0..16384]/1 top:INT=0[0..16384]/1 right:INT=0[0..16384]/1 bottom:INT=0[0..16384]/1 | MASK
GrowMask | mask:MASK expand:INT=0[-16384..16384]/1 tapered_corners:BOOLEAN=True | MASK
VAEEncodeForInpaint | pixels:IMAGE vae:VAE mask:MASK grow_mask_by:INT=6[0..64]/1 | LATENT
DifferentialDiffusion | model:MODEL strength:FLOAT=1.0[0.0..1.0]/0.01? | MODEL
InpaintCrop | image:IMAGE mask:MASK resolution:INT=1024[64..16384]/8 context:FLOAT=1.5[1.0..10.0]/0.05 blend:INT=32[0..512]/1 | stitch:STITCH image:IMAGE mask:MASK
InpaintStitch | stitch:STITCH image:IMAGE | IMAGE
Canny | image:IMAGE low_threshold:FLOAT=0.4[0.01..0.99]/0.01 high_threshold:FLOAT=0.8[0.01..0.99]/0.01 | IMAGE
ImageGrayscale | image:IMAGE | IMAGE
ImageThreshold | image:IMAGE threshold:FLOAT=0.5[0.0..1.0]/0.01 | IMAGE
ImageColorPalette | image:IMAGE cells:INT=64[8..1024]/1 | IMAGE
ImageTileBlur | image:IMAGE down_by:FLOAT=8.0[1.0..64.0]/0.1 | IMAGE
VAEDecodeTiled | samples:LATENT vae:VAE tile_size:INT=512[64..4096]/32 overlap:INT=64[0..4096]/32 temporal_size:INT=64[8..4096]/4 temporal_overlap:INT=8[4..4096]/4 | IMAGE
VAEEncodeTiled | pixels:IMAGE vae:VAE tile_size:INT=512[64..4096]/64 overlap:INT=64[0..4096]/32 temporal_size:INT=64[8..4096]/4 temporal_overlap:INT=8[4..4096]/4 | LATENT
UpscaleModelLoader | model_name:COMBO | UPSCALE_MODEL
ImageUpscaleWithModel | upscale_model:UPSCALE_MODEL image:IMAGE | IMAGE
RegexMatch | string:STRING regex_pattern:STRING case_insensitive:BOOLEAN=True multiline:BOOLEAN=False dotall:BOOLEAN=False | matches:BOOLEAN
RegexReplace | string:STRING regex_pattern:STRING replace:STRING case_insensitive:BOOLEAN=True? multiline:BOOLEAN=False? dotall:BOOLEAN=False? count:INT=0[0..100]/None? | STRING
RegexExtract | string:STRING regex_pattern:STRING mode:COMBO=First Match case_insensitive:BOOLEAN=True multiline:BOOLEAN=False dotall:BOOLEAN=False group_index:INT=1[0..100]/None | STRING
StringSubstring | string:STRING start:INT end:INT | STRING
StringLength | string:STRING | length:INT
CaseConverter | string:STRING mode:COMBO=UPPERCASE | STRING
StringTrim | string:STRING mode:COMBO=Both | STRING
StringReplace | string:STRING find:STRING replace:STRING | STRING
StringContains | string:STRING substring:STRING case_sensitive:BOOLEAN=True | contains:BOOLEAN
StringCompare | string_a:STRING string_b:STRING mode:COMBO=Starts With case_sensitive:BOOLEAN=True | BOOLEAN
"""  # noqa: E501 (one node a line)
SAMPLER_NAMES = """
euler euler_cfg_pp euler_ancestral euler_ancestral_cfg_pp heun heunpp2 dpm_2 dpm_2_ancestral lms
dpm_fast dpm_adaptive dpmpp_2s_ancestral dpmpp_2s_ancestral_cfg_pp dpmpp_sde dpmpp_sde_gpu dpmpp_2m
dpmpp_2m_cfg_pp dpmpp_2m_sde dpmpp_2m_sde_gpu dpmpp_2m_sde_heun dpmpp_2m_sde_heun_gpu dpmpp_3m_sde
dpmpp_3m_sde_gpu ddpm lcm ipndm ipndm_v deis res_multistep res_multistep_cfg_pp
res_multistep_ancestral res_multistep_ancestral_cfg_pp gradient_estimation
gradient_estimation_cfg_pp er_sde seeds_2 seeds_3 sa_solver sa_solver_pece ddim uni_pc uni_pc_bh2
"""
MULTILINE = {
    ("CLIPTextEncode", "text"),
    ("CLIPTextEncodeFlux", "clip_l"),
    ("CLIPTextEncodeFlux", "t5xxl"),
    ("CLIPTextEncodeSD3", "clip_g"),
    ("CLIPTextEncodeSD3", "clip_l"),
    ("CLIPTextEncodeSD3", "t5xxl"),
    ("CLIPTextEncodeSDXL", "text_g"),
    ("CLIPTextEncodeSDXL", "text_l"),
    ("CLIPTextEncodeSDXLRefiner", "text"),
    ("CaseConverter", "string"),
    ("PrimitiveStringMultiline", "value"),
    ("RegexExtract", "regex_pattern"),
    ("RegexExtract", "string"),
    ("RegexMatch", "regex_pattern"),
    ("RegexMatch", "string"),
    ("RegexReplace", "regex_pattern"),
    ("RegexReplace", "replace"),
    ("RegexReplace", "string"),
    ("StringCompare", "string_a"),
    ("StringCompare", "string_b"),
    ("StringConcatenate", "string_a"),
    ("StringConcatenate", "string_b"),
    ("StringContains", "string"),
    ("StringContains", "substring"),
    ("StringLength", "string"),
    ("StringReplace", "find"),
    ("StringReplace", "replace"),
    ("StringReplace", "string"),
    ("StringSubstring", "string"),
    ("StringTrim", "string"),
}
ROWS: dict[str, str] = dict(
    (row.split(" | ", 1)[0].strip(), row.split("|", 1)[1].strip())
    for row in TABLE.strip().splitlines()
)


def specs() -> Iterator[NodeSpec]:
    for module in vars(wirebrush_nodes).values():
        if isinstance(module, ModuleType) and module.__name__.startswith("wirebrush_nodes."):
            for function in vars(module).values():
                if hasattr(function, "__node__") and function.__module__ == module.__name__:
                    yield spec_of(function)


SPECS = {spec.id: spec for spec in specs()}


def row_of(spec: NodeSpec) -> str:
    """A spec in the notation of the table."""
    ports = []
    for port in spec.inputs:
        text = f"{port.name}:{port.type}"
        if port.default is not MISSING:
            text += f"={port.default}"
        widget = port.widget
        if widget is not None and widget.min is not None:
            text += f"[{widget.min}..{widget.max}]/{widget.step}"
        ports.append(text + ("?" if port.optional else ""))
    outputs = (o.type if o.name == o.type else f"{o.name}:{o.type}" for o in spec.outputs)
    return f"{' '.join(ports)} | {' '.join(outputs)}".strip()


def test_there_are_exactly_these_nodes() -> None:
    assert sorted(SPECS) == sorted(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_ports_are_the_fields(name: str) -> None:
    assert row_of(SPECS[name]) == ROWS[name]


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.id)
def test_every_node_explains_itself_and_each_port(spec: NodeSpec) -> None:
    assert len(spec.help) > 15
    assert [port.name for port in spec.inputs if not port.help] == []


def test_choices_are_in_the_fields_order() -> None:
    def choices(node: str, port: str) -> tuple[object, ...]:
        found = SPECS[node].port(port)
        assert found is not None
        assert found.widget is not None
        return found.widget.choices or ()

    assert choices("KSampler", "sampler_name") == tuple(SAMPLER_NAMES.split())
    assert choices("KSampler", "scheduler") == (
        "simple",
        "sgm_uniform",
        "karras",
        "exponential",
        "ddim_uniform",
        "beta",
        "normal",
        "linear_quadratic",
        "kl_optimal",
    )
    assert choices("LatentUpscale", "upscale_method")[-1] == "bislerp"
    assert choices("ImageScale", "upscale_method")[-1] == "lanczos"
    assert choices("LoadImageMask", "channel") == ("alpha", "red", "green", "blue")


def test_sinks_and_multiline_texts() -> None:
    sinks = {spec.id for spec in SPECS.values() if spec.sink}
    assert sinks == {"SaveImage", "PreviewImage", "PreviewAny", "MaskPreview"}
    multiline = {
        (spec.id, port.name)
        for spec in SPECS.values()
        for port in spec.inputs
        if port.widget is not None and port.widget.multiline
    }
    assert multiline == MULTILINE


def test_files_stay_short() -> None:
    for module in vars(wirebrush_nodes).values():
        if isinstance(module, ModuleType) and module.__name__.startswith("wirebrush_nodes."):
            assert len(inspect.getsource(module).splitlines()) <= 180
