"""A YouTube channel from its registration to a hidden comment, by commands alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.conftest import Run
from tests.fakes import ManualClock
from tests.platforms.youtube_channel import youtube_channel


def test_a_channel_is_registered_checked_read_and_moderated(run: Run, tmp_path: Path) -> None:
    with youtube_channel(ManualClock(datetime.now(UTC))) as channel:
        bad, good = channel.write("you stupid bitch, fuck you"), channel.write("what a concert")
        token = tmp_path / "youtube.json"
        token.touch(0o600)
        secrets = {
            "client_id": "55-modbot.apps.googleusercontent.com",
            "client_secret": "word",
            "refresh_token": channel.token,
        }
        token.write_text(json.dumps(secrets), "utf-8")
        added = run(
            *("pages", "add", "--platform", "youtube", "--id", channel.id, "--name", "LPS"),
            *(
                "--token",
                f"file:{token}",
                "--url",
                channel.server.url,
                "--district-owned",
                "--json",
            ),
        )
        assert added.json["id"] == channel.page.id
        assert run("pages", "check", "--json").json["ok"] is True
        run("pages", "mode", channel.page.id, "enforce")
        polled = run("poll", channel.page.id, "--json").json["pages"][0]
        assert (polled["new"], polled["hides_requested"], polled["error"]) == (2, 1, "")
        assert (channel.world.is_public(bad), channel.world.is_public(good)) == (False, True)
        channel.world.expire_token(channel.token)
        refused = run("pages", "check", "--json").json["pages"][0]["error"]
        assert "make a new refresh token" in refused
