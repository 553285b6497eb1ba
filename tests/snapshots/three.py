"""Every construct of Python 3.14."""
from __future__ import annotations
import os, os.path as path, a.b.c
from . import sibling
from ..pkg.mod import (one, two as deux,)
from star import *

# literals
none, true, false, dots = None, True, False, ...
ints = [0, 7, 0xff, 0o17, 0b101, 1_000, 2147483647, 2147483648]
others = 1.5, 1e10, 3j, .5
text = "a\n\x41\101\u00e9\\\'\q" 'b' r"\n" """c
d"""
data = b"\x00\xff" rb"\d"
joined = "a" f"{x!r:>{width}} {y=} {{literal}}" "z"
template = t"hello {name:{spec}}"
nested = f"{f'{inner}'} {d["key"]}"
line = "one \
two"
empty = (), [], {}, set()
display = [1, *rest], {1, *rest}, {"k": 1, **rest}, (1,), (*a, *b)

# expressions
chain = a.b.c.d.e["f"][0][-1]
calls = f(1, *args, key=2, **kwargs)(g(x for x in xs))
slices = a[1:2], a[::3], a[1:2, ...], a[1,], a[*b], a[b"k"], a["k"]["l"]
math = -a + b * c ** -d // e % f @ g << 1 >> 2 & 3 | 4 ^ ~5 / 6 - +7
logic = a and b and not c or (d or e) and f
compare = a < b <= c != d is not e not in f is g in h > i >= j == k
choice = a if b else c if d else e
walrus = (n := 10) + (m := n if n else 0)
lambdas = lambda: 0, lambda a, /, b=n, *c, d, e=1, **f: (a, b, c, d, e, f)
comps = [x for x in xs if x if y], {x for x in xs}, {k: v for k, v in d.items()}, (x for y in ys for x in y)
shadow = [x for x in [x for x in x]]
inner = [lambda: x + q for x in xs]

# bindings
x = y = z = 1
(p), [q, (r, *s)] = value
obj.attr, obj["k"], obj[0] = 1, 2, 3
x += 1; obj.count -= 2; obj["k"] **= 3; x @= y; x //= y; x |= y
declared: int
typed: Optional["Foo[Literal['no']]"] = None
(paren): int = 3
obj.attr: list[int] = []
old = None  # type: Optional[int]
del x, y.a, z["k"], (p, [q])
type Alias[T] = dict[str, T]
type Plain = int
type(x).attr = 1
type(a)[0] = 2


@decorator
@other(1)
def function(a, b: int = 1, /, c: "str" = None, *args: int, d, e: a.b[c] = 2, **kwargs: dict[str, int]) -> list[int] | None:
    """Docstring."""
    global G, H
    G = a
    local = H
    def inner(deep=local):
        nonlocal local
        local += c
        class Inner(Base, metaclass=Meta):
            attribute = deep
            comp = [attribute for attribute in attribute if local]
            def method(self):
                return super().method(), local, attribute, __class__
        return lambda: deep
    return inner


def generic[T: int = str, *Ts = *tuple[int], **P = [int]](x: T) -> T:
    return T


class Generic[T](Base[T], key=T):
    "Docstring."
    field: T


async def coroutine():
    await something
    async for i in stream:
        yield i
    async with manager as m, other():
        pass
    return [i async for i in stream if await i]


def generator():
    x = yield
    y = yield x
    yield from y
    return lambda: (yield)


def type_comments(a,  # type: int
                  b=None):  # type: (...) -> Optional[str]
    pass


def type_comment(a, b):
    # type: (int, Dict[str, int]) -> bool
    return locals()


def branches(a, b):
    if a:
        one()
    elif b:
        return 2
    elif c:
        pass
    else:
        three()
    while a < b:
        if a:
            break
        if b:
            continue
        a += 1
    else:
        finished()
    while True:
        pass
    for i, (j, *k) in pairs:
        for j in i:
            if j:
                continue
            break
        else:
            empty()
    assert a, "message"
    assert b
    raise E("x") from cause
    unreachable = 1


def trying():
    try:
        risky()
        return 1
    except A:
        pass
    except (B, C) as error:
        raise
    except pkg.D, E:
        raise Other
    except:
        log()
    else:
        fine()
    finally:
        close()
    try:
        group()
    except* E as group:
        pass
    for i in x:
        try:
            if i:
                continue
            elif a:
                break
            return
        finally:
            if done:
                return 2
    with a, (b) as c, d.e as (f, g[0]):
        inside()
    with (open(x) as y, z):
        raise Late
    try:
        with suppress(E):
            return body()
    finally:
        after()


def matching(command):
    match command:
        case 1 | -2 | "text" | b"bytes" | None | True:
            a
        case 1 + 2j:
            b
        case mod.CONST:
            c
        case [x, *rest] if x > 0:
            d
        case (only):
            e
    match command.first, second:
        case (a,) | [a]:
            f
        case {"k": v, -1: _, **rest}:
            g
        case Point(x=0, y=Inner(q)) as point:
            h
        case str() | int() as s if s:
            i
        case x, *_:
            j
        case _ if a:
            k
        case _:
            return 1
    match f(x):
        case whole if whole:
            pass
    match = case = type = _ = 1
    return match


exec("code")
x.y.z.w.v = x.y.z.w
x; y, z; w,
