"""How Numba lowers a piece of the step: to LLVM's language, and no further.

Numba would optimise every piece and turn it into machine code of its own, with all the pieces it
calls, although only the entry points are ever run. That was half of the first call's time. Here a
piece stays as it was written until an entry point links it in; there everything is optimised, and
translated, once.

Left out are also those passes of Numba that look for what pieces do not have: closures, ``with``,
array expressions, constant branches, literal unrolling.
"""

from typing import Any

from numba.core import compiler_machinery, typed_passes, untyped_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase

# Numba has no type hints.
_Library: Any = JITCodeLibrary
_Compiler: Any = CompilerBase
_Lowering: Any = typed_passes.NativeLowering
_machinery: Any = compiler_machinery


class _PieceLibrary(_Library):
    """A module of LLVM's that is only linked into others."""

    def _optimize_final_module(self) -> None:
        """Leave it to the entry point."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


@_machinery.register_pass(mutates_CFG=True, analysis_only=False)
class _PieceLowering(_Lowering):
    _name = "piece_lowering"

    def run_pass(self, state: Any) -> bool:
        context = state.targetctx
        state.library = _PieceLibrary(context.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        # Numba knows a function by what Python would call, which must be a builtin. Nothing calls
        # it here, so any builtin that no other piece has will do.
        state["cr"] = state["cr"]._replace(cfunc=state.library.__dir__)
        lowered = state["cr"]
        context.insert_user_function(lowered.cfunc, lowered.fndesc, [state.library])
        return True


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


class PieceCompiler(_StepCompiler):
    """Compiles a piece as far as an entry point needs it."""

    lowering = _PieceLowering
