"""A configuration that is edited during the show: the page says that it counts from the next start."""

from demo_feed import DemoFeed

from controller.watching.edits import EditedFeed


def test_p22_an_edit_is_said_once_and_an_edit_that_is_taken_back_is_none(tmp_path, caplog):
    file = tmp_path / "cellar.yaml"
    file.write_text("venue: Cellar\n")
    inner = DemoFeed(lambda: 5.0)
    feed = EditedFeed(inner, file)
    feed.look()
    assert feed.live().troubles == []
    file.write_text("venue: The Cellar\n")
    with caplog.at_level("INFO"):
        feed.look()
        feed.look()
    assert feed.live().troubles == ["cellar.yaml has changed; it counts from the next start"]
    assert caplog.text.count("has changed") == 1
    file.write_text("venue: Cellar\n")
    feed.look()
    assert feed.live().troubles == []
    file.unlink()
    feed.look()
    assert len(feed.live().troubles) == 1


def test_the_same_snapshot_stays_the_same_object(tmp_path):
    file = tmp_path / "cellar.yaml"
    file.write_text("venue: Cellar\n")
    inner = DemoFeed(lambda: 5.0)
    snapshot = inner.live()
    inner.live = lambda: snapshot
    feed = EditedFeed(inner, file)
    assert feed.live() is snapshot
    file.write_text("x")
    feed.look()
    assert feed.live() is feed.live() is not snapshot
    assert feed.hello().venue == inner.hello().venue
