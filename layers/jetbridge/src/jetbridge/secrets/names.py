"""Which names stand for secrets, in every spelling: DB_PASSWORD, dbPassword, fs.s3a.secret.key."""

from enum import Enum, auto
from functools import lru_cache

from jetbridge.secrets.lazy import lazy

# Only the end of a longer name is used.
NAME_CHARACTERS = 64


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Kind(Enum):
    """What a name says about the value after it.

    SECRET: it is a secret. PASSWORD: it is a secret, and may be a number or a phrase. PASS: it is a
    password, or the number of tests that passed. RANDOM: it is a secret if it looks random. HEADER,
    COOKIE: an HTTP header, whose value has parts.
    """

    SECRET = auto()
    PASSWORD = auto()
    PASS = auto()
    RANDOM = auto()
    HEADER = auto()
    COOKIE = auto()


CERTAIN = frozenset({Kind.SECRET, Kind.PASSWORD, Kind.PASS})
# Members that contain the name of another member's value, as in many APIs and lists of settings.
NAME_MEMBERS = frozenset({"name", "key", "parametername", "parameterkey", "k", "variable"})
VALUE_MEMBERS = frozenset({"value", "val", "v", "parametervalue", "stringvalue", "secretvalue"})

_PASSWORDS = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "bindpw",
    "rootpw",
    "pwd",
    "pass",
)
_SECRETS = (
    *("secret", "secrets", "token", "credential", "credentials", "connectionstring"),
    *("apikey", "accesskey", "secretkey", "privatekey", "accountkey", "sharedkey", "storagekey"),
    *("signingkey", "encryptionkey", "fernetkey", "masterkey", "authkey", "subscriptionkey"),
    *("secretaccesskey", "accesskeyid", "sharedaccesssignature", "passwordhash", "passwordsalt"),
    *("secretstring", "secretbinary", "secretkeybase", "passwords", "passphrases", "passwds"),
    *("apikeys", "accesskeys", "secretkeys", "privatekeys", "connectionstrings"),
    *("xamzsignature", "redisauth", "rediscliauth", "dockerauthconfig", "sastoken", "jwtsecret"),
)
_RANDOM = (
    *("auth", "sig", "signature", "sessionid", "sid", "sessid", "jwt", "webhook", "webhookurl"),
    *("sessionkey", "tokens", "hmac", "otp", "sas", "passkey", "appkey", "applicationkey"),
)
_HEADERS = ("authorization",)
_COOKIES = ("cookie",)
_ENDS = (*_PASSWORDS, *_SECRETS, *_RANDOM, *_HEADERS, *_COOKIES)
_APART = str.maketrans("", "", "_-.$")
_REMARK_ENDS = (" ", ":", "=", ")", "\t")
_REMARK = lazy(r"[\s:=]{0,8}(?:\([^()]{0,40}\))?[\s:=]{0,8}$")
_WORD = lazy(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Ends that count only as words of their own, not as the end of another word (bypass, author,
# inside).
_WHOLE = frozenset({"pass", "pwd", "auth", "sig", "sid", "otp", "sas", "jwt", "hmac"})
# Tokens that page through lists (botocore's nextToken) or stand for words (pad_token).
PLAIN_TOKENS = words(
    "next page continuation starting start end stop first last max min pad eos bos unk "
    "cls sep mask special current previous prev sync cancellation unexpected invalid new "
    "per"
)
# Options that are written as one word, such as keytool's and Redis's.
_PASS_WORDS = (
    "storepass",
    "keypass",
    "requirepass",
    "userpass",
    "rootpass",
    "dbpass",
    "masterpass",
)
_NO_PASSWORDS = ("bypass", "compass", "surpass", "encompass", "trespass")


MOST_SUFFIXES = 2
_PASSWORD_WORDS = ("password", "passwd", "passphrase")
_KEYS = frozenset({"apikey", "accesskey", "secretkey", "privatekey"})
_PLACES = words(
    "prod production prd dev development stage staging stg test testing qa uat live local sandbox "
    "db database app api admin root user service main primary secondary backup old default "
    "github gitlab bitbucket slack aws azure gcp google stripe datadog sentry jira npm pypi docker "
    "dockerhub snowflake databricks salesforce openai anthropic twilio sendgrid mysql postgres "
    "redis mongo mongodb kafka smtp ftp sftp ssh ldap oauth jwt value plain text raw"
)
# Words after a secret's name which show that the value describes the secret and isn't the secret.
_DESCRIBING = words(
    "a age algorithm alias allowed an and arn arns at attempt attempts attribute audience auth "
    "autocomplete backend bucket budget buffer by bytes cache callback change changed char "
    "chars check class client cls column complexity config confirmation context cost count "
    "counts created credentials crypt date days dir directory disabled duration email enabled "
    "encoder encoding encryption endpoint endpoints engine env error errors expiration expired "
    "expires expiry factory failed failure field fields file filename files filter flag flow "
    "for forgot form format from func function generator grant handler hash hasher hashers "
    "hashing header help hint history host hour hours id identifier ids index info input "
    "invalid is issuer kind kms label last left len length level lifetime limit limits link "
    "list location lock managed manager map mask match max message method min minutes mode "
    "model name names namespace needed new next not number ok only option optional options or "
    "output page param parameter parser path paths pattern per policies policy pool position "
    "prefix preview prompt properties property provider providers query rate ratio reader ref "
    "refresh regex region request requests required requirements reset resets resolver response "
    "result retries role rotated rotation rules schema scheme scope scopes seconds secret "
    "secrets sent service set size source stamp start state stats status storage store strategy "
    "stream strength string suffix table template time timeout timestamp title to total type "
    "types uri uris url urls usage used user username util utils valid validate validation "
    "validator validators version view visible warning was window with "
)


def names_a_secret(name: str) -> bool:
    """Whether a variable or member with this name contains a secret, whatever its value is."""
    return kind_of(name) in CERTAIN


def kind_of(name: str) -> Kind | None:
    """What the name says. White space, a colon or a remark in brackets after it is ignored."""
    name = name[-NAME_CHARACTERS:]
    return _kind_of(_REMARK.sub("", name) if name.endswith(_REMARK_ENDS) else name)


@lru_cache(maxsize=1024)
def _kind_of(name: str) -> Kind | None:
    flat = name.lower().translate(_APART).rstrip("0123456789")
    if not flat.endswith(_ENDS):
        return _of_beginning(name)
    words = [word.lower() for word in _WORD.findall(name)]
    last = words[-1]
    if flat.endswith(("pass", "auth", "sig", "sid", "otp", "sas", "jwt", "hmac")):
        return _of_whole_word(name, last, flat)
    if last == "token" and len(words) > 1 and words[-2] in PLAIN_TOKENS:
        return None
    return _of_end(flat)


def _of_whole_word(name: str, last: str, flat: str) -> Kind | None:
    if flat.endswith(_SECRETS):
        return Kind.SECRET
    if flat.endswith(_PASS_WORDS):
        return Kind.PASSWORD
    if flat == "pass":
        return Kind.PASS
    if name.isupper() and last.endswith("pass") and not last.endswith(_NO_PASSWORDS):
        return Kind.PASSWORD
    if last not in _WHOLE:
        return None
    return Kind.PASSWORD if last == "pass" else Kind.RANDOM


def _of_beginning(name: str) -> Kind | None:
    """The kind of names such as ``PASSWORD_DB``, ``passwordProd`` and ``DB_PASSWORD_PROD``, in
    which a place or an owner follows the word for a secret.

    If the words after it name a property of the secret (``password_age``, ``TOKEN_TYPE``), the
    value isn't a secret. Many names in programs begin with ``token`` and ``secret``, so after those
    only environment variables and known places count.
    """
    found = [word.lower() for word in _WORD.findall(name)]
    constant = name.isupper()
    for count in range(1, min(MOST_SUFFIXES, len(found) - 1) + 1):
        owner, suffixes = found[:-count], found[-count:]
        if not _DESCRIBING.isdisjoint(suffixes):
            return None
        if "".join(owner).endswith(_PASSWORD_WORDS):
            return Kind.SECRET
        if owner[-1] in ("token", "secret") or "".join(owner[-2:]) in _KEYS:
            plain = len(owner) > 1 and owner[-2] in PLAIN_TOKENS
            known = constant or all(word in _PLACES for word in suffixes)
            return Kind.SECRET if known and not plain else None
    return None


def _of_end(flat: str) -> Kind:
    if flat.endswith(_PASSWORDS):
        return Kind.PASSWORD
    if flat.endswith(_SECRETS):
        return Kind.SECRET
    if flat.endswith(_HEADERS):
        return Kind.HEADER
    return Kind.COOKIE if flat.endswith(_COOKIES) else Kind.RANDOM
