"""URLs and views."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.page import Place, View

words = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=12)
keys = words.filter(lambda key: key not in {"experiment", "recording"})


@given(words, words, st.dictionaries(keys, words, max_size=4))
def test_a_link_restores_what_it_was_made_from(experiment: str, recording: str, query: dict[str, str]) -> None:
    place = Place("tracks", experiment, recording, query)
    assert Place.of(place.href) == place
    assert Place.of("http://127.0.0.1:8050" + place.href) == place


def test_links_stay_readable() -> None:
    view = View(None, "trial_1", {"individuals": "1,4"}, "tracks", "pond")
    assert view.link(frame=12) == "/tracks?experiment=pond&recording=trial_1&individuals=1,4&frame=12"
    assert view.link("3d", individuals=None) == "/3d?experiment=pond&recording=trial_1"


def test_values_of_the_query() -> None:
    view = View(None, None, {"frame": "12", "camera": "x1", "individuals": "1,,4", "offset": "-3"})
    assert view.integer("frame") == 12
    assert view.integer("offset") == -3
    assert view.integer("camera", 5) == 5
    assert view.integer("absent") is None
    assert view.names("individuals") == ["1", "4"]
    assert view.names("absent") == []
