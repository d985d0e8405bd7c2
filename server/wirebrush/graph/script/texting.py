"""Functions of scripts that read texts as a graph does, as text."""

from __future__ import annotations

_LEARNT = "        text = pipe.maybe_convert_prompt(text, tokenizer)\n"
_WINDOWS = '''

def windows(words, tokenizer):
    """Words, some with weights, as rows of up to 75 tokens, which is what CLIP reads at once.
    Short pieces are not cut."""
    rows = [[]]
    for piece in words:
        text, weight = (piece, 1.0) if isinstance(piece, str) else piece
{learnt}        tokens = tokenizer(text, add_special_tokens=False).input_ids
        if len(tokens) < 8 and len(rows[-1]) + len(tokens) > 75:
            rows.append([])
        for token in tokens:
            if len(rows[-1]) == 75:
                rows.append([])
            rows[-1].append((token, weight))
    return rows
'''
_STATES = '''

def states_of(words, tokenizer, encoder, layer):
    """What a layer of CLIP makes of words, and its summary of them. A weight moves a word away
    from what an empty text would be, as in ComfyUI."""
    rows = [*windows(words, tokenizer), []]  # the last one is the empty text
    first, last = tokenizer.bos_token_id, tokenizer.eos_token_id
    fill = tokenizer.pad_token_id
    tokens = [[first, *(token for token, _ in row), last] for row in rows]
    tokens = [row + [fill] * (77 - len(row)) for row in tokens]
    weights = [[1.0, *(weight for _, weight in row)] for row in rows]
    weights = [row + [1.0] * (77 - len(row)) for row in weights]
    with torch.no_grad():
        found = encoder(torch.tensor(tokens, device=device), output_hidden_states=True)
        states = {states}
    weights = torch.tensor(weights).unsqueeze(-1).to(states)
    states = states[-1] + (states - states[-1]) * weights
    return states[:-1].flatten(0, 1)[None], found[0][:1]
'''
_NORM = '''

def final_norm(encoder):
    """The last part of CLIP, which every layer that is read goes through."""
    parts = dict(encoder.named_modules()).items()
    return next(part for name, part in parts if name.endswith("final_layer_norm"))
'''
_EMBED = '''

def embed(pipe, prompt, negative, layers=(-1, -1)):
    """Two texts as the pipeline takes them: equally long, the shorter one repeated."""
    texts = ("prompt", prompt, layers[0]), ("negative_prompt", negative, layers[1])
    found = {
        name: states_of(words, pipe.tokenizer, pipe.text_encoder, layer)[0]
        for name, words, layer in texts
    }
    length = math.lcm(*(states.shape[1] for states in found.values()))
    return {
        f"{name}_embeds": states.repeat(1, length // states.shape[1], 1)
        for name, states in found.items()
    }
'''
_EMBED_BOTH = '''

def embed(pipe, prompt, negative, layers=(-2, -2)):
    """Two texts as SDXL's pipeline takes them, read by its encoders: equally long, the shorter
    one repeated."""
    readers = (
        (pipe.tokenizer, pipe.text_encoder),
        (pipe.tokenizer_2, pipe.text_encoder_2),
    )
    found, pooled = {}, {}
    texts = ("", prompt, layers[0]), ("negative_", negative, layers[1])
    for side, words, layer in texts:
        parts = [states_of(words, *reader, layer) for reader in readers if reader[0]]
        found[f"{side}prompt_embeds"] = torch.cat(
            [states for states, _ in parts], dim=-1
        )
        pooled[f"{side}pooled_prompt_embeds"] = parts[-1][1]
    length = math.lcm(*(states.shape[1] for states in found.values()))
    for side, states in found.items():
        found[side] = states.repeat(1, length // states.shape[1], 1)
    return found | pooled
'''


_AREAS = '''

def read_by_area(pipe, areas, layer=-1):
    """Let the UNet read a text for each area and blend its answers where areas meet. An area is
    left, top, width and height in cells of 8 pixels, None the whole picture. The negative text is
    read there, too."""
    forward = pipe.unet.forward
    texts = [
        embed(pipe, words, [], (layer, layer))["prompt_embeds"] for words, *_ in areas
    ]
    places = [(place, strength) for _, place, strength in areas]

    def by_area(sample, timestep, encoder_hidden_states, **options):
        without, x = encoder_hidden_states[:1], sample[: len(sample) // 2]
        apart = {place: (without, place, strength) for place, strength in places}
        sides = [(without, None, 1.0), *(apart[place] for place in apart if place)]
        found = []
        for side in (sides, [(text, *each) for text, each in zip(texts, places)]):
            total, count = torch.zeros_like(x), torch.zeros_like(x)
            for text, place, strength in side:
                rows, columns, weight = cells(place, strength, *x.shape[-2:])
                part, text = x[..., rows, columns], text.expand(len(x), -1, -1)
                answer = forward(part, timestep, text, **options)[0]
                total[..., rows, columns] += answer * weight.to(answer)
                count[..., rows, columns] += weight.to(answer)
            found.append(total / count.clamp(min=1e-5))
        return (torch.cat(found),)

    pipe.unet.forward = by_area


def cells(place, strength, height, width):
    """Rows and columns of an area, and how much it counts: less at edges inside the picture."""
    left, top, wide, tall = place or (0, 0, width, height)
    wide, tall = min(wide, width - left), min(tall, height - top)
    sides = []
    for start, length, whole in ((top, tall, height), (left, wide, width)):
        rise, side = torch.arange(1, min(8, length) + 1) / 8, torch.ones(length)
        if start > 0:
            side[: len(rise)] *= rise
        if start + length < whole:
            side[-len(rise) :] *= rise.flip(0)
        sides.append(side)
    weight = sides[0][:, None] * sides[1] * strength
    return slice(top, top + tall), slice(left, left + wide), weight
'''


def text_functions(*, both: bool, learnt: bool, areas: bool) -> str:
    """The functions for models with one encoder, or with SDXL's two. `learnt`: some words are.
    `areas`: some texts are for parts of pictures."""
    text = _WINDOWS.replace("{learnt}", _LEARNT if learnt else "")
    if both:
        return text + _STATES.replace("{states}", "found.hidden_states[layer]") + _EMBED_BOTH
    states = "final_norm(encoder)(found.hidden_states[layer])"
    text += _NORM + _STATES.replace("{states}", states) + _EMBED
    return text + _AREAS if areas else text
