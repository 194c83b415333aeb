"""Strings that somebody may put into any field of a file that they send."""

MARK = "zqx"  # stands in every hostile string: where a page shows it, it must be text
HOSTILE = (
    f"<script>{MARK}</script>",
    f'"><img src=x onerror={MARK}>',
    f"</td></tr></table></div><b>{MARK}",
    f"[{MARK}](javascript:{MARK})",
    f"| {MARK} | ` | ** |\n\n# {MARK}\n",
    f'\n--8<-- "pyproject.toml"\n{MARK}',
    f"{{{{ {MARK} }}}} {{% {MARK} %}} {{ .{MARK} }}",
    f"../../../{MARK}/../etc/passwd",
    f"\u202e{MARK}\u2066\u200b\x00\x1b[31m\r\n\ud800",
    f"${{{MARK}}} $(x) `x` &lt;{MARK}&gt; \\",
    f"2.8.0\n{MARK}",
    f"{MARK}-٢٠٢٦-१",
    MARK * 5000,
)
