"""`make bench`: all rows, each in a process of its own so that one cannot warm or burden the next."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import reactions

_ROWS = {
    "requests": "from benchmarks.requests import measure; out = measure({rounds})",
    "in_process": "from benchmarks.in_process import measure; out = measure(max(3, {rounds} // 4))",
    "phone": "from benchmarks.phone import measure; out = measure({rounds})",
    "memory": "from benchmarks.in_process import kilobytes_per_phone; out = {{'kb': kilobytes_per_phone()}}",
    "platform": "from benchmarks.platform import rates; out = rates()",
    "reactions": "from benchmarks.reactions import measure; out = measure()",
    "journeys": "from benchmarks.journeys import measure; out = measure(max(3, {rounds} // 4))",
}


def _measure(name: str, rounds: int) -> dict[str, float]:
    code = _ROWS[name].format(rounds=rounds) + "; import json; print('RESULT' + json.dumps(out))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT"):
            return {key: float(value) for key, value in json.loads(line[6:]).items()}
    sys.exit(f"benchmark {name} failed:\n{done.stderr[-2000:]}")


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=24, help="interleaved slices of each side (default %(default)s)")
    rounds = parser.parse_args().rounds
    console = Console()
    results: dict[str, dict[str, float]] = {}
    with console.status("measuring ...") as status:
        for name in _ROWS:
            status.update(f"measuring: {name}")
            results[name] = _measure(name, rounds)
    sent, line, phone = results["requests"], results["in_process"], results["phone"]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title="one core, medians", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("beside it", style="dim")
    bare = f"bare FastHttpUser, constant body of {sent['body_bytes']:.0f} bytes"
    table.add_row("full phone with ledger, requests/s", f"{sent['phone_rps']:,.0f}", f"{sent['bare_rps']:,.0f} {bare}")
    table.add_row("    CPU a request, us", f"{sent['phone_cpu_us']:.0f}", f"{sent['bare_cpu_us']:.0f} {bare}")
    goal = "wanted: 1.5"
    table.add_row("    requests/s, ratio to it", f"{sent['ratio_rps']:.2f}", goal)
    table.add_row("    CPU a request, its ratio to ours", f"{sent['ratio_cpu']:.2f}", goal)
    table.add_row("phones in virtual time, events/s", f"{line['phones_eps']:,.0f}", "answered at once, nothing stored")
    table.add_row("phones into the platform's core, events/s", f"{line['line_eps']:,.0f}", "validated, kept in memory")
    same = f"the same {phone['body_bytes']:.0f} bytes"
    json = " ".join(f"{name} {phone[f'{name}_us']:.1f}" for name in ("json", "msgspec", "orjson"))
    beside = f"{same} by {json}"
    table.add_row("one event of a phone on Android, us", f"{phone['android_us']:.1f}", beside)
    table.add_row("    on iOS", f"{phone['ios_us']:.1f}", f"wanted: 12; a dict built and dumped {phone['bare_us']:.1f}")
    table.add_row("an idle phone, KB", f"{results['memory']['kb']:.1f}", "without greenlet and connection")
    served = results["platform"]
    null = f"the same server without judging and storing {served['null_eps']:,.0f}"
    table.add_row("platform, events/s stored durably, one a request", f"{served['normal_eps']:,.0f}", null)
    table.add_row("    with --fsync", f"{served['fsync_eps']:,.0f}", "survives a power loss, not only kill -9")
    validator = f"the validator alone {served['validator_eps']:,.0f}"
    table.add_row("    in batches of the inlet", f"{served['batch_eps']:,.0f}", validator)
    reactions.rows(table, results["reactions"])
    judged = results["journeys"]
    beside = f"the event decoded by json {judged['json_us']:.1f}, by msgspec {judged['msgspec_us']:.1f}"
    table.add_row("an event judged and taken by 100 journeys, us", f"{judged['take_us']:.1f}", beside)
    console.print(table)


if __name__ == "__main__":
    main()
