"""A configuration that is edited during the show: the page says that it counts from the next start."""

from demo_feed import DemoFeed

from controller.watching.edits import Edits


def test_p22_an_edit_is_said_once_and_an_edit_that_is_taken_back_is_none(tmp_path, caplog):
    file = tmp_path / "cellar.yaml"
    file.write_text("venue: Cellar\n")
    live, edits = DemoFeed(lambda: 5.0).live(), Edits(file)
    edits.look()
    assert edits.noted(live) is live
    file.write_text("venue: The Cellar\n")
    with caplog.at_level("INFO"):
        edits.look()
        edits.look()
    assert edits.noted(live).troubles == ["cellar.yaml has changed; it counts from the next start"]
    assert caplog.text.count("has changed") == 1
    file.write_text("venue: Cellar\n")
    edits.look()
    assert edits.noted(live).troubles == []
    file.unlink()
    edits.look()
    assert len(edits.noted(live).troubles) == 1


def test_the_same_snapshot_stays_the_same_object(tmp_path):
    file = tmp_path / "cellar.yaml"
    file.write_text("venue: Cellar\n")
    live, edits = DemoFeed(lambda: 5.0).live(), Edits(file)
    file.write_text("x")
    edits.look()
    assert edits.noted(live) is edits.noted(live) is not live
    assert edits.noted(None) is None
