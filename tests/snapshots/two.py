# -*- coding: utf-8 -*-
"""Every construct of Python 2.7 that Python 3 does not have."""
import os, sys
from x import *

print
print "a", b,
print >>sys.stderr, "a" % b
print >>log
print -1, +x
print ("a"), b
print ("a" % b) % c, d
print [1, 2][0]
print ("x").join(y), (1, 2)
print (a for a in b)
print (a and b) or c
print not a
print(a)
print()
exec "code"
exec code in namespace
exec "x = %s" % y
exec f.read() in g, l
exec(code) in ns
exec self.code in self.ns, {}
`a + b`, `1, 2`
a <> b
0777, 0xFFL, 10L, 0
ur"raw", u"text", b"bytes", "native"
True = 1
True, False = 1, 0


def old(a, (b, (c, d)), e=1, (f, g)=(1, 2)):
    raise E, "message"


def raising(x):
    if x:
        raise E, (1, 2), tb
    raise E, None, tb


def handling(async, None=None):
    try:
        x.async = async
    except E, e:
        print e
    except (A, B), x.error:
        pass
    except C as c:
        pass
    except D:
        pass
    return e


def leaking():
    a = [x for x in 1, 2, 3]
    b = [(y for z in w) for y in x]
    return x, y, lambda (p, q): p + q


class Old:
    def method(self):
        exec "import that"
        return dict((k, v) for k, v in self)
    print "in a class"
