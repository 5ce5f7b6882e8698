"""A real WordPress on loopback, from Debian's packages, without Apache and without a browser.

Everything lives in one private folder and ends with the test run. The steps and why each is
needed: MariaDB gets its own data folder and socket, WordPress a copied tree with its own
wp-config.php, `php -S` serves it.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import requests

from tests.prerequisites import need, program

TIMEOUT_SECONDS = 30

CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'wp'); define('DB_PASSWORD', 'wp');
define('DB_HOST', '127.0.0.1:%(sql_port)d');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $k) {
    define($k.'_KEY', 'test-'.$k.'-key'); define($k.'_SALT', 'test-'.$k.'-salt');
}
$table_prefix = 'wp_';
define('WP_DEBUG', false);
define('DISABLE_WP_CRON', true); // php -S answers one at a time: a call to itself would hang
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_ENVIRONMENT_TYPE', 'local'); // else application passwords are refused over plain http
define('WP_HOME', '%(url)s'); define('WP_SITEURL', '%(url)s');
if (!defined('ABSPATH')) define('ABSPATH', __DIR__.'/');
require ABSPATH.'wp-settings.php';
"""

INSTALL = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1:%(http_port)d'; $_SERVER['REQUEST_URI'] = '/';
require __DIR__.'/wp-load.php';
require ABSPATH.'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
$r = wp_install('District blog', 'admin', 'admin@example.org', true, '', 'admin-pass', 'en_US');
update_option('permalink_structure', '/%%postname%%/');
foreach (['comment_moderation', 'comment_previously_approved', 'comment_registration',
          'comments_notify', 'moderation_notify'] as $option) update_option($option, '0');
list($pw) = WP_Application_Passwords::create_new_application_password(
    $r['user_id'], ['name' => 'moderation-bot']);
echo json_encode(['user' => 'admin', 'app_password' => $pw]);
"""

# Core lets strangers comment by REST only when told so, and once in 15 seconds an address.
SWITCHES = """<?php
add_filter('rest_allow_anonymous_comments', '__return_true');
add_filter('comment_flood_filter', '__return_false', 99);
"""

ROUTER = """<?php
$p = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH); $f = __DIR__.'/site'.$p;
if ($p !== '/' && is_file($f)) return false;
$_SERVER['SCRIPT_NAME'] = '/index.php'; chdir(__DIR__.'/site'); require __DIR__.'/site/index.php';
"""


@dataclass(frozen=True, kw_only=True)
class WordPressSite:
    """The running site, as its owner and as a stranger see it."""

    url: str
    user: str
    app_password: str = field(repr=False)
    access_log: Path

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"user": self.user, "app_password": self.app_password}

    def rest(self, method: str, path: str, **fields: object) -> Any:
        """One call of the owner's, decoded; raises on a refusal."""
        response = requests.request(
            method,
            f"{self.url}/wp-json/wp/v2/{path}",
            auth=(self.user, self.app_password),
            json=fields or None,
            timeout=TIMEOUT_SECONDS,
        )
        assert response.status_code < 300, response.text[:500]
        return response.json()

    def calls(self) -> int:
        """How many requests were answered so far; php -S keeps no connection open."""
        return self.access_log.read_text().count(" Accepted")

    def add_post(self, title: str, content: str = "Please keep it civil.") -> dict[str, Any]:
        post: dict[str, Any] = self.rest(
            "POST", "posts", title=title, content=content, status="publish", comment_status="open"
        )
        return post

    def remove(self, comment_id: str) -> None:
        """For good, as site staff can."""
        self.rest("DELETE", f"comments/{comment_id}?force=true")

    def edit(self, comment_id: str, text: str) -> None:
        self.rest("POST", f"comments/{comment_id}", content=text)

    def comment_by_form(
        self, post_id: int, text: str, *, author: str = "Kid", parent: int = 0
    ) -> str:
        """Comments as a stranger through the form of the page; gives the comment's id."""
        response = requests.post(
            f"{self.url}/wp-comments-post.php",
            data={
                "comment_post_ID": post_id,
                "comment_parent": parent,
                "author": author,
                "email": f"{author.lower()}@example.org",
                "comment": text,
            },
            headers={"User-Agent": "Stranger's browser"},
            allow_redirects=False,
            timeout=TIMEOUT_SECONDS,
        )
        assert response.status_code == 302, response.text[:500]
        return response.headers["Location"].rpartition("#comment-")[2]

    def comment(self, post_id: int, text: str, *, author: str = "Kid", parent: int = 0) -> str:
        """Comments as a stranger by REST: the text goes in unslashed."""
        response = requests.post(
            f"{self.url}/wp-json/wp/v2/comments",
            json={
                "post": post_id,
                "parent": parent,
                "author_name": author,
                "author_email": f"{author.lower()}@example.org",
                "content": text,
            },
            timeout=TIMEOUT_SECONDS,
        )
        assert response.status_code == 201, response.text[:500]
        return str(response.json()["id"])

    def public_text(self, post_id: int) -> str:
        """The text of the post's page as a stranger gets it."""
        page = requests.get(f"{self.url}/?p={post_id}", timeout=TIMEOUT_SECONDS)
        assert page.status_code == 200
        reader = _PageText()
        reader.feed(page.text)
        assert reader.parts, "the page is blank: is the theme installed?"
        return "".join(reader.parts)

    def account(self, name: str, role: str) -> tuple[Mapping[str, str], str]:
        """A new user: the secrets of its application password, and the path to revoke that at."""
        user = self.rest(
            "POST",
            "users",
            username=name,
            email=f"{name}@example.org",
            password=f"{name}-pass",
            roles=[role],
        )
        made = self.rest("POST", f"users/{user['id']}/application-passwords", name="bot")
        where = f"users/{user['id']}/application-passwords/{made['uuid']}"
        return {"user": name, "app_password": made["password"]}, where


