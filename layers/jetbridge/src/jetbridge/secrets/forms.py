"""Values that are secrets by their form, whatever name comes before them.

Every pattern starts with a literal and ends with a run of characters that is matched whole, or has
a fixed length. So each place in a line is visited a bounded number of times. A pattern whose run
must be followed by something starts only where the run starts; otherwise the regular expression
would search from each of the run's characters.
"""

import re
from binascii import Error, a2b_base64
from collections.abc import Callable

from jetbridge.secrets.lazy import lazy

MASK = "***"


def kept_ranges(plain: str, shown: str) -> list[tuple[int, int]] | None:
    """Where the text between the masks of ``shown`` is in ``plain``: begin and end of each piece.

    None if it isn't there in this order, since a rule wrote something else.
    """
    *pieces, last = shown.split(MASK)
    ranges, at = [], 0
    for piece in pieces:
        begin = plain.find(piece, at)
        if begin < at:
            return None
        at = begin + len(piece)
        ranges.append((begin, at))
    begin = len(plain) - len(last)
    return None if begin < at else [*ranges, (begin, len(plain))]


# Each vendor's prefix, followed by at least as many characters as its shortest token has.
_TOKENS = r"""
    # IAM user guide, "IAM identifiers": access key ids, bearer tokens of STS, context-specific
    # credentials. The other prefixes there (AIDA, AROA, ...) are names of users and roles.
    (?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,124}+(?![A-Za-z0-9])
    # Session tokens of STS, which begin so (base64 of "!\njorigin", "\x16\n\x15ae\xaf" and so on).
    | (?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|AQoDYXdz)[A-Za-z0-9/+=%_-]{16,}+
    # GetAuthorizationToken and get-login-password of ECR.
    | (?:QVdTOmV5|eyJwYXlsb2Fk)[A-Za-z0-9+/=_-]{40,}+
    # Amazon Bedrock's API keys.
    | ABSK[A-Za-z0-9+/=]{100,}+ | bedrock-api-key-[A-Za-z0-9+/=_-]{20,}+
    | gh[pousr]_[A-Za-z0-9]{36,}+ | github_pat_[A-Za-z0-9_]{22,}+
    | gl(?:pat|ptt|dt|rt|rtr|cbt|oas|soat|agent|ffct|imt|ft)-[A-Za-z0-9_.-]{20,}+
    | xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}+ | xapp-\d-[A-Za-z0-9-]{10,}+
    | AIza[A-Za-z0-9_-]{35,}+ | ya29\.[A-Za-z0-9_.-]{20,}+ | GOCSPX-[A-Za-z0-9_-]{20,}+
    | 1//0[A-Za-z0-9_-]{30,}+
    | npm_[A-Za-z0-9]{36,}+ | pypi-AgE[A-Za-z0-9_-]{40,}+ | dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}+
    | rubygems_[a-f0-9]{48,}+
    | (?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{10,}+ | whsec_[A-Za-z0-9+/=]{24,}+
    | SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+
    | do[opr]_v1_[a-f0-9]{40,}+ | hf_[A-Za-z0-9]{30,}+ | api_org_[A-Za-z0-9]{30,}+
    | dapi[a-f0-9]{32,}+(?:-\d)?+ | dkea[a-f0-9]{32,}+
    | hv[sbr]\.[A-Za-z0-9_-]{20,}+
    | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,}+ | ATATT3[A-Za-z0-9_=-]{40,}+
    | lin_api_[A-Za-z0-9]{32,}+ | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32,}+ | sq0[a-z]{3}-[\w-]{22,}+
    | PMAK-[a-f0-9]{24}-[a-f0-9]{30,}+ | xkeysib-[a-f0-9]{40,}+
    | glsa_[A-Za-z0-9]{32}_[a-f0-9]{8} | glc_[A-Za-z0-9+/=]{32,}+ | NRAK-[A-Z0-9]{27}
    | dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{30,}+ | pul-[a-f0-9]{40}
    | tskey-[a-z]{3,10}-[A-Za-z0-9-]{10,}+ | sntry[su]_[A-Za-z0-9+/=_-]{40,}+
    | AGE-SECRET-KEY-1[A-Z0-9]{50,}+ | dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{60,}+
    | ops_eyJ[A-Za-z0-9_=-]{100,}+ | secret_[A-Za-z0-9]{43}(?![A-Za-z0-9_])
    | gsk_[A-Za-z0-9]{40,}+ | pplx-[A-Za-z0-9]{40,}+ | r8_[A-Za-z0-9]{37,}+ | xai-[A-Za-z0-9]{60,}+
    | nvapi-[A-Za-z0-9_-]{60,}+ | AC[a-f0-9]{32}:[a-f0-9]{32} | SK[a-f0-9]{32}(?![A-Za-z0-9])
    | [a-z0-9]{3}8Q~[A-Za-z0-9_~.-]{30,}+
    | (?P<mixed>sk-[A-Za-z0-9_-]{20,}+ | [sbr]\.[A-Za-z0-9]{24}(?![A-Za-z0-9_.-])
        | cio[A-Za-z0-9]{32}(?![A-Za-z0-9_-]) | EAAA[A-Za-z0-9_-]{50,}+
        | \d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-]))
"""
_TOKEN = lazy(rf"(?<![A-Za-z0-9])(?:{_TOKENS})", re.VERBOSE)
_ACCESS_KEY = lazy(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}")
# JSON web tokens, encrypted ones (five parts) and Flask's sessions: base64 of '{"' and two dots.
# The pattern starts where a run of base64 characters starts, so no run is read more than a few
# times.
_JWT = lazy(
    r"(?<![A-Za-z0-9_-])(?P<before>(?>[A-Za-z0-9_-]*?(?=eyJ)))"
    r"eyJ[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+\.[A-Za-z0-9_-]{6,}+(?:\.[A-Za-z0-9_-]++){0,2}+"
    r"|\.eyJ[A-Za-z0-9_-]{8,}+\.?+$)"  # a line may be cut after its second part
)
_WEBHOOK = lazy(
    r"(?P<before>hooks\.slack\.com/(?:services|workflows|triggers)/"
    r"|discord(?:app)?\.com/api/webhooks/|\.webhook\.office\.com/webhookb2/"
    r"|chat\.googleapis\.com/v1/spaces/)[A-Za-z0-9_/@.-]{16,}+"
    r"|(?P<bot>api\.telegram\.org/bot)[A-Za-z0-9_:-]{16,}+"
)
_BEARER = lazy(
    r"(?<![A-Za-z0-9_-])(?P<kind>(?i:Bearer|Basic))\s{1,8}+(?P<value>[A-Za-z0-9._~+/=-]{8,}+)"
)
# Next to an access key id: its secret (40 characters) and its session token.
_PARTNER = lazy(
    r"(?<![A-Za-z0-9/+=])(?:[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])|[A-Za-z0-9/+]{100,}+=*+)"
)


