"""The one error of the launcher."""


class BrokerUnavailable(RuntimeError):
    """A broker cannot be had or does not run. The text is one line for the user: what happened, to what, what now."""
