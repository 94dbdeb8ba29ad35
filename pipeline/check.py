"""Looking an experiment over before anything is computed: all problems at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.calibration.sources import calibration_files
from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment import Experiment
from pipeline.experiment.folder import CONFIGURATION
from pipeline.jobs.parameters import resolve_parameters
from pipeline.registry import jobs


@dataclass(frozen=True)
class Checked:
    """What a look at an experiment brought.

    Parameters
    ----------
    problems
        What has to be corrected before all stages can run.
    warnings
        What may be wrong: a container's frame rate that differs from the declared one, damaged videos, no recordings.
    notes
        What is used and what is cut.
    """

    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def check_experiment(experiment: Experiment) -> Checked:
    """Look at every file and parameter that `experiment.toml` names. Reads the index of every video."""
    problems = [*_calibration_problems(experiment), *_parameter_problems(experiment)]
    warnings = list(_gaps(experiment))
    notes = list(_unit(experiment))
    for recording in experiment.recording_names:
        looked = check_recording(experiment, recording)
        problems.extend(looked.problems)
        warnings.extend(looked.warnings)
        notes.extend(looked.notes)
    return Checked(tuple(problems), tuple(warnings), tuple(notes))


def check_recording(experiment: Experiment, recording: str) -> Checked:
    """Look at the videos of one recording: what of them is used, and what may be wrong. Reads their indices."""
    from pipeline.video import Timeline  # opens video libraries, which the rest of the command line does not need

    where = f"recording {recording}: "
    try:
        timeline = Timeline.of(experiment, recording)
    except SkeinError as error:
        lines = [line.removeprefix(f"Recording {recording}").lstrip(":, ") for line in str(error).splitlines()]
        return Checked(tuple(where + line for line in lines), (), ())
    return Checked(
        (), tuple(where + sentence for sentence in timeline.warnings), tuple(where + said for said in timeline.notes)
    )


def _calibration_problems(experiment: Experiment) -> list[str]:
    """What the calibration would stumble over, found by what it reads its files with."""
    from pipeline.calibration.world import read_markers
    from pipeline.formats.survey import surveyed_points

    problems = []
    for camera in experiment.configuration.camera:
        try:
            calibration_files(experiment, camera)
        except SkeinError as error:
            problems.append(f"{CONFIGURATION}: {error}")
    try:
        read_markers(experiment, surveyed_points(experiment).points)
    except SkeinError as error:
        problems.extend(f"{CONFIGURATION}: {line}" for line in str(error).splitlines())
    return problems


def _parameter_problems(experiment: Experiment) -> list[str]:
    problems = []
    for name in experiment.configuration.parameters:
        if name not in jobs():
            problems.append(
                f"{CONFIGURATION}: [parameters.{name}]: there is no such job; there are {', '.join(jobs())}"
            )
            continue
        try:
            resolve_parameters(jobs()[name], experiment)
        except InvalidExperiment as error:
            problems.extend(error.problems)
    return problems


def _unit(experiment: Experiment) -> Iterator[str]:
    """Whether one camera without calibration will give metres or pixels: zones have to be written in the same."""
    cameras = experiment.configuration.camera
    if len(cameras) != 1 or cameras[0].calibration_video or experiment.calibration_path.exists():
        return
    number = len(cameras[0].markers)
    if number:
        counted = f"{number} marker{'s' if number != 1 else ''}"
        yield f"positions and zones are in metres, by {counted} (at least four on the floor are needed)"
    else:
        yield "positions and zones are in pixels: four or more markers on the floor would give metres"


def _gaps(experiment: Experiment) -> list[str]:
    """What is not wrong, but keeps a stage from giving what people expect of it."""
    configuration = experiment.configuration
    filmed = [camera for camera in configuration.camera if camera.calibration_video]
    gaps = []
    if not configuration.recording:
        gaps.append("there is no [[recording]] yet: `skein add-recording` adds one")
    if filmed and configuration.board is None:
        gaps.append("there are calibration videos, but no [board] that says what was filmed")
    if len(configuration.camera) > 1 and len(filmed) < len(configuration.camera):
        names = ", ".join(camera.name for camera in configuration.camera if not camera.calibration_video)
        gaps.append(f"without a calibration_video these cameras give no 3D positions: {names}")
    marked = any(camera.markers for camera in configuration.camera)
    if filmed and not marked and (configuration.board is None or configuration.board.floor_frame is None):
        gaps.append("nothing defines the world: mark surveyed points in an image, or give the board's floor_frame")
    return gaps
