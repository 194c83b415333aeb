"""The sample on the home page looks as on a Mac, and says that no Mac made it."""

from mpscheck.site.pages import home

TRANSCRIPT = (
    "device: emu\n[CPU] P(Mary)=0.7\n[EMU] P(Mary)=0.0\nDISAGREES: ioi-small, emu against the CPU, torch 2.13.0"
)


def test_the_sample_names_mps_and_is_labelled_an_illustration():
    shown = home.answer(TRANSCRIPT)
    assert shown.splitlines()[0] == '```text title="Illustration: emulated, not a Mac"'
    assert "[MPS] P(Mary)=0.0" in shown and "mps against the CPU" in shown
    assert "emu against" not in shown and "[EMU]" not in shown
