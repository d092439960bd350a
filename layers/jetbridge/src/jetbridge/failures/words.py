"""The part of a sentence that AWS wrote, without names in it that users chose.

An image, a family, a job, a queue, a role or a path may be called ``timeout`` or ``denied``. In
the sentences of ECS, Batch, docker, containerd and the kubelet such a name is quoted, is in
brackets, or is one word with a slash or a colon inside: a path, an address, an ARN, an image with
its tag, a family with its revision. What remains may still be a name of one plain word, so a
pattern that is looked for has several words, or is a code where AWS puts codes.
"""

import re

# What stands where a name stood. Patterns have it as ``NAME``.
BLANK = "\u25a1"
NAME = f"(?:{BLANK}|\\S+)"

# An apostrophe within a word ("can't", "You've") opens no quotation.
_QUOTED = (
    r'"[^"]*"|`[^`]*`|(?<!\w)\'[^\']*\'|\[[^\]\s]*\]|'
    r"(?<!\w)\u2018[^\u2019]*\u2019|\u201c[^\u201d]*\u201d"
)
# AWS's own: codes in capitals (RESOURCE:MEMORY, MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT), names
# of errors with nothing between them and what follows, and Kubernetes' code for a node without
# enough of a resource, whose name may have a slash (OutOfnvidia.com/gpu).
OUT_OF = r"OutOf[a-z][\w.-]*(?:/[\w.-]+)?"
_CODE = (
    r"(?:[A-Z][A-Z_]*:)+\*?[A-Z0-9_]*(?![\w/.-])|[A-Z]\w*(?:Error|Exception):|"
    rf"{OUT_OF}(?![\w/@])"
)
_JOINED = r"\S*[\w*)}]:(?=[^\s:])\S*[^\s:;,.)]|\S*/\S*[^\s:;,.)]|\S+@\S+[^\s:;,.)]"
# Words with a slash that the Go libraries of docker and containerd write.
_OWN = r"(?<!\S)(?:i/o|I/O|net/http)(?![\w/])"
_NAMES = re.compile(f"({_OWN})|(?<!\\S)({_CODE})|{_QUOTED}|(?<!\\S)(?:{_JOINED})")


def aws_words(text: str) -> str:
    """The text with ``BLANK`` for each name in it that is known to be one."""
    return _NAMES.sub(lambda match: match[1] or match[2] or BLANK, text)