class _PageText(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


@contextmanager
def running_wordpress() -> Iterator[WordPressSite]:
    """Needs 2 to 10 s. Ends both servers and removes their folder, however the start went."""
    need(
        "php",
        "mariadb",
        "mariadbd",
        "mariadb-admin",
        "mariadb-install-db",
        "wordpress",
        "wordpress-theme",
    )
    with ExitStack() as stack:
        work = Path(tempfile.mkdtemp(prefix="wp-", dir="/tmp"))  # a socket's path must be short
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        ports = {"sql_port": _free_port(), "http_port": _free_port()}
        url = f"http://127.0.0.1:{ports['http_port']}"
        _start_database(stack, work, ports["sql_port"])
        secrets = _install(work, {**ports, "url": url})
        _serve(stack, work, ports["http_port"], url)
        yield WordPressSite(url=url, access_log=work / "php.log", **secrets)


def _start_database(stack: ExitStack, work: Path, port: int) -> None:
    data, user = work / "db", pwd.getpwuid(os.geteuid()).pw_name
    data.mkdir()
    _run(
        program("mariadb-install-db"),
        "--no-defaults",
        f"--user={user}",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )
    socket_option = f"--socket={data}/s.sock"
    server = _start(
        stack,
        work / "mariadbd.log",
        program("mariadbd"),
        "--no-defaults",
        f"--user={user}",
        f"--datadir={data}",
        socket_option,
        "--bind-address=127.0.0.1",
        f"--port={port}",
        "--innodb-buffer-pool-size=64M",
        "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=0",
    )
    ping = [program("mariadb-admin"), "--no-defaults", socket_option, "-uroot", "ping"]
    _wait_until(lambda: subprocess.run(ping, capture_output=True).returncode == 0, server, work)
    _run(
        program("mariadb"),
        "--no-defaults",
        socket_option,
        "-uroot",
        "-e",
        "CREATE DATABASE wp CHARACTER SET utf8mb4;"
        "CREATE USER wp@127.0.0.1 IDENTIFIED BY 'wp'; GRANT ALL ON wp.* TO wp@127.0.0.1;",
    )


def _install(work: Path, values: Mapping[str, Any]) -> dict[str, str]:
    """Copies and installs WordPress; gives the owner's secrets."""
    site = work / "site"
    # -L: Debian's tree links into other packages; a dangling link fails the command, not the site.
    subprocess.run(["cp", "-rL", "/usr/share/wordpress/.", str(site)], capture_output=True)
    (site / "wp-config.php").write_text(CONFIG % values)
    switches = site / "wp-content" / "mu-plugins"
    switches.mkdir(parents=True)
    (switches / "switches.php").write_text(SWITCHES)
    (work / "router.php").write_text(ROUTER)
    script = site / "zz-install.php"
    script.write_text(INSTALL % values)
    said = _run(program("php"), script.name, cwd=site)
    script.unlink()
    secrets: dict[str, str] = json.loads(said[said.index("{") :])
    return secrets


def _serve(stack: ExitStack, work: Path, port: int, url: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PHP_CLI_SERVER_WORKERS"}
    server = _start(
        stack,
        work / "php.log",
        program("php"),
        "-S",
        f"127.0.0.1:{port}",
        "-t",
        str(work / "site"),
        str(work / "router.php"),
        env=environment,
    )
    _wait_until(lambda: _answers(f"{url}/wp-json/"), server, work)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=TIMEOUT_SECONDS).status_code == 200
    except requests.ConnectionError:
        return False


def _start(
    stack: ExitStack, log: Path, *command: str, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env=env)
    stack.callback(_end, server)
    return server


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], work: Path) -> None:
    for _ in range(120):
        if ready():
            return
        if server.poll() is not None:
            break
        time.sleep(0.25)
    logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in work.glob("*.log"))
    raise RuntimeError(f"a server of the WordPress site did not start:\n{logs}")


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, cwd=cwd)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout + done.stderr!r}"[:3000])
    return done.stdout.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