def masked_forms(text: str) -> str:
    """The text with ``***`` for each value that is a secret by its form."""
    partner = _ACCESS_KEY.search(text) is not None
    text = _TOKEN.sub(_token, text)
    if "eyJ" in text:
        text = _JWT.sub(rf"\g<before>{MASK}", text)
    text = _WEBHOOK.sub(rf"\g<before>\g<bot>{MASK}", text)
    text = _BEARER.sub(_bearer, text)
    return masked_partners(text) if partner else text


def masked_partners(text: str) -> str:
    """The text without values that look like the secret of a nearby access key id."""
    return _PARTNER.sub(_partner, text)


def has_access_key(text: str) -> bool:
    return _ACCESS_KEY.search(text) is not None


def has_secret_form(value: str) -> bool:
    """Whether some part of the value is a secret by its form."""
    from jetbridge.secrets.keys import has_private_key
    from jetbridge.secrets.urls import masked_urls

    return has_private_key(value) or masked_urls(masked_forms(value)) != value


def looks_random(value: str) -> bool:
    """Sixteen characters or more without a space, with both letters and digits, and no word or
    path."""
    head = value[:64]
    return (
        len(value) >= 16
        and any(map(str.isdigit, head))
        and any(map(str.isalpha, head))
        and not any(map(str.isspace, head))
        and not head.startswith(("/", ".", "arn:", "http"))
    )


def _token(match: re.Match[str]) -> str:
    mixed = match["mixed"]
    return match[0] if mixed and not _mixed(mixed) else MASK


def _mixed(value: str) -> bool:
    """Whether it has digits and both cases, which no word with dashes has."""
    return all(any(map(has, value)) for has in (str.isdigit, str.isupper, str.islower))


def _bearer(match: re.Match[str]) -> str:
    value = match["value"]
    is_secret: Callable[[str], bool] = _user_and_password
    if match["kind"].lower() == "bearer":
        is_secret = _no_word
    return f"{match['kind']} {MASK}" if is_secret(value) else match[0]


def _no_word(value: str) -> bool:
    return not value.rstrip(".").isalpha() or not (value.islower() or value[1:].islower())


def _user_and_password(value: str) -> bool:
    """RFC 7617: base64 of a user, a colon and a password."""
    try:
        return b":" in a2b_base64(value[: min(len(value), 512) // 4 * 4].encode())
    except Error:
        return False


def _partner(match: re.Match[str]) -> str:
    value = match[0]
    return MASK if _mixed(value) or (len(value) >= 100 and not value.isalpha()) else value
