"""Reads a small Python program as a careful person does, step by step, and says what it returns.

Only plain data and a fixed list of harmless operations exist here: no import, no attribute but the
listed methods, no file, no name of the interpreter. Steps, sizes and depths are bounded, so any
text is safe to read; what goes beyond is `Unreadable`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from coursewright.families.program_values import (
    BINARY,
    COMPARE,
    ERRORS,
    FUNCTIONS,
    METHODS,
    SIZE,
    UNARY,
    Unreadable,
    bounded,
    weight_of,
)

__all__ = ["Unreadable", "result_of"]

STEPS = 20_000
"""Of one program, until it is given up."""
_HEAVY = 64
"""Elements of a value that take as long as one step."""
_DEPTH = 40


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


@dataclass
class _Reader:
    most: int = STEPS
    steps: int = 0
    depth: int = 0
    globals: dict[str, Any] = field(default_factory=dict)

    # ------------------------------------------------------------ statements

    def block(self, body: Iterable[ast.stmt], names: dict[str, Any]) -> None:
        for statement in body:
            self.statement(statement, names)

    def statement(self, node: ast.stmt, names: dict[str, Any]) -> None:
        self.tick()
        match node:
            case ast.Expr(value=value):
                self.value(value, names)
            case ast.Return(value=value):
                raise _Return(None if value is None else self.value(value, names))
            case ast.Assign(targets=targets, value=value):
                result = self.value(value, names)
                for target in targets:
                    self.assign(target, result, names)
            case ast.AugAssign(target=target, op=op, value=value):
                before = self.value(_as_load(target), names)
                self.assign(target, self.binary(op, before, self.value(value, names)), names)
            case ast.If(test=test, body=body, orelse=other):
                self.block(body if self.value(test, names) else other, names)
            case ast.For() | ast.While():
                self.loop(node, names)
            case ast.Delete(targets=[ast.Subscript(value=value, slice=place)]):
                del self.value(value, names)[self.value(place, names)]
            case ast.Try(body=body, handlers=handlers, finalbody=[]):
                self.attempt(body, handlers, node.orelse, names)
            case ast.FunctionDef(name=name, args=arguments, body=body):
                names[name] = self.function(arguments, body, names)
            case ast.Pass():
                pass
            case ast.Break():
                raise _Break
            case ast.Continue():
                raise _Continue
            case _:
                raise Unreadable(type(node).__name__)

    def loop(self, node: ast.For | ast.While, names: dict[str, Any]) -> None:
        turns: Iterator[Any] = (
            iter(self.value(node.iter, names)) if isinstance(node, ast.For) else iter(())
        )
        while True:
            self.tick()
            if isinstance(node, ast.While):
                if not self.value(node.test, names):
                    break
            else:
                try:
                    self.assign(node.target, next(turns), names)
                except StopIteration:
                    break
            try:
                self.block(node.body, names)
            except _Break:
                return
            except _Continue:
                continue
        self.block(node.orelse, names)

    def attempt(
        self,
        body: list[ast.stmt],
        handlers: list[ast.ExceptHandler],
        otherwise: list[ast.stmt],
        names: dict[str, Any],
    ) -> None:
        try:
            self.block(body, names)
        except (Unreadable, _Return, _Break, _Continue):
            raise
        except Exception as error:
            for handler in handlers:
                kind = handler.type
                wanted = ERRORS.get(kind.id) if isinstance(kind, ast.Name) else Exception
                if wanted is not None and isinstance(error, wanted):
                    return self.block(handler.body, names)
            raise
        return self.block(otherwise, names)

    def assign(self, target: ast.expr, value: Any, names: dict[str, Any]) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = bounded(value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self.unpack(parts, list(value), names)
            case ast.Subscript(value=holder, slice=place):
                self.value(holder, names)[self.value(place, names)] = bounded(value)
            case _:
                raise Unreadable(type(target).__name__)

    def unpack(self, parts: list[ast.expr], values: list[Any], names: dict[str, Any]) -> None:
        star = next((i for i, part in enumerate(parts) if isinstance(part, ast.Starred)), None)
        if star is not None:
            after = len(parts) - star - 1
            end = len(values) - after
            values = [*values[:star], values[star:end], *values[end:]]
        if len(parts) != len(values):
            raise ValueError("not as many values as names")
        for part, value in zip(parts, values, strict=True):
            self.assign(part.value if isinstance(part, ast.Starred) else part, value, names)

    # ------------------------------------------------------------ expressions

    def value(self, node: ast.expr, names: dict[str, Any]) -> Any:
        self.tick()
        value = bounded(self._value(node, names))
        # Looking through a large value takes its time, too.
        self.steps += weight_of(value) // _HEAVY
        return value

    def _value(self, node: ast.expr, names: dict[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.look_up(name, names)
            case ast.List(elts=parts):
                return self.items(parts, names)
            case ast.Tuple(elts=parts):
                return tuple(self.items(parts, names))
            case ast.Set(elts=parts):
                return set(self.items(parts, names))
            case ast.Dict(keys=keys, values=values) if None not in keys:
                pairs = zip(keys, values, strict=True)
                return {self.value(k, names): self.value(v, names) for k, v in pairs if k}
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.value(left, names), self.value(right, names))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
                return UNARY[type(op)](self.value(operand, names))
            case ast.BoolOp(op=op, values=parts):
                result: Any = None
                for part in parts:
                    result = self.value(part, names)
                    if bool(result) != isinstance(op, ast.And):
                        break
                return result
            case ast.Compare():
                return self.compare(node, names)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.value(test, names) else other, names)
            case ast.Subscript(value=holder, slice=place):
                return self.value(holder, names)[self.value(place, names)]
            case ast.Slice(lower=low, upper=high, step=step):
                return slice(
                    *(None if p is None else self.value(p, names) for p in (low, high, step))
                )
            case ast.Lambda(args=arguments, body=body):
                return self.function(arguments, [ast.Return(value=body)], names)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                found = list(self.comprehend(node.generators, node.elt, dict(names)))
                return (
                    set(found)
                    if isinstance(node, ast.SetComp)
                    else (iter(found) if isinstance(node, ast.GeneratorExp) else found)
                )
            case ast.DictComp(key=key, value=value):
                pair = ast.Tuple(elts=[key, value], ctx=ast.Load())
                return dict(self.comprehend(node.generators, pair, dict(names)))
            case ast.Call():
                return self.call(node, names)
        raise Unreadable(type(node).__name__)

    def look_up(self, name: str, names: dict[str, Any]) -> Any:
        for scope in (names, self.globals, FUNCTIONS):
            if name in scope:
                return scope[name]
        raise Unreadable(name)

    def items(self, parts: list[ast.expr], names: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        for part in parts:
            if isinstance(part, ast.Starred):
                found.extend(self.some(self.value(part.value, names)))
            else:
                found.append(self.value(part, names))
        return found

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        if type(op) not in BINARY:
            raise Unreadable(type(op).__name__)
        if isinstance(op, ast.Mult):
            sizes = [len(side) for side in (left, right) if isinstance(side, (list, str, tuple))]
            counts = [side for side in (left, right) if isinstance(side, int)]
            if sizes and counts and sizes[0] * counts[0] > SIZE:
                raise Unreadable("too large")
        if isinstance(op, ast.Pow) and not (isinstance(right, int) and 0 <= right <= 40):
            raise Unreadable("power")
        if isinstance(op, ast.Mod) and isinstance(left, str):
            raise Unreadable("string formatting")
        return BINARY[type(op)](left, right)

    def compare(self, node: ast.Compare, names: dict[str, Any]) -> Any:
        left = self.value(node.left, names)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node, names)
            if not COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def comprehend(
        self, generators: list[ast.comprehension], element: ast.expr, names: dict[str, Any]
    ) -> Iterator[Any]:
        if not generators:
            yield self.value(element, names)
            return
        first, *rest = generators
        for item in self.some(self.value(first.iter, names)):
            self.tick()
            self.assign(first.target, item, names)
            if all(self.value(test, names) for test in first.ifs):
                yield from self.comprehend(rest, element, names)

    # ------------------------------------------------------------ calls

    def call(self, node: ast.Call, names: dict[str, Any]) -> Any:
        arguments = self.items(node.args, names)
        keywords = {k.arg: self.value(k.value, names) for k in node.keywords if k.arg}
        if isinstance(node.func, ast.Attribute):
            holder = self.value(node.func.value, names)
            if node.func.attr not in METHODS.get(type(holder), frozenset()):
                raise Unreadable(node.func.attr)
            if node.func.attr in ("replace", "join"):
                bounded([holder, *map(str, arguments)])
            return getattr(holder, node.func.attr)(*arguments, **keywords)
        function = self.value(node.func, names)
        if function is range and any(abs(bound) > SIZE for bound in arguments):
            raise Unreadable("too large")
        result = function(*arguments, **keywords)
        # Lazy results are drawn out here, under the limit, and not somewhere inside a builtin.
        return (
            iter(self.some(result))
            if isinstance(result, (map, filter, zip, enumerate, reversed))
            else result
        )

    def function(
        self, arguments: ast.arguments, body: list[ast.stmt], outer: dict[str, Any]
    ) -> Callable[..., Any]:
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
            raise Unreadable("arguments")
        parameters = [argument.arg for argument in arguments.args]
        defaults = [self.value(node, outer) for node in arguments.defaults]

        def run(*given: Any) -> Any:
            values = [*given, *defaults[len(defaults) - (len(parameters) - len(given)) :]]
            if len(given) > len(parameters) or len(values) < len(parameters):
                raise TypeError("wrong number of arguments")
            if self.depth >= _DEPTH:
                raise Unreadable("too deep")
            self.depth += 1
            try:
                self.block(body, {**outer, **dict(zip(parameters, values, strict=False))})
            except _Return as done:
                return done.value
            finally:
                self.depth -= 1
            return None

        return run

    # ------------------------------------------------------------ bounds

    def tick(self) -> None:
        self.steps += 1
        if self.steps > self.most:
            raise Unreadable("too long")

    def some(self, items: Iterable[Any]) -> list[Any]:
        """All items, one tick each: nothing endless gets through."""
        found = []
        for item in items:
            self.tick()
            found.append(item)
        return bounded(found)  # type: ignore[no-any-return]


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(id=target.id, ctx=ast.Load())
    if isinstance(target, ast.Subscript):
        return ast.Subscript(value=target.value, slice=target.slice, ctx=ast.Load())
    raise Unreadable(type(target).__name__)


def result_of(source: str, most: int = STEPS) -> str:
    """The `repr` of the last line's value, for definitions followed by one expression.

    It is given up after `most` steps.

    Raises:
        Unreadable: it is no such program, or not one this reader can follow to its end.
    """
    if len(source) > SIZE:
        raise Unreadable("too long")
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable("no program") from error
    *definitions, last = module.body or [ast.Pass()]
    if not definitions or not isinstance(last, ast.Expr):
        raise Unreadable("no call in the last line")
    reader = _Reader(most=most)
    try:
        for definition in definitions:
            reader.statement(definition, reader.globals)
        return repr(reader.value(last.value, {}))
    except Unreadable:
        raise
    except (Exception, _Return, _Break, _Continue) as error:
        raise Unreadable(f"it fails: {type(error).__name__}") from error
