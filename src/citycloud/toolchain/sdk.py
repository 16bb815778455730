"""What the installed OpenStack SDK (``pulumi_openstack``) says of itself: tokens, and each property's name and type.

Read from its classes by introspection, in the shape in which our provider describes what it serves, so that both can be
compared and the provider's table can be written from it.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import pkgutil
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pulumi

PACKAGE = "pulumi_openstack"


@dataclass(frozen=True)
class Shape:
    """A type: string, bool, int, float; a list or map ``of`` another; or an object with ``properties``."""

    type: str
    of: Shape | None = None
    properties: Mapping[str, Property] = field(default_factory=dict)


@dataclass(frozen=True)
class Property:
    """One property: its type, and whether it must be given."""

    shape: Shape
    required: bool = False


@dataclass(frozen=True)
class Thing:
    """A resource or a function: what goes in, what comes out, by the names on the wire."""

    token: str
    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]
    former: bool = False
    """The SDK says that another token has taken its place."""


_SCALARS = {str: "string", bool: "bool", int: "int", float: "float"}


def _arms(hint: Any) -> list[Any]:  # noqa: ANN401
    """The arms of a union that say what a value looks like: no None, no promises, no second spellings of a class."""
    arms = [arm for arm in typing.get_args(hint) if arm is not type(None) and not _promise(arm)]
    return [arm for arm in arms if not typing.is_typeddict(arm)]


def _promise(hint: Any) -> bool:  # noqa: ANN401
    return getattr(typing.get_origin(hint), "__name__", "") in {"Awaitable", "Output"}


def shape(hint: Any, seen: tuple[type, ...] = ()) -> Shape:  # noqa: ANN401
    """The Shape of a type annotation of the SDK."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if _promise(hint):
        return shape(arguments[0], seen)
    if hint in _SCALARS:
        return Shape(_SCALARS[hint])
    if origin is not None and inspect.isclass(origin) and issubclass(origin, Mapping):
        return Shape("map", shape(arguments[1], seen))
    if origin is not None and inspect.isclass(origin) and issubclass(origin, Sequence):
        return Shape("list", shape(arguments[0], seen))
    if inspect.isclass(hint):
        return Shape("object", properties=properties(hint, seen))
    arms = _arms(hint)
    return shape(arms[0] if arms else arguments[0], seen)


def properties(cls: type, seen: tuple[type, ...] = ()) -> dict[str, Property]:
    """The properties that ``cls`` declares with ``pulumi.getter``, by their names on the wire."""
    if cls in seen:
        return {}
    must = _without_default(cls)
    return {
        getattr(member.fget, "_pulumi_name", name): Property(
            shape(_hints(member.fget)["return"], (*seen, cls)), name in must
        )
        for name, member in vars(cls).items()
        if isinstance(member, property) and hasattr(member.fget, "_pulumi_name")
    }


def _hints(function: Any) -> dict[str, Any]:  # noqa: ANN401
    """Its annotations; ``pulumi.Input`` speaks of Output by a name that the SDK's modules do not know."""
    return typing.get_type_hints(function, localns={"Output": pulumi.Output, "T": Any})


def _without_default(function: Any) -> set[str]:  # noqa: ANN401
    """Parameters of ``function`` that must be given."""
    return {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is parameter.empty and not name.startswith("_")
    }


def modules() -> Iterator[ModuleType]:
    """Every module of the SDK, imported; what is deprecated says so at import, which is no news here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = importlib.import_module(PACKAGE)
        for found in pkgutil.walk_packages(root.__path__, f"{PACKAGE}."):
            yield importlib.import_module(found.name)


def _is_former(module: ModuleType) -> bool:
    return "has been deprecated in favor of" in inspect.getsource(module)


def _resources(module: ModuleType) -> Iterator[Thing]:
    for name, cls in inspect.getmembers(module, inspect.isclass):
        token = getattr(cls, "pulumi_type", None)
        if cls.__module__ == module.__name__ and token and not token.startswith("pulumi:"):
            takes = properties(getattr(module, f"{name}Args"))
            yield Thing(token, takes, properties(cls), _is_former(module))


@dataclass(frozen=True)
class _Call:
    """One ``pulumi.runtime.invoke`` in a function's body: the token, and argument name on the wire to parameter."""

    token: str
    arguments: Mapping[str, str]
    result: str


def _call(function: ast.FunctionDef) -> _Call | None:
    arguments = {
        node.targets[0].slice.value: node.value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and isinstance(node.targets[0].slice, ast.Constant)
        and isinstance(node.value, ast.Name)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pulumi.runtime.invoke":
            result = next(ast.unparse(word.value) for word in node.keywords if word.arg == "typ")
            return _Call(ast.literal_eval(node.args[0]), {str(k): v for k, v in arguments.items()}, result)
    return None


def _functions(module: ModuleType) -> Iterator[Thing]:
    for node in ast.parse(inspect.getsource(module)).body:
        call = _call(node) if isinstance(node, ast.FunctionDef) else None
        if call is not None and isinstance(node, ast.FunctionDef):
            function = getattr(module, node.name)
            hints, must = _hints(function), _without_default(function)
            takes = {
                wire: Property(shape(hints[name]), name in must)
                for wire, name in call.arguments.items()
                if name in hints
            }
            yield Thing(call.token, takes, properties(getattr(module, call.result)), _is_former(module))


@dataclass(frozen=True)
class Sdk:
    """The whole SDK."""

    version: str
    config: Mapping[str, Property]
    resources: Mapping[str, Thing]
    functions: Mapping[str, Thing]
    environment: Mapping[str, Sequence[str]]
    """Provider property to the environment variables that the SDK takes its default from."""


def _environment(module: ModuleType) -> dict[str, list[str]]:
    """``if x is None: x = _utilities.get_env('OS_X')`` in the provider's constructor, as ``{"x": ["OS_X"]}``."""
    return {
        node.targets[0].id: [ast.literal_eval(argument) for argument in node.value.args]
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).startswith("_utilities.get_env")
    }


def read() -> Sdk:
    """Read the installed SDK."""
    every = list(modules())
    provider = importlib.import_module(f"{PACKAGE}.provider")
    resources = {thing.token: thing for module in every for thing in _resources(module)}
    functions = {thing.token: thing for module in every for thing in _functions(module)}
    return Sdk(
        version=importlib.metadata.version(PACKAGE.replace("_", "-")),
        config=properties(provider.ProviderArgs),
        resources=resources,
        functions=functions,
        environment=_environment(provider),
    )
