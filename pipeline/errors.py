"""Errors whose text is written for the person who runs Skein."""


class SkeinError(Exception):
    """A message that is safe and useful to show: what was expected, what came, what to do.

    The CLI prints it as one line with exit code 1; the dashboard shows it; any other exception is a defect whose
    traceback goes to the log only.
    """


class InvalidExperiment(SkeinError):
    """One or more problems in a hand-written file.

    Parameters
    ----------
    problems
        One line each: file, key, what was expected, what came.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))
