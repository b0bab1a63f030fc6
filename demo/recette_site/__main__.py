"""Serve the site: `python -m demo.recette_site --issuer … --client-id … --client-secret …`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from types import FrameType

from demo.recette_site.config import ConfigError, SiteConfig
from demo.recette_site.mistakes import MISTAKES
from demo.recette_site.serving import server_of


def stop(_number: int, _frame: FrameType | None) -> None:
    """End the process as after a normal return."""
    sys.exit(0)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog="python -m demo.recette_site",
        description="A strict site to play the acceptance run against, with mistakes if asked for.",
        epilog="Mistakes: " + "; ".join(f"{name} ({what})" for name, what in MISTAKES.items()),
    )
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=8042)
    made.add_argument("--base-url", help="this site as browsers see it; default http://localhost:PORT/")
    made.add_argument("--issuer", required=True, help="with its final slash if it has one")
    made.add_argument("--client-id", required=True)
    made.add_argument(
        "--client-secret",
        default=os.environ.get("RECETTE_SITE_CLIENT_SECRET"),
        help="or the variable RECETTE_SITE_CLIENT_SECRET",
    )
    made.add_argument("--alg", default="RS256", help="algorithm that the client's ID Tokens are signed with")
    made.add_argument("--timeout", type=float, default=5, help="seconds that an answer of the provider may take")
    made.add_argument("--metadata-kept", type=float, default=300, help="seconds for which metadata and keys are kept")
    made.add_argument("--mistake", action="append", nargs="+", default=[], choices=MISTAKES, metavar="MISTAKE")
    made.add_argument("--all-mistakes", action="store_true", help="plant every mistake at once")
    return made


def main() -> None:
    """Read the options, then serve until SIGINT or SIGTERM."""
    options = parser().parse_args()
    if not options.client_secret:
        parser().exit(2, "--client-secret is missing\n")
    planted = [name for names in options.mistake for name in names]
    try:
        config = SiteConfig(
            issuer=options.issuer,
            client_id=options.client_id,
            client_secret=options.client_secret,
            base_url=(options.base_url or f"http://localhost:{options.port}").rstrip("/") + "/",
            alg=options.alg,
            mistakes=frozenset(MISTAKES if options.all_mistakes else planted),
            timeout_in=options.timeout,
            metadata_kept_in=options.metadata_kept,
        )
    except ConfigError as error:
        parser().exit(2, f"{error}\n")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        server = server_of(config, options.host, options.port)
    except (OSError, SystemExit):
        parser().exit(1, f"Cannot listen on {options.host} port {options.port}: choose another with --port.\n")
    logging.getLogger("recette_site").info(
        "serving %s (issuer %s; mistakes: %s)",
        config.base_url,
        config.issuer,
        ", ".join(sorted(config.mistakes)) or "none",
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
