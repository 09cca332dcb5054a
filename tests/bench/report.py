"""What was measured: printed, as JSON, and as a page with charts that needs nothing else."""
import html
import json
import math

from rows import GROUPS, RUNS

MARKS = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100]       # percentiles of a curve, as the generators print them
COLOURS = ["#1f6fb2", "#c0504d", "#6a994e", "#8064a2", "#d08c2b", "#4bacc6"]
WIDTH, HEIGHT, LEFT, BOTTOM = 620, 260, 70, 40


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def entries(results):
    """results.json: one for each row, and for each that it is held against."""
    for row, found in results:
        for peer, peer_value in found["peers"].items() or [(None, None)]:
            yield {"name": row.name, "value": found["value"], "unit": row.unit, "peer": peer, "peer_value": peer_value,
                   "ratio": found["value"] / peer_value if peer_value else None, "min": found["min"], "max": found["max"]}


def verdict(row, found):
    misses = row.misses(found["value"], found["peers"])
    wanted = [*row.ratio_at_least, *row.ratio_at_most]
    absent = [peer for peer in wanted if peer not in found["peers"]]
    held = any(value is not None for value in (row.at_least, row.at_most)) or len(absent) < len(wanted)
    says = "missed: " + "; ".join(misses) if misses else "reached" if held else "stated"
    return says + (f" (not held against {', '.join(absent)})" if absent else "")


def few_runs(results, quick):
    """Why some rows ran less often than others."""
    if quick:
        yield "A quick look: two runs each at most, with a twentieth of the work."
        return
    for group in dict.fromkeys(row.group for row, _ in results):
        made = max(found["runs"] for row, found in results if row.group == group)
        if made < RUNS:
            yield f"{group}: {made} runs, not {RUNS}: {GROUPS[group].why}"


def print_table(results, notes, failures):
    print(f"{'row':22} {'median':>12} {'range':>23} {'runs':>4} {'unit':14} {'goal':34} ")
    for row, found in results:
        span = f"{number(found['min'])} .. {number(found['max'])}"
        print(f"{row.name:22} {number(found['value']):>12} {span:>23} {found['runs']:4} {row.unit:14} {row.goal():34} {verdict(row, found)}")
        for peer, value in found["peers"].items():
            print(f"{'':22} {number(value):>12} {'':23} {peer}: {found['value'] / value:.2f} x" if value else "")
        for line in found["busy"]:
            print(f"{'':24}{line}")
    for line in notes:
        print(line)
    for group, error in failures:
        print(f"not measured: {group}: {error}")


