"""Every public docstring is whole by numpydoc's rules, and says what the code has."""

import inspect
import sys

import numpy as np
import pytest
from documented import (
    ESTIMATORS,
    ROOMS,
    default_of,
    fitted,
    members_of,
    parameters_of,
    public_in,
    section,
)
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

NOT_ASKED = {"ES01", "SA01"}  # a second paragraph, and names to see also, where there are any
OF_WHOLES = {"EX01"}  # the example of a class shows its methods


def faults(documented, but=NOT_ASKED) -> list[str]:
    """What numpydoc finds wrong with a docstring, but for some of its codes."""
    found = validate(get_doc_object(documented))["errors"]
    return [f"{code} {text}" for code, text in found if code not in but]


def faults_of(names: dict[str, object]) -> list[str]:
    """Lines on classes and functions by their names, and on the members of the classes."""
    lines = []
    for name, value in names.items():
        lines += [f"{name}: {fault}" for fault in faults(value)]
        members = members_of(value) if inspect.isclass(value) else {}
        for part, member in members.items():
            lines += [f"{name}.{part}: {fault}" for fault in faults(member, NOT_ASKED | OF_WHOLES)]
    return lines


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_are_whole(room):
    found = faults_of(public_in(room))
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("room", ROOMS)
def test_documented_defaults_are_those_of_the_code(room):
    wrong = []
    for name, value in public_in(room).items():
        members = members_of(value) if inspect.isclass(value) else {}
        for where, each in [(name, value), *((f"{name}.{m}", f) for m, f in members.items())]:
            wrong += [f"{where}: {fault}" for fault in wrong_defaults(each)]
    assert not wrong, "\n" + "\n".join(wrong)


def wrong_defaults(documented) -> list[str]:
    """Lines on parameters whose default the docstring states wrongly, or does not."""
    wrong, entries = [], section(documented, "Parameters")
    scope = {**vars(sys.modules[documented.__module__]), "numpy": np} if entries else {}
    for name, parameter in parameters_of(documented).items():
        entry = entries.get(name)
        if entry is None or entry.type == "None":  # numpydoc tells what lacks; None may be all
            continue
        stated, has = default_of(entry), parameter.default is not inspect.Parameter.empty
        if not has or stated is None:
            if has or stated is not None:
                wrong.append(f"{name} has {parameter}, documented as {entry.type}")
            continue
        value = eval(stated, scope)
        if type(value) is not type(parameter.default) or value != parameter.default:
            wrong.append(f"{name}={parameter.default!r}, documented as {stated}")
    return wrong


@pytest.mark.parametrize("name", ESTIMATORS)
def test_documented_attributes_are_those_of_a_fit(name):
    model = fitted(name)
    attributes = {each for each in dir(model) if each.endswith("_") and not each.startswith("_")}
    assert attributes == set(section(type(model), "Attributes"))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_documented_parameters_are_those_of_the_constructor(name):
    cls = ESTIMATORS[name]
    names = list(parameters_of(cls))
    assert list(section(cls, "Parameters")) == names
    assert list(getattr(cls, "_parameter_constraints", names)) == names


def test_the_checks_can_fail():
    def untold(x=1):
        """Return x."""
        return x

    def wrong(x=1):
        """Return x.

        Parameters
        ----------
        x : int, default=2
            A number.

        Returns
        -------
        int
            The number.
        """
        return x

    class Holder:
        """A class.

        Examples
        --------
        >>> Holder()
        """

        def untold(self):
            return 1

        @classmethod
        def made(cls):
            """Make one."""
            return cls()

    codes = [fault.partition(" ")[0] for fault in faults(untold)]
    assert codes == ["PR01", "RT01", "EX01"]
    assert wrong_defaults(wrong) == ["x=1, documented as 2"]
    Holder.untold.__module__ = Holder.made.__func__.__module__ = "sklearn_dgex"
    lines = faults_of({"Holder": Holder})
    assert [line.split(":")[0] for line in lines] == ["Holder.made", "Holder.untold"]
    assert "RT01" in lines[0]
    assert "GL08" in lines[1]
