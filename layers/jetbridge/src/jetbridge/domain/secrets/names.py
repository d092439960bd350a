"""Which names stand for secrets, in every spelling: DB_PASSWORD, dbPassword, fs.s3a.secret.key."""

from enum import Enum, auto
from functools import lru_cache

from jetbridge.domain.secrets.lazy import lazy

# Of a longer name, its end.
NAME_CHARACTERS = 64


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Kind(Enum):
    """What a name says about the value behind it.

    SECRET: it is a secret. PASSWORD: the same, and it may be a number or a phrase.
    RANDOM: it is one if it looks random. HEADER, COOKIE: HTTP's headers, whose values have parts.
    """

    SECRET = auto()
    PASSWORD = auto()
    RANDOM = auto()
    HEADER = auto()
    COOKIE = auto()


_PASSWORDS = ("password", "passwd", "passphrase", "passcode", "passwort", "pwd", "pass")
_SECRETS = (
    *("secret", "secrets", "token", "credential", "credentials", "connectionstring"),
    *("apikey", "accesskey", "secretkey", "privatekey", "accountkey", "sharedkey", "storagekey"),
    *("signingkey", "encryptionkey", "fernetkey", "masterkey", "authkey", "subscriptionkey"),
    *("secretaccesskey", "accesskeyid", "sharedaccesssignature", "passwordhash", "passwordsalt"),
    *("xamzsignature", "redisauth", "rediscliauth", "dockerauthconfig", "sastoken", "jwtsecret"),
)
_RANDOM = (
    *("auth", "sig", "signature", "sessionid", "sid", "sessid", "jwt", "webhook", "webhookurl"),
    *("sessionkey", "hmac", "otp", "sas", "passkey", "appkey", "applicationkey"),
)
_HEADERS = ("authorization",)
_COOKIES = ("cookie",)
_ENDS = (*_PASSWORDS, *_SECRETS, *_RANDOM, *_HEADERS, *_COOKIES)
_APART = str.maketrans("", "", "_-.$")
_WORD = lazy(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Ends that are words of their own, not the end of another word (bypass, author, inside).
_WHOLE = frozenset({"pass", "pwd", "auth", "sig", "sid", "otp", "sas", "jwt", "hmac"})
# Tokens that page through lists (botocore's nextToken) or stand for words (pad_token).
_PLAIN_TOKENS = words(
    "next page continuation starting start end stop first last max min pad eos bos unk "
    "cls sep mask special current previous prev sync cancellation unexpected invalid new "
    "per"
)
_NO_PASSWORDS = ("bypass", "compass", "surpass", "encompass", "trespass")


def names_a_secret(name: str) -> bool:
    """Whether a variable or member of this name holds a secret, whatever its value."""
    return kind_of(name) in (Kind.SECRET, Kind.PASSWORD)


def kind_of(name: str) -> Kind | None:
    return _kind_of(name[-NAME_CHARACTERS:])


@lru_cache(maxsize=1024)
def _kind_of(name: str) -> Kind | None:
    flat = name.lower().translate(_APART).rstrip("0123456789")
    if not flat.endswith(_ENDS):
        return None
    words = [word.lower() for word in _WORD.findall(name)]
    last = words[-1]
    if flat.endswith(("pass", "auth", "sig", "sid", "otp", "sas", "jwt", "hmac")):
        return _of_whole_word(name, last, flat)
    if last == "token" and len(words) > 1 and words[-2] in _PLAIN_TOKENS:
        return None
    return _of_end(flat)


def _of_whole_word(name: str, last: str, flat: str) -> Kind | None:
    if flat.endswith(_SECRETS):
        return Kind.SECRET
    if name.isupper() and last.endswith("pass") and not last.endswith(_NO_PASSWORDS):
        return Kind.PASSWORD
    if last not in _WHOLE:
        return None
    return Kind.PASSWORD if last == "pass" else Kind.RANDOM


def _of_end(flat: str) -> Kind:
    if flat.endswith(_PASSWORDS):
        return Kind.PASSWORD
    if flat.endswith(_SECRETS):
        return Kind.SECRET
    if flat.endswith(_HEADERS):
        return Kind.HEADER
    return Kind.COOKIE if flat.endswith(_COOKIES) else Kind.RANDOM
