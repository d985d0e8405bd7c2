"""Functions of scripts that read texts as a graph does, as text."""

from __future__ import annotations

_LEARNT = "        text = pipe.maybe_convert_prompt(text, tokenizer)\n"
_WINDOWS = '''

def windows(words, tokenizer):
    """Words with weights as rows of up to 75 tokens, which is what CLIP reads at once. Short
    pieces are not cut."""
    rows = [[]]
    for text, weight in words:
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


def text_functions(*, both: bool, learnt: bool) -> str:
    """The functions for models with one encoder, or with SDXL's two. `learnt`: some words are."""
    text = _WINDOWS.replace("{learnt}", _LEARNT if learnt else "")
    if both:
        return text + _STATES.replace("{states}", "found.hidden_states[layer]") + _EMBED_BOTH
    states = "final_norm(encoder)(found.hidden_states[layer])"
    return text + _NORM + _STATES.replace("{states}", states) + _EMBED
