"""The parts of a script that bring diffusers' schedulers to ComfyUI's noise levels, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SPACINGS: Mapping[str, str] = {
    "normal": """\
    times = torch.linspace(len(table) - 1, 0, total, dtype=torch.float64)
    low, high = times.floor().long(), times.ceil().long()
    found = torch.lerp(table[low].log(), table[high].log(), times - low).exp()
""",
    "sgm_uniform": """\
    times = torch.linspace(len(table) - 1, 0, total + 1, dtype=torch.float64)[:-1]
    low, high = times.floor().long(), times.ceil().long()
    found = torch.lerp(table[low].log(), table[high].log(), times - low).exp()
""",
    "turbo": """\
    found = table[[len(table) * (10 - tenth) // 10 - 1 for tenth in range(total)]]
""",
    "simple": """\
    found = torch.stack([table[-1 - i * len(table) // total] for i in range(total)])
""",
    "karras": """\
    ends = table[[-1, 0]] ** (1 / 7)
    found = torch.linspace(*ends.tolist(), total, dtype=torch.float64) ** 7
""",
    "exponential": """\
    ends = table[[-1, 0]].log()
    found = torch.linspace(*ends.tolist(), total, dtype=torch.float64).exp()
""",
}

_TABLE = '''

def noise_table(scheduler):
    """The noise levels that the model was trained on, the smallest first."""
    kept = scheduler.alphas_cumprod.double()
    return ((1 - kept) / kept).sqrt()
'''

_SCHEDULE = '''

def {name}_levels(scheduler, steps, denoise=1.0):
    """The levels of the schedule that ComfyUI calls "{name}": the last steps of a longer run if
    denoise is below 1."""
    table = noise_table(scheduler)
    total = steps if denoise > 0.9999 else int(steps / denoise)
{spacing}    return torch.cat([found, torch.zeros(1)])[-steps - 1 :]
'''

_VISIT = '''

def visit(scheduler, levels{more}):
    """Let a scheduler go through exactly these noise levels."""
    logs, own = noise_table(scheduler).log(), scheduler.set_timesteps
    times = [float((logs - level.log()).abs().argmin()) for level in levels[:-1]]

    def set_timesteps(num_inference_steps=None, device=None, **unused):
        own(len(times), device=device)
        scheduler.sigmas = levels.float()
        scheduler.timesteps = torch.tensor(times, device=device)

    scheduler.set_timesteps = set_timesteps
{silence}'''
EXTRAS: Mapping[str, str] = {
    "visit_twice": '''

def visit_twice(scheduler, levels, middle=False):
    """The same for a scheduler that asks the model twice at each step: at its beginning, and at
    its end or in its middle."""
    logs, own = noise_table(scheduler).log(), scheduler.set_timesteps
    seen = [levels[0]]
    for at, level in enumerate(levels[1:-1]):
        seen += [(levels[at] * level) ** 0.5 if middle else level, level]
    times = [float((logs - level.log()).abs().argmin()) for level in seen]
    inner = levels[1:-1].repeat_interleave(2)

    def set_timesteps(num_inference_steps=None, device=None, **unused):
        own(len(levels) - 1, device=device)
        scheduler.sigmas = torch.cat([levels[:1], inner, levels[-1:]]).float()
        scheduler.timesteps = torch.tensor(times, device=device)

    scheduler.set_timesteps = set_timesteps
''',
    "follow": '''

def follow(scheduler, levels):
    """Let a scheduler go through exactly these levels of a flow. It measures its steps by the level
    alone, as ComfyUI does, and not by how much picture there is, too."""
    own, times = scheduler.set_timesteps, [1000 * level for level in levels]

    def set_timesteps(num_inference_steps=None, device=None, sigmas=None, **unused):
        own(len(levels), device=device)
        scheduler.sigmas = torch.tensor([*levels, 0.0])
        scheduler.timesteps = torch.tensor(times, device=device)

    scheduler.set_timesteps = set_timesteps
    scheduler._sigma_to_alpha_sigma_t = lambda level: (torch.ones_like(level), level)
''',
    "start_over": '''

def start_over(scheduler, levels):
    """Put as much noise over what is given as an empty picture has."""
    whole = (1 + levels[0] ** 2) ** 0.5
    unit = scheduler.init_noise_sigma
    scheduler.add_noise = lambda latents, noise, times: (latents / whole + noise) * unit
''',
    "begun": '''

def begun(scheduler, levels, latents, seed, over=False):
    """What the pipeline shall begin with: latents with noise over them, or as much noise as an
    empty picture has."""
    noise = torch.randn(
        latents.shape, generator=torch.Generator("cpu").manual_seed(seed)
    )
    whole = (1 + levels[0] ** 2) ** 0.5
    noisy = latents + noise.to(latents) * (whole if over else levels[0])
    scheduler.set_timesteps()
    unit = scheduler.init_noise_sigma  # the pipeline multiplies with it
    # some schedulers hold pictures with noise at a variance of 1
    return (noisy if unit > 1 else noisy / whole) / unit
''',
    "draw_anew": '''

def draw_anew(scheduler, seed):
    """Let a scheduler draw the noise of its steps from a seed of its own, as ComfyUI does."""
    step, generator = scheduler.step, torch.Generator("cpu").manual_seed(seed + 1)

    def seeded_step(output, timestep, sample, return_dict=True):
        return step(
            output, timestep, sample, generator=generator, return_dict=return_dict
        )

    scheduler.step = seeded_step
''',
    "paint_inside": '''

def paint_inside(scheduler, levels, mask, picture, seed):
    """Let a scheduler paint where a mask is white. Elsewhere the model sees the picture (its
    latents) with the noise of each level, and nothing changes."""
    noise = torch.randn(
        picture.shape, generator=torch.Generator("cpu").manual_seed(seed)
    )
    noise = noise.to(picture)
    mask = torch.nn.functional.interpolate(mask, picture.shape[-2:], mode="bilinear")
    mask = mask.to(picture)
    see, step, ahead, now = (
        scheduler.scale_model_input,
        scheduler.step,
        iter(levels),
        {},
    )

    def masked_input(sample, timestep):
        level = now["level"] = next(ahead).to(picture)
        # some schedulers hold pictures with noise at a variance of 1
        now["unit"] = 1 if scheduler.init_noise_sigma > 1 else (1 + level**2) ** -0.5
        times = len(sample) // len(picture)  # with guidance there are two of each
        known = ((picture + noise * level) * now["unit"]).repeat(times, 1, 1, 1)
        now["seen"] = torch.lerp(
            known, sample, mask.repeat(len(known) // len(mask), 1, 1, 1)
        )
        return see(now["seen"], timestep)

    def masked_step(output, timestep, sample, **options):
        level, unit = now["level"], now["unit"]
        seen = now["seen"][: len(sample)] / unit
        painted = torch.lerp(picture, seen - level * output, mask)
        return step((sample / unit - painted) / level, timestep, sample, **options)

    scheduler.scale_model_input, scheduler.step = masked_input, masked_step
''',
    "acting": '''

def acting(scheduler, levels, start, end):
    """From which to which part of the steps a ControlNet acts. ComfyUI counts parts of the
    training; diffusers counts steps."""
    table = noise_table(scheduler)
    times = torch.tensor([1 - start, 1 - end], dtype=torch.float64) * (len(table) - 1)
    low, high = times.floor().long(), times.ceil().long()
    ends = torch.lerp(table[low].log(), table[high].log(), times - low).exp()
    first = torch.inf if start <= 0 else ends[0]
    last = 0 if end >= 1 else ends[1]
    steps = [at for at, level in enumerate(levels[:-1]) if last <= level <= first]
    total = len(levels) - 1
    return (steps[0] / total, (steps[-1] + 1) / total) if steps else (1.0, 1.0)
''',
}
"""What else is done with schedulers, by the functions' names."""

_SILENCE = """\
    if not noise:  # what it begins with has its noise already
        scheduler.add_noise = lambda latents, noise, times: latents
"""

_BEND = '''

def bent(times, shift):
    """Even times of a flow, bent towards noise."""
    return [shift * time / (1 + (shift - 1) * time) for time in times]
'''

_FLOWS: Mapping[str, str] = {
    "simple": '''

def flow_levels(steps, shift, resolution):
    """The levels of the schedule that ComfyUI calls "simple", without the last one, 0."""
    return bent([1 - i * resolution // steps / resolution for i in range(steps)], shift)
''',
    "sgm_uniform": '''

def sgm_uniform_levels(steps, shift, resolution):
    """The levels of the schedule that ComfyUI calls "sgm_uniform", without the last one, 0."""
    last = bent([1 / resolution], shift)[0]
    return bent([1 - (1 - last) * i / steps for i in range(steps)], shift)
''',
    "normal": '''

def normal_levels(steps, shift, resolution):
    """The levels of the schedule that ComfyUI calls "normal", without the last one, 0."""
    last = bent([1 / resolution], shift)[0]
    return bent([1 - (1 - last) * i / max(1, steps - 1) for i in range(steps)], shift)
''',
}


def level_functions(schedules: Iterable[str], *, handed: bool) -> str:
    """The functions for a model that was trained on a table of noise levels. `handed`: some
    stages go on with noise that another has left."""
    made = [_SCHEDULE.format(name=each, spacing=_SPACINGS[each]) for each in schedules]
    more, silence = (", noise=True", _SILENCE) if handed else ("", "")
    return _TABLE + "".join(made) + _VISIT.format(more=more, silence=silence)


def extra_functions(body: str) -> str:
    """Those of the other functions that a script calls."""
    return "".join(text for name, text in EXTRAS.items() if f"{name}(" in body)


def flow_functions(schedules: Iterable[str]) -> str:
    """The functions for a model that was trained on a flow."""
    return _BEND + "".join(_FLOWS[each] for each in schedules)
