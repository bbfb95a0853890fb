"""Checks of national numbers by python-stdnum, for rules that name them: ``validator: stdnum.cz.rc``.

Each is one module of the library, imported when its name is looked up. The library only computes; what of it asks
services of states on the network (``check_vies`` and its like) is never called.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

MODULES: Final = (
    "ar.cbu", "ar.cuit", "at.vnr", "bg.egn", "bg.pnf", "ca.bc_phn", "cl.rut", "cn.ric", "co.nit", "cr.cpf", "cu.ni",
    "cz.rc", "dk.cpr", "do.cedula", "ec.ci", "ee.ik", "es.ccc", "fr.nif", "gb.upn", "gb.utr", "gr.amka", "hr.oib",
    "ie.pps", "il.idnr", "imei", "imsi", "is_.kennitala", "jp.in_", "lt.asmens", "mx.curp", "mx.rfc",
    "my.nric", "no.fodselsnummer", "no.kontonr", "nz.ird", "pe.cui", "pl.nip", "pt.cc", "ro.cnp", "ru.inn", "si.emso",
    "sk.rc", "ua.rntrc", "us.rtn", "uy.rut", "rs.pib", "id.npwp", "ve.rif",
)  # fmt: skip
_UNIFORM: Final = re.compile(r"(.)\1*")


def _checked(name: str) -> Callable[[str], bool]:
    """The check of one module, for digits of every script; one digit repeated is never a number.

    Some modules raise where a sign is outside their alphabet: then it is none of their numbers.
    """
    module: Any = import_module(f"stdnum.{name}")

    def check(text: str) -> bool:
        folded = "".join(str(int(char)) if char.isdecimal() else char for char in text)
        try:
            return not _UNIFORM.fullmatch(re.sub(r"\W", "", folded)) and bool(module.is_valid(folded))
        except (ValueError, LookupError):
            return False

    check.__name__ = f"stdnum.{name}"
    return check


class _Standards(Mapping[str, Callable[[str], bool]]):
    """Checks by name, made on first use."""

    def __init__(self) -> None:
        self._made: dict[str, Callable[[str], bool]] = {}

    def __getitem__(self, name: str) -> Callable[[str], bool]:
        module = name.removeprefix("stdnum.")
        if module == name or module not in MODULES:
            raise KeyError(name)
        return self._made.setdefault(name, _checked(module))

    def __iter__(self) -> Iterator[str]:
        return (f"stdnum.{name}" for name in MODULES)

    def __len__(self) -> int:
        return len(MODULES)


STANDARDS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(_Standards())
"""``stdnum.country.number`` to its check."""
