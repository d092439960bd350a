"""The documentation's site.

python -m documentation build    check the pages and build the site in .site/html
python -m documentation serve    the same, and show it on 127.0.0.1
python -m documentation write    write the generated pages again
"""

import argparse
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from documentation.checks import faults
from documentation.pages import ROOT
from documentation.reference.generated import stale, write
from documentation.staging import stage

SITE = ROOT / ".site" / "html"


def main() -> int:
    parser = argparse.ArgumentParser(prog="documentation")
    parser.add_argument("do", choices=["build", "serve", "write"])
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    if options.do == "write":
        write()
        return 0
    if not build():
        return 1
    if options.do == "serve":
        serve(options.port)
    return 0


def build() -> bool:
    """Whether the pages are right. The site is built only from pages that are."""
    found = [*faults(), *stale()]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    if found:
        print(f"docs: {len(found)} faults", file=sys.stderr)
        return False
    stage()
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--strict"], cwd=ROOT
    )
    if built.returncode == 0:
        pages = len(list(SITE.rglob("*.html")))
        print(f"docs: {pages} pages in {SITE.relative_to(ROOT)}")
    return built.returncode == 0


def serve(port: int) -> None:
    """Show the site on loopback until Ctrl-C."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"docs: http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    sys.exit(main())
