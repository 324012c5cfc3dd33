"""Fetches a page as Prometheus does, in a process of its own: python -m tests.bench.scraper URL ENCODING

Prints the number of bytes that came.
"""

import sys
from urllib.request import Request, urlopen

PIECE = 1 << 20


def main(url: str, encoding: str) -> None:
    size = 0
    with urlopen(Request(url, headers={"Accept-Encoding": encoding}), timeout=120) as page:
        while piece := page.read(PIECE):
            size += len(piece)
    print(size)


if __name__ == "__main__":
    main(*sys.argv[1:])
