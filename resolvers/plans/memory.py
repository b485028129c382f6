"""How much memory a projection takes: more for one of many types than its few words in a document let on."""

from __future__ import annotations

from sys import getsizeof
from types import FunctionType

from resolvers.plans.projection import Projection

#: Measured: functions, tables and closures take one and a half times as much again as the code.
BESIDE_CODE = 1.5


def bytes_of(projection: Projection) -> int:
    """All but its constants, which take no more than the text does."""
    names = projection.project.__globals__
    codes = [each.__code__ for each in names.values() if isinstance(each, FunctionType) and each.__globals__ is names]
    parts = [
        part
        for code in codes
        for part in (code, code.co_consts, code.co_names, code.co_varnames, code.co_linetable, code.co_exceptiontable)
    ]
    return int((sum(map(getsizeof, parts)) + getsizeof(names)) * (1 + BESIDE_CODE))