def write(folder, found, shown):
    """The entries and the page; the entries before them are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "results.json").exists():
        (folder / "results.json").replace(folder / "results-before.json")
    (folder / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / "report.html").write_text(shown)


# ---------------------------------------------------------------- charts

def ticks(low, high):
    """Powers of ten from one to the other."""
    value, found = 10.0 ** -3, []
    while value <= high * 10:
        if low <= value * 10 and value <= high * 10:
            found.append(value)
        value *= 10
    return found


def scale_log(value, low, high, length):
    span = math.log10(high) - math.log10(low) or 1
    return (math.log10(max(value, low)) - math.log10(low)) / span * length


def curve_chart(title, curves):
    """Milliseconds, on a logarithmic scale, by percentile."""
    values = [max(value / 1000, 0.001) for points in curves.values() for value in points]
    low, high = 10.0 ** -3, 10.0 ** -3
    while low * 10 <= min(values):
        low *= 10
    while high < max(values):
        high *= 10
    inner_width, inner_height = WIDTH - LEFT - 140, HEIGHT - BOTTOM - 20
    step = inner_width / (len(MARKS) - 1)
    body = []
    for value in ticks(low, high):
        if low <= value <= high:
            y = 20 + inner_height - scale_log(value, low, high, inner_height)
            body.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + inner_width}" y2="{y:.1f}" class="grid"/>'
                        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="y">{value:g} ms</text>')
    body += [f'<text x="{LEFT + i * step:.1f}" y="{HEIGHT - BOTTOM + 16}" class="x">{mark:g}</text>' for i, mark in enumerate(MARKS)]
    for i, (name, points) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        line = " ".join(f"{LEFT + j * step:.1f},{20 + inner_height - scale_log(max(value / 1000, low), low, high, inner_height):.1f}"
                        for j, value in enumerate(points))
        body.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
                    f'<text x="{LEFT + inner_width + 8}" y="{34 + i * 18}" fill="{colour}">{html.escape(name)}</text>')
    return figure(title + " (percentile)", body, HEIGHT)


def bar_chart(title, bars, unit):
    """Name and value, longest first as given."""
    top = max((value for _, value in bars), default=1) or 1
    body = []
    for i, (name, value) in enumerate(bars):
        y, length = 16 + i * 24, value / top * (WIDTH - 330)
        body.append(f'<text x="200" y="{y + 13}" class="y">{html.escape(name)}</text><rect x="206" y="{y}" width="{length:.1f}" height="16" '
                    f'fill="{COLOURS[0 if i == 0 else 1]}"/><text x="{212 + length:.1f}" y="{y + 13}">{number(value)} {html.escape(unit)}</text>')
    return figure(title, body, 24 + 24 * len(bars))


def figure(title, body, height):
    return (f"<figure><figcaption>{html.escape(title)}</figcaption><svg viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" "
            f"height=\"{height}\">{''.join(body)}</svg></figure>")


def charts(results, curves):
    latency = {name: points for name, points in curves.items() if not name.startswith(("lateness", "size "))}
    lateness = {name: points for name, points in curves.items() if name.startswith("lateness")}
    if latency:
        yield curve_chart("Latency", latency)
    if lateness:
        yield curve_chart("Lateness of timers", lateness)
    for what in ("claim", "complaint"):
        cost = {name: points for name, points in curves.items() if name.startswith(f"size {what}")}
        if cost:
            yield curve_chart("Cost against size", cost)
    for row, found in results:
        if found["peers"]:
            yield bar_chart(f"{row.name}: {row.measured}", [("careline", found["value"]), *found["peers"].items()], row.unit)


STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;width:100%}td,th{padding:.3em .6em;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}
td.n{text-align:right;white-space:nowrap}.reached{color:#2c7a2c}.missed{color:#b02a2a}svg{font-size:12px}
svg .grid{stroke:#ddd}svg .y{text-anchor:end}svg .x{text-anchor:middle}figure{margin:2em 0}figcaption{font-weight:600}"""


def table_line(row, found):
    says = verdict(row, found)
    peers = "<br>".join(f"{html.escape(peer)} {number(value)} ({found['value'] / value:.2f} x)" for peer, value in found["peers"].items() if value)
    busy = "".join(f"<br><small>{html.escape(line)}</small>" for line in found["busy"])
    return (f"<tr><td><b>{row.name}</b><br>{html.escape(row.measured)}</td><td class=n>{number(found['value'])}<br><small>"
            f"{number(found['min'])} .. {number(found['max'])}<br>{found['runs']} runs</small></td><td>{html.escape(row.unit)}</td><td>{peers}</td>"
            f"<td>{html.escape(row.goal())}</td><td class={says.split()[0].strip(':')}>{html.escape(says)}{busy}</td></tr>")


def page(results, curves, notes, failures, about):
    lines = "".join(table_line(row, found) for row, found in results)
    missing = "".join(f"<p class=missed>Not measured: {html.escape(group)}: {html.escape(str(error))}</p>" for group, error in failures)
    said = "".join(f"<p>{html.escape(line)}</p>" for line in notes)
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>Careline, measured</title><style>{STYLE}</style><h1>Careline, "
            f"measured</h1><p>{html.escape(about)}</p><table><tr><th>row<th>median, range<th>unit<th>held against<th>goal<th></tr>{lines}"
            f"</table>{missing}{said}{''.join(charts(results, curves))}</html>\n")
