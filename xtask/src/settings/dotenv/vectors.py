"""Prints vectors.jsonl: what python-dotenv makes of the text of a `.env` file.

    pip install python-dotenv==1.2.4 && python3 vectors.py > vectors.jsonl

A line is [text, assignments, lines that are no assignments]. The environment has SET alone.
With a number as its argument it prints so many random texts instead of the few that are kept.
"""

import io
import json
import logging
import os
import random
import sys

from dotenv.main import DotEnv
from dotenv.parser import parse_stream

TEXTS = [
    # Names.
    "p=q", "  p  =  q  ", "'p q'=r", '"p"=r', "p.q[%$=r", "export p=q", "export\t'p'=q",
    "exported=q", "export=q", "export\np=1", "export \np=1", "\ufeffp=q", "p", "p # a comment",
    "p=", "p= ", "p: q", "=q\np=1", "p q=r", "''=q", "'p=q", "pä=ü🚀",
    # Values without quotes.
    "p=q r", "p=q\u00a0", "p=\u2003q", "p=q\\nr", "p=q'r\"", "p=q=r", "p=$q", "p=$q$(r)`s`",
    # Comments.
    "p=q#r", "p=#q", "p= #q", "p=q\t# r", "p= # r", "p=# # r", "p=q\u00a0# r", "# p=q\n  # r=s",
    "export # p", "p='q'#r", "p='q' # r", "p='q # r'# s",
    # Quotes and escapes.
    "p='q '", "p=\"q ' r\"", "p='q \" r'", "p='q\\nr'", "p='q\\'r\\\\'", "p='q\\\"r'",
    'p="q\\n\\t\\"\\\'\\\\"', 'p="\\a\\b\\f\\r\\v"', 'p="\\x41\\u0041\\$\\\n"', "p=''", 'p=""',
    'p="q\r\nr"', "p='q\nr=s'", "p='1\n2'\nq=3", 'p="q\nr=s', "p='q\\'\nr=s", "p='q' r\ns=t",
    "\n\np='1\n2' 3\nq=4", 'p="q\\', "p='q''r'", "p= 'q'", "p=q 'r'",
    # Lines.
    "", "\n \n\t\n", "p=q\nr=s\n", "p=q\rr=s\r\nt=", "p=\nr=s", "p=1\np=2", "p=1\np", "p\np=1",
    "p=q\u2028r=s", "p=q\x0br=s", "p=q\x1cr", "\x1c p=q", "p=q\x85", "p=q\x00r",
    # References.
    "p=${SET}", "p='${SET}'", 'p="${SET}"', "p=${NONE}", "p=${NONE:-a default}", "p=${NONE:-}",
    "p=${SET:-a default}", "p=${NONE-x}", "p=${NONE:x}", "p=${SET", "p=$${SET}", "p=\\${SET}",
    "p=${}", "p=${:-x}", "p=${NONE:-${SET}}", "p=${${SET}}", "p=${NONE:${SET}", "p={SET}",
    "p='${NONE:-\n}'", "p=${a}${SET}b", "p=1\nq=${p}2", "q=${p}\np=1", "SET=file\nq=${SET}",
    "p\nq=${p:-x}", "p=${p}x\np=${p}y", "p='${q}'\nq=${p}",
]
PIECES = [
    "p", "q", "SET", "=", "=", "=", "#", " #", " ", "\t", "\n", "\n", "\r", "\\", "\\n", "'", "'",
    '"', '"', "$", "{", "${", "}", ":-", "export ", "${p}", "${SET}", "ä", "\u00a0", "\u2028", "\x1c",
]


def read(text):
    stream = io.StringIO(text, newline=None)
    values = DotEnv(None, stream, override=False).dict()
    bad = []
    for binding in parse_stream(io.StringIO(text, newline=None)):
        if binding.error:
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            bad.append(binding.original.line + binding.original.string[:blank].count("\n"))
    return [text, values, bad]


def some(number):
    generator = random.Random(number)
    for _ in range(number):
        yield "".join(generator.choices(PIECES, k=generator.randint(3, 14)))


if __name__ == "__main__":
    logging.disable()
    os.environ.clear()
    os.environ["SET"] = "environment"
    texts = some(int(sys.argv[1])) if len(sys.argv) > 1 else TEXTS + list(some(250))
    for text in texts:
        print(json.dumps(read(text), ensure_ascii=True, separators=(",", ":")))
