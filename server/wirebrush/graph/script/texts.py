"""Texts as calls take them: as they are, or as what the encoders make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wirebrush.graph.script.kinds import FLOWS, FLUX, SPEAKING
from wirebrush.graph.script.page import Page
from wirebrush.graph.script.pipeline_call import PipelineCall
from wirebrush.graph.script.plan import PROMPT_START, Plan, Stage, Words
from wirebrush.graph.script.weighting import token, with_tokens
from wirebrush.graph.script.writing import WIDTH, Code, call, folded, literal


@dataclass
class Texts:
    """The texts of a plan."""

    plan: Plan
    page: Page

    def learnt(self) -> Iterator[str]:
        """Lines that load learnt words."""
        for name in self.plan.learnt:
            path = self.page.path("EMBEDDING", "embeddings", name)
            if self.plan.family != "sdxl":
                parts = {"token": token(name)}
                yield call("pipe.load_textual_inversion", Code(path), named=parts) + "\n"
                continue
            yield f"vectors = load_file({path})\n"
            for encoder, key in (("", "clip_l"), ("_2", "clip_g")):
                parts = {"token": token(name), "tokenizer": Code(f"pipe.tokenizer{encoder}")}
                parts["text_encoder"] = Code(f"pipe.text_encoder{encoder}")
                vectors = Code(f'vectors["{key}"]')
                yield call("pipe.load_textual_inversion", vectors, named=parts) + "\n"

    def bare(self, stage: Stage) -> Iterator[str]:
        """The negative text as encoders without LoRAs read it."""
        if not stage.bare:
            return
        yield "pipe.disable_lora()  # the negative text is read without LoRAs\n"
        text = self._text("NEGATIVE", stage.negative)
        names = "negative, _, pooled, _" if self.plan.family == "sdxl" else "negative, _"
        options: dict[str, Any] = {"device": Code("device"), "num_images_per_prompt": 1}
        options["do_classifier_free_guidance"] = False
        yield call("pipe.encode_prompt", text, named=options, before=f"{names} = ") + "\n"

    def given(self, stage: Stage) -> tuple[list[Code], dict[str, Any]]:
        """Both texts, as what is unpacked into the call and what is given to it by name."""
        plain = stage.prompt.plain, stage.negative.plain
        if self.plan.family in FLOWS or None not in plain:
            return [], self._plain(stage)
        texts = self._words("PROMPT", stage.prompt), self._words("NEGATIVE", stage.negative)
        usual = -2 if self.plan.family == "sdxl" else -1
        layers = tuple(each.layer or usual for each in (stage.prompt, stage.negative))
        layer = {} if layers == (usual, usual) else {"layers": layers}
        whose = Code("refiner" if stage.refiner else "pipe")
        return [Code("**" + call("embed", whose, *texts, named=layer))], {}

    def _plain(self, stage: Stage) -> dict[str, Any]:
        told, start, rest = stage.prompt.text.partition(PROMPT_START)
        if self.plan.family == "lumina2" and start:
            given = {"prompt": self._text("PROMPT", Words(((rest, 1.0),)))}
            given["system_prompt"] = self._text("SYSTEM_PROMPT", Words(((told, 1.0),)))
        else:
            given = {"prompt": self._text("PROMPT", stage.prompt)}
        if stage.prompt.second not in (None, stage.prompt.text):
            second = Words(((stage.prompt.second or "", 1.0),))
            given["prompt_2"] = self._text("PROMPT_FOR_T5", second)
        if stage.bare:
            given["negative_prompt_embeds"] = Code("negative")
            if self.plan.family == "sdxl":
                given["negative_pooled_prompt_embeds"] = Code("pooled")
        elif self.plan.family not in FLUX | SPEAKING or stage.cfg != 1:
            given["negative_prompt"] = self._text("NEGATIVE", stage.negative)
        return given

    def by_area(self, made: PipelineCall) -> Iterator[str]:
        """Lines that say which texts are read where."""
        stage = made.stage
        if not stage.areas:
            return
        entries = [
            (self._words("PROMPT", item.words), item.place, float(item.strength))
            for item in stage.areas
        ]
        yield f"areas = {literal(entries, WIDTH - len('areas = '))}\n"
        layer = stage.areas[0].words.layer
        named = {} if layer is None else {"layer": layer}
        yield call("read_by_area", Code("pipe"), Code("areas"), named=named) + "\n"
        made.after.append("del pipe.unet.forward  # from here on it reads one text again\n")

    def _text(self, name: str, words: Words) -> Any:
        text = with_tokens(words.text) if self.plan.learnt else words.text
        return Code(self.page.constant(name, text, folded(text, WIDTH - 4))) if text else ""

    def _words(self, name: str, words: Words) -> Any:
        pieces = words.pieces
        if self.plan.learnt:
            pieces = tuple((with_tokens(text), weight) for text, weight in pieces)
        pairs = [
            Code(folded(text, WIDTH - 5))
            if weight == 1
            else (Code(folded(text, WIDTH - 9)), round(weight, 6))
            for text, weight in pieces
        ]
        return Code(self.page.constant(name, pieces, literal(pairs))) if pairs else pairs
