"""From samples to the table. A number that was not measured right is shown as failed, never as a number."""
import statistics

from cases import CASES

PEERS = ("nginx", "haproxy", "weir")


def summarise(results, limits):
    """One row per line of the table: title, the peers' values, ratio, target, ok (True, False or None)."""
    rows = [_cpu_row(case, results["samples"]) for case in CASES if case.name in results["samples"]]
    for name, key, index, limit, unit, scale in (
            ("memory idle", "memory", 0, limits["idle_mb"], "MB", 1 / 1024),
            ("memory per idle stream", "memory", 1, limits["stream_kb"], "KB", 1),
            ("cold start, ready file", "cold_start", 0, None, "ms", 1),
            ("cold start, first answer", "cold_start", 1, limits["cold_start_ms"], "ms", 1)):
        if not results[key]:
            continue
        values = {p: v[index] * scale for p, v in results[key].items() if v[index] is not None}
        if values:
            weir = values.get("weir")
            rows.append({"title": name, "unit": unit, "values": values, "ratio": None, "target": limit,
                         "ok": weir <= limit if weir is not None and limit is not None else None})
    for index, percentile in enumerate(("p50", "p99")):
        if results["latency"]:
            rows.append({"title": f"latency added, {percentile}", "unit": "µs", "ratio": None, "target": None, "ok": None,
                         "values": {p: v[index] for p, v in results["latency"].items() if p != "direct"}})
    return rows


def _cpu_row(case, samples):
    own = {p.split("-")[0]: v for p, v in samples[case.name].items()}
    values = {p: statistics.median(v) if None not in v else None for p, v in own.items()}
    rivals = {p: v for p, v in samples.get(case.against or case.name, {}).items()
              if (p == case.rival if case.rival else p in ("nginx", "haproxy"))}
    ratio = None
    if values.get("weir") is not None:
        # Samples taken side by side share the machine's mood: compare those, then take the middle.
        ratios = [statistics.median(a / b for a, b in zip(own["weir"], v)) for v in rivals.values() if None not in v]
        ratio = max(ratios, default=None)
    ok = None
    if case.target is not None and "weir" in own:
        ok = None if ratio is None and values["weir"] is not None else ratio is not None and round(ratio, 2) <= case.target
    shown = {**{p: None for p in PEERS if p in own}, **values}
    return {"title": case.title, "unit": f"µs/{case.unit}", "values": shown, "ratio": ratio,
            "target": case.target, "ok": ok,
            "against": case.rival or "the better of nginx and haproxy" + (f" at {case.against}" if case.against else ""),
            "spread": {p: _spread(v) for p, v in own.items() if None not in v}}


def _spread(values):
    """Half the distance between the quartiles, relative to the median."""
    if len(values) < 4:
        return None
    low, middle, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / middle


def show(results, rows):
    print(f"{'':26}{'unit':>11}{'nginx':>10}{'haproxy':>10}{'weir':>10}{'ratio':>8}{'target':>8}  ok?")
    for row in rows:
        cells = "".join(f"{_cell(row['values'], p):>10}" for p in PEERS)
        ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else ""
        target = f"≤ {row['target']:g}" if row["target"] is not None else ""
        verdict = {True: "yes", False: "NO"}.get(row["ok"], "")
        print(f"{row['title']:26}{row['unit']:>11}{cells}{ratio:>8}{target:>8}  {verdict}".rstrip())
    if direct := results["latency"].get("direct"):
        print(f"\nLatency at 500 requests/s, the provider asked directly: p50 {direct[0]:.0f} µs, p99 {direct[1]:.0f} µs.")
    if streams := {v[2] for v in results["memory"].values()}:
        print(f"Idle streams: {max(streams)}.")
    worst = max(((s, row["title"], p) for row in rows for p, s in row.get("spread", {}).items() if s), default=None)
    if worst:
        print(f"Noise: quartiles at most ±{100 * worst[0]:.0f} % around the median ({worst[1]}, {worst[2]}).")
    for line in results["missing"] + results["notes"]:
        print(f"Note: {line}.")
    for case, peer, why in results["failures"]:
        print(f"FAILED: {case}, {peer}: {why}")


def _cell(values, peer):
    if peer not in values:
        return "-"
    value = values[peer]
    if value is None:
        return "failed"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.1f}"
