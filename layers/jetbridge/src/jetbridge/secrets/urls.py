"""Users and passwords in URLs: ``scheme://user:password@host``."""

from jetbridge.secrets.forms import MASK, looks_random
from jetbridge.secrets.lazy import lazy

# RFC 3986, 3.2.1: the text before the @ of an authority. None of its characters can end one URL or
# begin another, so each URL is read once.
_USERINFO = lazy(r"(?<=://)(?P<user>[^\s/?#@:\"'<>`]*+)(?P<password>:[^\s/?#@\"<>`]*+)?@")
# A password with an unescaped /, ? or #, which no RFC allows but many connections have: it ends at
# the last @ before a host. A number before the / is a port.
_LOOSE = lazy(
    r"(?<=://)(?P<user>[^\s/?#@:\"'<>`]{0,64}+):(?!\d{1,5}(?:[/?#]|$))"
    r"(?P<password>[^\s\"<>`]{1,128}(?<!/)@)(?=[A-Za-z0-9_.\[-])"
)
_REST = lazy(r"[^\s/?#@\"'<>`]{0,128}+@|[^\s@\"<>`]{0,128}+(?<!/)@(?=[A-Za-z0-9_\[-])")
_HOST = lazy(r"[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++|:\d)|localhost|\[")
# Oracle's thin driver: jdbc:oracle:thin:user/password@host.
_ORACLE = lazy(r"(?<=jdbc:oracle:)(?P<kind>[a-z0-9]{1,8}:)[^\s/@\"']{1,64}+/[^\s@\"']{1,128}+@")
# Where the password of Go's drivers and of Oracle's Easy Connect ends: user:password@tcp(host),
# user/password@//host (README of go-sql-driver/mysql, "DSN"; Oracle's net services guide).
_HOST_OF_DSN = lazy(r"@(?:(?:tcp6?|udp6?|unix|cloudsql)\(|//)")
_DSN_CHARACTERS = 200
_DSN = lazy(r"""(?:^|[\s"'`=(,])(?P<user>[^\s"'`=(,:/@]{1,64}:[^\s"'`]{1,128})$""")
_EASY = lazy(r"""(?:^|[\s"'`=(,])(?P<user>[^\s"'`=(,:/@]{1,64}/[^\s"'`/]{1,128})$""")


def masked_urls(text: str) -> str:
    if "@" not in text:
        return text
    if "jdbc:oracle:" in text:
        text = _ORACLE.sub(rf"\g<kind>{MASK}@", text)
    text = _dsns(text)
    if "://" not in text:
        return text
    out, copied, at = [], 0, text.find("://")
    while at >= 0:
        start = at + 3
        end = _end_of_userinfo(text, start)
        if end:
            out += [text[copied:start], MASK]
            copied = end
        at = text.find("://", end or start)
    return "".join([*out, text[copied:]])


def _dsns(text: str) -> str:
    out, copied = [], 0
    for host in _HOST_OF_DSN.finditer(text):
        begin = max(copied, host.start() - _DSN_CHARACTERS)
        user = _EASY if host[0] == "@//" else _DSN
        if found := user.search(text[begin : host.start()]):
            out += [text[copied : begin + found.start("user")], MASK]
            copied = host.start()
    return "".join([*out, text[copied:]]) if out else text


def _end_of_userinfo(text: str, start: int) -> int:
    """The position of the @ after a user and password; 0 if there is none."""
    match = _USERINFO.match(text, start)
    if match:
        if match["password"] is None and not looks_random(match["user"]):
            return 0
        return _last_at(text, match.end()) - 1
    loose = _LOOSE.match(text, start)
    return loose.end() - 1 if loose else 0


def _last_at(text: str, end: int) -> int:
    """The end of the last @, because a password may contain an unescaped @."""
    while not _HOST.match(text, end):
        more = _REST.match(text, end)
        if more is None:
            return end
        end = more.end()
    return end
