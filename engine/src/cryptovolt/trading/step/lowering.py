"""How Numba lowers a piece of the step: to LLVM's language, and no further.

Numba would optimise every piece and turn it into machine code of its own, with all the pieces it
calls, although only the entry points are ever run. That was half of the first call's time. Here a
piece stays as it was written until an entry point links it in; there everything is optimised, and
translated, once.

Left out are also those passes of Numba that look for what pieces do not have: closures, ``with``,
array expressions, constant branches, literal unrolling.
"""

import gc
from collections.abc import Callable
from functools import cache
from operator import methodcaller
from typing import Any, cast

from numba.core import compiler_machinery, typed_passes, untyped_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase

# Numba has no type hints.
_Library: Any = JITCodeLibrary
_Compiler: Any = CompilerBase
_Lowering: Any = typed_passes.NativeLowering
_machinery: Any = compiler_machinery


_linkable: Any = methodcaller("_get_module_for_linking")


class _Pieces(_Library):
    """One module of LLVM's for all pieces: never finished, only linked into the entry points."""

    _linking_libraries: list[Any]

    def _optimize_functions(self, module: Any) -> None:
        """Leave it to the entry points."""

    def finalize(self) -> None:
        """Stay open for more pieces."""

    def _get_module_for_linking(self) -> Any:
        for library in dict.fromkeys(self._linking_libraries):
            if library is not self:
                self._final_module.link_in(_linkable(library), preserve=True)
        self._linking_libraries, self._shared_module = [], None
        return _linkable(super())


@cache
def _pieces(codegen: Any) -> Any:
    return _Pieces(codegen, "step")


@_machinery.register_pass(mutates_CFG=True, analysis_only=False)
class _PieceLowering(_Lowering):
    _name = "piece_lowering"

    def run_pass(self, state: Any) -> bool:
        context = state.targetctx
        state.library = _pieces(context.codegen())
        state.flags.no_compile = True
        super().run_pass(state)
        # Numba knows a function by what Python would call, which must be a builtin. Nothing calls
        # it here, so any builtin that no other piece has will do.
        state["cr"] = state["cr"]._replace(cfunc=state.func_id.__dir__)
        lowered = state["cr"]
        context.insert_func_defn(
            [(_call(lowered.fndesc, state.library), lowered.cfunc, state.args)]
        )
        return True


def _call(piece: Any, library: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        # The status is not looked at: no piece raises anything.
        function = context.declare_function(builder.module, piece)
        _status, value = context.call_conv.call_function(
            builder, function, piece.restype, piece.argtypes, arguments
        )
        return value

    vars(generate)["libs"] = (library,)
    return generate


_FRONT = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    untyped_passes.ReconstructSSA,
    typed_passes.NopythonTypeInference,
    typed_passes.PreLowerStripPhis,
    typed_passes.IRLegalization,
)


class _StepCompiler(_Compiler):
    lowering: Any = typed_passes.NativeLowering

    def define_pipelines(self) -> list[Any]:
        passes = _machinery.PassManager("step")
        for one in (*_FRONT, self.lowering, typed_passes.NoPythonBackend):
            passes.add_pass(one, one.__name__)
        passes.finalize()
        return [passes]


class EntryCompiler(_StepCompiler):
    """Compiles what Python calls, with all the pieces that are linked into it."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile with Python's search for garbage switched off."""
        # Compiling makes a great many objects that are all alive: looking for garbage among them
        # took an eighth of the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return cast("Any", super()).compile_extra(func)
        finally:
            if collecting:
                gc.enable()


class PieceCompiler(_StepCompiler):
    """Compiles a piece as far as an entry point needs it."""

    lowering = _PieceLowering
