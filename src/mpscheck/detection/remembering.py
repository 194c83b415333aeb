"""The checks of `validate_mps.py` for one fault after another: what the CPU gives is the same for all, and computed once."""

from mpscheck.tools.copies import everything


class Remembering:
    """Before a `Run` among the bases: it computes on the CPU once what is the same for each fault, on the device always."""

    cpu_gave: dict[tuple, list] = {}  # noqa: RUF012  (one model a process)

    def once(self, function, model, batch, device="cpu", mode=None):
        if device != "cpu":
            return super().once(function, model, batch, device, mode)
        roundings = (mode.sign, mode.draws.initial_seed()) if hasattr(mode, "draws") else ()
        given = tuple((str(t.dtype), *t.shape, t.numpy().tobytes()) for t in everything(batch))
        # a function within a check is another one each time
        key = (model, function.__code__, type(mode), roundings, given)
        if key not in self.cpu_gave:
            self.cpu_gave[key] = super().once(function, model, batch, device, mode)
        return self.cpu_gave[key]
