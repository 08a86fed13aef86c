"""`python -m bridge.sandbox --port 8090 --data FILE`."""

import argparse
import sys

from bridge.sandbox.serve import main


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bridge.sandbox",
        description="A stand-in for Alvaria Cloud on this machine.",
        epilog="example: python -m bridge.sandbox --port 8090 --data var/sandbox.json",
    )
    parser.add_argument("--port", type=int, default=8090, help="0 picks a free one and prints it (default: 8090)")
    parser.add_argument("--data", metavar="FILE", help="keep what was written in this file across restarts")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asked = parse(sys.argv[1:])
    sys.exit(main(asked.port, asked.data, asked.host))
