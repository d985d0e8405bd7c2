"""How fast a model paints: compiled, with another attention kernel, or with steps left out.

What is *lossy* says so in its name: it paints another picture, if only a little.
"""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Model, Range, Run, Unit, node
from wirebrush_diffusion.compiling import compiler_problem

Threshold = Annotated[float, Range(0.0, 3.0, 0.01)]


@node(
    id="TorchCompileModel",
    category="_for_testing",
    title="Compile Model (torch)",
    experimental=True,
)
def torch_compile_model(
    model: Model, backend: Literal["inductor", "cudagraphs"] = "inductor", *, run: Run
) -> Model:
    """Compile the model's repeated blocks: same picture up to rounding, faster steps.

    Compiling takes from seconds to minutes and happens beside the work: steps are computed as usual
    until the compiled blocks are there, so the first picture does not wait. Another picture size is
    compiled again. Worth it when many pictures are painted.

    Args:
        model: The model to compile.
        backend: Who compiles; inductor is for every device.
    """
    problem = compiler_problem(backend, run.device)
    if problem:
        run.show_text(problem)
    return model.tweaked("TorchCompileModel", backend=backend)


@node(id="AttentionBackend", category="advanced/model", title="Attention Backend")
def attention_backend(
    model: Model, backend: Literal["auto", "math", "flash", "efficient", "cudnn"] = "auto"
) -> Model:
    """Choose the kernel that computes the model's attention. All give the same up to rounding.

    Args:
        model: The model.
        backend: auto takes the fastest that can run; math runs everywhere and needs most memory.
    """
    if backend == "auto":
        return model
    return model.tweaked("AttentionBackend", backend=backend)


@node(
    id="EasyCache",
    category="advanced/debug/model",
    title="EasyCache (lossy)",
    experimental=True,
    lossy=True,
)
def easy_cache(
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Unit = 0.15,
    end_percent: Unit = 0.95,
    verbose: bool = False,
) -> Model:
    """*Lossy*: leave out steps whose answer the network would hardly change. Faster, less exact.

    Args:
        model: The model to make faster.
        reuse_threshold: How much of a change to put up with: 0 leaves out nothing and paints
            exactly the same picture, 0.2 leaves out about half of the steps.
        start_percent: The part of the run before which every step is computed.
        end_percent: The part of the run after which every step is computed.
        verbose: Has no effect; the field has it.
    """
    return _with_cache("EasyCache", model, reuse_threshold, start_percent, end_percent)


@node(
    id="LazyCache",
    category="advanced/debug/model",
    title="LazyCache (lossy)",
    experimental=True,
    lossy=True,
)
def lazy_cache(
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Unit = 0.15,
    end_percent: Unit = 0.95,
    verbose: bool = False,
) -> Model:
    """*Lossy*: as EasyCache, but around the guidance as a whole. It works with every model.

    Args:
        model: The model to make faster.
        reuse_threshold: How much of a change to put up with; 0 leaves out nothing.
        start_percent: The part of the run before which every step is computed.
        end_percent: The part of the run after which every step is computed.
        verbose: Has no effect; the field has it.
    """
    return _with_cache("LazyCache", model, reuse_threshold, start_percent, end_percent)


def _with_cache(kind: str, model: Model, threshold: float, start: float, end: float) -> Model:
    if threshold == 0.0:
        return model
    return model.tweaked(kind, reuse_threshold=threshold, start_percent=start, end_percent=end)
