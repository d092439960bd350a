"""Secrets of every vendor's form, made up at run time: scanners of repositories find none here."""

import base64
import json
import random
import re
import string
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).parents[1] / "secrets_corpus"
_LETTERS = string.ascii_letters + string.digits
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_HEX = "0123456789abcdef"
_MARKED = re.compile(r"⟦(.*?)⟧")
_MADE = re.compile(r"@([A-Za-z0-9_]+)@")


class SecretLine(NamedTuple):
    """A line of a log, what must be shown of it, and what must not."""

    line: str
    shown: str
    secrets: list[str]


def _some(alphabet: str, count: int, seed: str) -> str:
    chosen = random.Random(seed)
    return "".join(chosen.choices(alphabet, k=count))


def _mixed(count: int, seed: str) -> str:
    return "aB3" + _some(_LETTERS, count - 3, seed)


def _json(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def values() -> dict[str, str]:
    jwt = ".".join([_json({"alg": "HS256"}), _json({"sub": "1234567890"}), _mixed(43, "jwt")])
    return {
        **{kind: kind + _some(_UPPER, 16, kind) for kind in ("AKIA", "ASIA", "ABIA", "ACCA")},
        "secret40": _mixed(20, "s") + "/" + _some(_LETTERS, 18, "t") + "9",
        "secret28": _mixed(27, "28"),
        "secret43": _mixed(43, "43"),
        "session": "IQoJb3JpZ2lu" + _some(_LETTERS, 300, "session"),
        "bedrock": "ABSK" + _some(_LETTERS, 128, "bedrock"),
        "ecr": _json({"payload": _some(_LETTERS, 120, "ecr"), "version": "2"}).replace("-", "A"),
        "ecrauth": base64.b64encode(b"AWS:" + _json({"payload": "x" * 90}).encode()).decode(),
        "hex64": "1a" + _some(_HEX, 62, "64"),
        "hex32": "1a" + _some(_HEX, 30, "32"),
        "jwt": jwt,
        "flask": ".".join([_json({"_permanent": True}), "Zabc12", _mixed(27, "flask")]),
        "azure": _mixed(86, "azure") + "==",
        **{kind: f"{kind}_" + _mixed(36, kind) for kind in ("ghp", "gho", "ghu", "ghs", "ghr")},
        "github_pat": "github_" + "pat_" + _mixed(22, "g") + "_" + _some(_LETTERS, 59, "h"),
        **{kind: f"{kind}-" + _mixed(20, kind) for kind in ("glpat", "gldt", "glrt")},
        **{kind: f"{kind}-" + _some(string.digits, 12, kind) + "-" + _mixed(24, kind)
           for kind in ("xoxb", "xoxp")},
        "xapp": "xapp-" + "1-A0123-" + _some(string.digits, 12, "x"),
        "slackhook": "T" + "01234567/B01234567/" + _mixed(24, "hook"),
        "discordhook": "123456789012345678/" + _mixed(68, "discord"),
        "telegram": "123456789:" + "AA" + _mixed(33, "telegram"),
        "aiza": "AI" + "za" + _mixed(35, "aiza"),
        "ya29": "ya" + "29." + _mixed(60, "ya29"),
        "gocspx": "GOC" + "SPX-" + _mixed(28, "gocspx"),
        "npm": "npm" + "_" + _mixed(36, "npm"),
        "pypi": "pypi-" + "AgEIcHlwaS5vcmc" + _mixed(60, "pypi"),
        "dckr": "dckr" + "_pat_" + _mixed(27, "dckr"),
        "stripe": "sk" + "_live_" + _mixed(24, "stripe"),
        "stripe_rk": "rk" + "_live_" + _mixed(24, "stripe"),
        "sendgrid": "SG" + "." + _mixed(22, "sg") + "." + _mixed(43, "sg2"),
        "digitalocean": "dop" + "_v1_" + _some(_HEX, 64, "do"),
        "huggingface": "hf" + "_" + _mixed(34, "hf"),
        "databricks": "dap" + "i" + _some(_HEX, 32, "db"),
        "openai": "sk" + "-" + _mixed(48, "openai"),
        "openai_proj": "sk" + "-proj-" + _mixed(80, "proj"),
        "anthropic": "sk" + "-ant-api03-" + _mixed(93, "ant"),
        "vault": "hvs" + "." + _mixed(24, "hvs"),
        "vault_old": "s" + "." + _mixed(24, "s."),
        "terraform": _mixed(14, "tf") + ".atlasv1." + _mixed(60, "tf2"),
        "atlassian": "ATATT" + "3" + _mixed(60, "at"),
        "linear": "lin" + "_api_" + _mixed(40, "lin"),
        "shopify": "shp" + "at_" + _some(_HEX, 32, "shp"),
        "grafana": "gls" + "a_" + _mixed(32, "gls") + "_" + _some(_HEX, 8, "gls"),
        "newrelic": "NR" + "AK-" + _some(string.ascii_uppercase, 27, "nr"),
        "doppler": "dp" + ".pt." + _mixed(43, "dp"),
        "pulumi": "pul" + "-" + _some(_HEX, 40, "pul"),
        "age": "AGE-" + "SECRET-KEY-1" + _some(_UPPER, 58, "age"),
        "groq": "gsk" + "_" + _mixed(52, "gsk"),
        "azure_ad": "abc" + "8Q~" + _mixed(34, "ad"),
        "twilio": "S" + "K" + _some(_HEX, 32, "twilio"),
        "rubygems": "rubygems" + "_" + _some(_HEX, 48, "gem"),
        "postman": "PMAK" + "-" + _some(_HEX, 24, "pm") + "-" + _some(_HEX, 34, "pm2"),
        "tailscale": "tskey" + "-auth-" + _mixed(17, "ts") + "-" + _mixed(32, "ts2"),
    }  # fmt: skip


def secret_lines() -> list[SecretLine]:
    """The corpus of lines with secrets, their values made up."""
    made = values()
    found = []
    for text in (CORPUS / "secret_lines.txt").read_text().splitlines():
        if not text or text.startswith("# "):
            continue
        full = _MADE.sub(lambda match: made.get(match[1], match[0]), text)
        found.append(
            SecretLine(
                line=full.replace("⟦", "").replace("⟧", ""),
                shown=_MARKED.sub("***", full),
                secrets=_MARKED.findall(full),
            )
        )
    return found
