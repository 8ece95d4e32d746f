"""LLMLingua prompt compression on the CPU: pith, from Python.

    from pith_compressor import PromptCompressor

    with PromptCompressor() as compressor:
        result = compressor.compress_prompt(["a long text ..."], rate=0.5,
                                            method="spans")
        print(result["compressed_prompt"])

PromptCompressor has the methods, parameters and result keys of the package
llmlingua, and makes its decisions unless another method is asked for.
"""
from ._library import PithError, version
from .compressor import PromptCompressor
from .models import find_model

__version__ = version()
__all__ = ["PithError", "PromptCompressor", "as_llmlingua", "find_model",
           "__version__"]


def as_llmlingua() -> None:
    """Lets `from llmlingua import PromptCompressor` mean the one of pith.

    For programs that cannot be changed, such as LangChain's and LlamaIndex's
    classes; call it before they import it.
    """
    import sys
    sys.modules["llmlingua"] = sys.modules[__name__]
