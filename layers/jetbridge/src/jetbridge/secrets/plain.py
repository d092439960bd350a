"""Values that follow a secret's name but aren't secrets: placeholders, references, code, prose."""

import re

from jetbridge.secrets.forms import looks_random
from jetbridge.secrets.lazy import lazy
from jetbridge.secrets.names import PLAIN_TOKENS, Kind, names_a_secret, words

# A longer value isn't checked for being a placeholder.
_PLAIN_CHARACTERS = 256
_WORD_CHARACTERS = 32
_WORDS = words(
    "none null nil undefined true false yes no on off nan n/a empty unset missing "
    "required optional invalid redacted [redacted] hidden masked str string bytes int "
    "integer bool boolean any object optional[str] str|none added removed deprecated "
    "changed fixed updated ok configured present set absent provided expired valid found denied "
    "revoked rotated loaded failed skipped"
)
_SENTENCE = words(
    "is was has with and or not the a an for from to in of must if when there can be are "
    "only option work works it this that don't doesn't can't isn't"
)
_PLACEHOLDER = lazy(
    r"""[*•●]{2,}+|[xX]{3,}+|\.{2,}+|-+|…|_+|<[^<>]*>?|\[[A-Z_ ]*\]?
    |\$\{[^}]*\}?|\$\([^)]*\)?|\$[A-Z_][A-Z0-9_]*|\$\$\{?[A-Za-z_.]*\}?|\{[A-Za-z0-9_.!:]*\}?
    |\{\{.*|%[sdr]|%\([A-Za-z_]+\)[sdr]?|%[A-Z_]+%|!(?:vault|Ref|Sub|GetAtt|secret)\b.*
    |your[ _-][a-z _-]{1,40}
    |\(?(?:redacted|hidden|masked|sensitive(?:\svalue)?|known\safter\sapply|set|not\sset)\)?
    |[=:>|<,;.)\]}\\/?&~^+!-]+""",
    re.VERBOSE | re.IGNORECASE,
)
# The place where a secret is kept, not the secret itself.
_REFERENCE = lazy(
    r"arn:[a-z-]+:(?:secretsmanager|ssm|kms|iam):|\{\{resolve:|file://|s3://|gs://|vault:|op://"
    r"|/run/secrets/|/var/run/secrets/|projects/[^/]{1,64}/secrets/|<[a-z_.]+ object"
)
_CALL = lazy(
    r"(?:[A-Za-z_]++\.)*+(?:[A-Za-z_]{2,64}[(\[][^()\[\]]*+(?:[(\[][^()\[\]]*+)?[)\]]*|lambda|await)"
)
_PATH = lazy(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_FILE = lazy(
    r"(?:~|\.{1,2}|[A-Za-z]:)?[\\/][\w. \\/-]*"
    r"\.(?:pem|key|crt|cer|p12|pfx|jks|json|txt|env|conf|cfg|ya?ml|ini|py|sock)"
)
_COUNT = lazy(r"[-+]?\d[\d.,]*+(?:\s?/\s?\d+|\s?%|[a-z]{1,4})?|(?:test|case|step)s?(?:[_:. ].*)?")
_OBJECT = lazy(r"[a-z]{1,20}(?:-[a-z0-9]{1,10}){1,5}")
_BEFORE_TOKEN = PLAIN_TOKENS | {"for", "got", "found", "expected", "each", "this", "bad", "of"}
_NUMBER = lazy(r"-?\d{1,5}(?:\.\d+)?%?")
_GOES_ON = lazy(r"[,.:;)]? [(\"']?[A-Za-z]")


def is_plain(value: str, password: bool) -> bool:
    """Whether the value is a placeholder, a reference or an ordinary word.

    ``password``: the name is a password's, so the value may be a number.
    """
    if len(value) > _PLAIN_CHARACTERS:
        return False
    text = value.strip(" \\\"'")
    return (
        not text
        or text.lower().rstrip(".,:") in _WORDS
        or _PLACEHOLDER.fullmatch(text) is not None
        or _REFERENCE.match(text) is not None
        or _FILE.fullmatch(text) is not None
        or (not password and _NUMBER.fullmatch(text) is not None)
    )


def is_count(value: str) -> bool:
    """Whether the value says how many tests passed, or which ones."""
    return len(value) <= _PLAIN_CHARACTERS and _COUNT.fullmatch(value.strip()) is not None


def is_counted(value: str, line: str, pair: re.Match[str], kind: Kind, quote: str) -> bool:
    """Whether ``pass``, ``token`` or ``secret`` alone is a program's word here, as in a compiler's
    ``next token: IDENT``, a test's ``PASS: login`` or Kubernetes's ``secret: app-config``."""
    if kind is Kind.PASS:
        return is_count(value) or not _is_password(value, line, pair, quote)
    name = pair["name"]
    if len(value) > _PLAIN_CHARACTERS or name.lower() not in ("token", "secret", "secrets"):
        return False
    before = line[max(0, pair.start() - _WORD_CHARACTERS) : pair.start()].rsplit(None, 1)
    if name.lower() == "token":
        follows = bool(before) and before[-1].lower() in _BEFORE_TOKEN
        symbol = value.isupper() and value.replace("_", "").isalpha()
        return symbol or (follows and not looks_random(value))
    colon = pair["sep"].strip() == ":"
    words_before = bool(before) and before[-1].isalpha()
    return colon and not quote and words_before and is_object(value) and not looks_random(value)


def _is_password(value: str, line: str, pair: re.Match[str], quote: str) -> bool:
    """Whether ``pass`` means a password, as far as its line shows. automake and TAP write it with a
    colon or a space."""
    if quote and pair["shut"]:
        return True
    if pair["sep"] == "=":
        return True
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    alone = starts_line(line, pair.start()) and pair["name"].islower()
    return alone and (mixed or bool(quote))


def is_object(value: str) -> bool:
    """Whether it is a Kubernetes object name, which Secrets have as well (RFC 1123 labels)."""
    return len(value) <= _WORD_CHARACTERS * 2 and _OBJECT.fullmatch(value) is not None


def is_code(value: str, line: str, end: int, name: str) -> bool:
    """Whether a value without quotes is an expression, as in a source line of a traceback."""
    if len(value) > _PLAIN_CHARACTERS:
        return False
    if _CALL.fullmatch(value) or (value.isupper() and "_" in value and names_a_secret(value)):
        return True
    owner, _, own = name.rpartition(".")
    if value == own:
        return bool(owner) or line.startswith((",", ")"), end)
    dotted = _PATH.fullmatch(value)
    return dotted is not None and (
        names_a_secret(value.split(".")[-1])
        or value.startswith(("self.", "cls.", "os.", "settings."))
    )


def is_bare_name(value: str) -> bool:
    """A name that has only letters. Two of these in a list are a list of names."""
    return value.replace("_", "").replace(" ", "").isalpha()


def is_word(value: str) -> bool:
    return (
        len(value) <= _WORD_CHARACTERS
        and value.isalpha()
        and (value.islower() or (value[1:].islower() and value.istitle()))
    )


def begins_sentence(value: str) -> bool:
    return value.lower() in _SENTENCE


def starts_line(line: str, at: int) -> bool:
    """Whether only YAML's indentation, dash and quote come before it."""
    return at <= _WORD_CHARACTERS and not line[:at].strip(" -\t'\"")


def is_prose(value: str, line: str, start: int, end: int, password: bool) -> bool:
    """Whether the word after ``name: `` continues as a sentence."""
    if begins_sentence(value):
        return line.startswith(" ", end)
    if not is_word(value.replace("'", "")) or (password and starts_line(line, start)):
        return False
    return _GOES_ON.match(line, end) is not None
