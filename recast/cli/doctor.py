"""`recast doctor`: what this machine has, what is missing, and what to do about it."""

from recast.cli.cards import lookup
from recast.cli.checks import CHECKS, Check, graphics
from recast.cli.door import door
from recast.cli.flags import Json
from recast.errors import RecastError


def doctor(*, json: Json = False) -> None:
    """Show what this machine has, and what is missing.

    Exits 0 if recast can do its work here, else 1.
    """
    with door(json) as opened, lookup() as looking:
        troubles = 0
        for look in [look() for look in CHECKS] + [graphics(looking)]:
            for check in look:
                troubles += not check.ok
                facts = {"name": check.name, "ok": check.ok, "found": check.found, "fix": check.fix}
                opened.voice.tell("check", facts, _told(check))
        if troubles:
            counted = "one thing is" if troubles == 1 else f"{troubles} things are"
            raise RecastError(f"{counted} missing", "do what is said beside each")
        opened.voice.tell("done", {"ok": True}, "Everything that recast needs is here.")


def _told(check: Check) -> str:
    mark = "ok     " if check.ok else "MISSING"
    fix = f"\n{'':31}{check.fix}" if check.fix else ""
    return f"{mark} {check.name:<22} {check.found}{fix}"
