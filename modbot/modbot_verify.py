#!/usr/bin/env python3
"""Checks an export of modbot's record without modbot: Python 3.8 or newer, nothing else.

    python3 modbot_verify.py record.jsonl [checkpoint.json ...] [--fingerprint HEX] [--part]

record.jsonl is what `modbot export record.jsonl --what record` writes. A checkpoint is a signed
file that was kept outside the district's machine since its day.
Exit 0: as it was written; 1: not as it was written; 2: a file cannot be read.

Every row that the log vouches for has to be in the file, whatever the file says of itself. With
--part they need not: for one that was asked for as a part, with `--page ID` or `--what audit`, or
written by an older modbot. What is missing is counted, and "sound" is said of what is there alone.

What it shows: each audit row holds the hash of the one before it, each row of the record is the one
that its audit row vouches for, and the audit row that a checkpoint names is still the same. Without
a checkpoint a chain that was computed anew as a whole, or cut at its end, cannot be told.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from typing import Any, Collection, Dict, List, Optional, Tuple

LISTED = 50  # problems; the rest are counted
CHECKPOINT = "modbot-checkpoint-1"
WITHHELD = "modbot.toml"  # of each configuration: it says where tokens are
CHAINED = ("seq", "at", "kind", "actor", "row_table", "row_id", "row_sha256", "detail", "prev")
# What an audit row vouches for, in this order, after the table's name.
EVIDENCE = {
    "fundraiser": "id name details approved_by approved_at ends_at approver_role links accounts "
    "starts_at",
    "registration": "id state platform external_id name handle address school purpose manager "
    "administrator contact government_use asked_by asked_by_id asked_at answered_by answered_at "
    "answer page_id",
    "fundraiser_request": "id state name purpose school beneficiary links accounts starts_at "
    "ends_at asked_by asked_by_id asked_at answered_by answer_role answered_at answer "
    "fundraiser_id",
    "comment": "id page_id platform comment_id post_id parent_id author_id author_name permalink "
    "created_at first_seen_at by_page hidden gone_at",
    "post": "page_id post_id text created_at",
    "version": "id comment_row number escaped text_sha256 raw_sha256 seen_at",
    "decision": "id key version_id comment_row page_id verdict hide categories signals clause "
    "thresholds degraded reason mode models config_sha256 actor_kind actor decided_at",
    "action": "id key decision_id version_id comment_row page_id kind requested_at state "
    "finished_at answer",
    # A text of a post is what the audit row told_by saw; the others stand in audit rows' details.
    "post_text": "told_by page_id post_id text seen_at",
    "kept": "name sha256 files_sha256 kept_at",
    "in_force": "id since config_sha256 models code_version code_sha256",
}
NAMED_BY = {"kept": "name", "post_text": "told_by"}  # others by their id, posts by two
TOLD_OTHERWISE = ("post_text", "kept", "in_force")  # no audit row names these as its row

# Fields that came later; a row that has nothing else there is hashed without them.
ADDED = {"fundraiser": ["", "[]", "[]", None]}

# Ed25519 after RFC 8032, section 5.1: the curve -x^2 + y^2 = 1 + d x^2 y^2 modulo P.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]
Row = Dict[str, Any]
Entry = Tuple[int, str, str]


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates (5.1.4)."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """A point added to itself `number` times."""
    total = (0, 1, 1, 0)
    while number:
        total = add(total, point) if number & 1 else total
        point, number = add(point, point), number >> 1
    return total


def point_of(octets: bytes) -> Optional[Point]:
    """The point that 32 bytes encode (5.1.3); None for what encodes none."""
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over this message (5.1.7)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = point_of(public_key), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or BASE is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(digest, "little") % L
    one, other = times(s, BASE), add(r, times(k, a))  # equal: x1/z1 = x2/z2 and y1/z1 = y2/z2
    return all((one[n] * other[2] - other[n] * one[2]) % P == 0 for n in (0, 1))


def sha256(octets: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(octets).hexdigest()


def canonical(value: object) -> str:
    """Canonical JSON: keys sorted, no spaces, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def hash_of(value: object) -> str:
    """SHA-256 (hex) of the canonical JSON."""
    return sha256(canonical(value).encode("ascii"))


def post_of(row: Row) -> str:
    """How an audit row names a post."""
    return "%s %s" % (row["page_id"], row["post_id"])


class Unreadable(Exception):
    """A file that is not what it should be."""


class Record:
    """What the export holds, checked as it is read."""

    def __init__(self) -> None:
        self.problems: List[str] = []
        self.rows, self.lacking, self.number, self.link = 0, 0, 0, "0" * 64
        self.links: Dict[int, str] = {}  # seq -> hash, of the rows that checkpoints name
        # By table and row id: seq, kind and hash of the audit rows that vouch for it.
        self.vouched: Dict[str, Dict[str, List[Entry]]] = {table: {} for table in EVIDENCE}
        self.seen_comment: Dict[str, Tuple[int, str]] = {}  # first version -> its comment's hash
        self.told_comment: Dict[int, Tuple[int, str]] = {}  # comment row -> the same
        self.seen: Dict[str, set[str]] = {table: set() for table in EVIDENCE}
        self.keeping = 0  # from this audit row on every text of a post is kept
        self.made: Dict[str, Any] = {}  # post -> its time
        self.told_posts: Dict[str, Dict[int, str]] = {}  # post -> seq -> at

    def problem(self, text: str) -> None:
        """Counts a problem and lists it while there is room."""
        self.number += 1
        if len(self.problems) < LISTED:
            self.problems.append(text.encode("ascii", "backslashreplace").decode())

    def audit(self, row: Row, wanted: Collection[int]) -> None:
        """A link of the chain."""
        seq, self.rows = row["seq"], self.rows + 1
        if seq != self.rows:
            self.problem("audit row %s: row %s should stand here" % (seq, self.rows))
            self.rows = seq
        elif row["prev"] != self.link:
            self.problem("audit row %s: does not follow from the row before it" % seq)
        if hash_of([row[name] for name in CHAINED]) != row["hash"]:
            self.problem("audit row %s: was changed" % seq)
        self.link = row["hash"]
        if seq in wanted:
            self.links[seq] = self.link
        table = row["row_table"]
        if table in self.vouched and table not in TOLD_OTHERWISE:
            entry = (seq, row["kind"], row["row_sha256"])
            self.vouched[table].setdefault(row["row_id"], []).append(entry)
            if row["kind"] == "comment.seen":
                told = json.loads(row["detail"]).get("comment_sha256")
                self.seen_comment[row["row_id"]] = (seq, told)
            if table == "post":
                self.told_posts.setdefault(row["row_id"], {})[seq] = row["at"]
                stored = ["post_text", seq, row["row_id"], row["at"], row["row_sha256"]]
                self.vouched["post_text"][str(seq)] = [(seq, row["kind"], hash_of(stored))]
        elif not table and row["kind"] in ("judgement.kept", "judgement.in_force"):
            self.judged(row, json.loads(row["detail"]))

    def judged(self, row: Row, told: Row) -> None:
        """An audit row that tells in its details of what judges."""
        self.keeping = self.keeping or row["seq"]
        table = row["kind"].partition(".")[2]
        if table == "kept":
            row_id = str(told.get("name"))
            stored = [row_id, told.get("sha256"), told.get("sha256"), row["at"]]
        else:
            row_id = str(len(self.vouched[table]) + 1)
            stored = [int(row_id), row["at"], told.get("config"), canonical(told.get("models"))]
            stored += [told.get("code"), told.get("code_sha256")]
        entry = (row["seq"], row["kind"], hash_of([table, *stored]))
        self.vouched[table].setdefault(row_id, []).append(entry)

    def evidence(self, table: str, row: Row) -> None:
        """A row that the chain vouches for."""
        row_id = post_of(row) if table == "post" else str(row[NAMED_BY.get(table, "id")])
        if row_id in self.seen[table]:
            self.problem("%s %s: is there twice" % (table, row_id))
        self.seen[table].add(row_id)
        if table == "post":
            self.made[row_id] = row["created_at"]
        entries = self.vouched[table].get(row_id, [])
        if table == "comment":
            told = self.told_comment.get(row["id"])
            entries = entries or ([(told[0], "", told[1])] if told else [])
        if not entries:
            self.problem("%s %s: nothing in the log vouches for it" % (table, row_id))
            return
        if table == "action":
            self.action(row_id, row, entries)
        elif hash_of([table, *self.stored(table, row)]) != entries[-1][2]:
            self.problem("%s %s: is not what audit row %s saw" % (table, row_id, entries[-1][0]))
        if table in ("version", "decision", "kept") and len(entries) > 1:
            self.problem("audit row %s: vouches for %s a second time" % (entries[1][0], row_id))
        if table == "version":
            self.version(row_id, row)
        if table == "kept" and row_id.startswith("config "):
            self.configuration(row_id, row["hashes"], row["files_base64"])

    def stored(self, table: str, row: Row) -> List[Any]:
        """What is hashed of a row."""
        if table == "post_text":
            return self.text(row)
        fields = [row[name] for name in EVIDENCE[table].split()]
        added = ADDED.get(table)  # left out where a row of before has nothing else there
        return fields[: -len(added)] if added and fields[-len(added) :] == added else fields

    def text(self, row: Row) -> List[Any]:
        """What an audit row told of a text. Earlier texts were not kept before revision 0010: there
        the first one has the time of the post and stands for those before it."""
        post, seq, at = post_of(row), row["told_by"], row["seen_at"]
        told = self.told_posts.get(post, {})
        if at == self.made.get(post) and seq in told and not 0 < self.keeping < seq:
            at = told[seq]
            for older in [older for older in told if older < seq]:
                self.vouched["post_text"].pop(str(older), None)
        fields = [row["page_id"], row["post_id"], row["text"], self.made.get(post)]
        return [seq, post, at, hash_of(["post", *fields])]

    def configuration(self, name: str, hashes: Dict[str, str], files: Dict[str, str]) -> None:
        """Its name is a hash over the names and hashes of its files."""
        whole = b""
        for file in sorted(hashes, key=lambda file: file.split("/")):
            whole += os.fsencode(file) + b"\0" + bytes.fromhex(hashes[file])
            if file not in files and file != WITHHELD:
                self.problem("%s: its %s is missing" % (name, file))
            elif file in files and sha256(base64.b64decode(files[file])) != hashes[file]:
                self.problem("%s: its %s was changed" % (name, file))
        if name != "config " + sha256(whole) or not set(files) <= set(hashes):
            self.problem("%s: these are not the files that have this name" % name)

    def action(self, row_id: str, row: Row, entries: List[Entry]) -> None:
        """Vouched for when it was asked and when it ended."""
        now = [row[name] for name in EVIDENCE["action"].split()]
        expected = [("action.requested", [*now[:8], "requested", None, ""])]
        if row["state"] != "requested" or row["finished_at"] is not None:
            expected.append(("action." + row["state"], now))
        told_now = [(kind, hash_of(["action", *form])) for kind, form in expected]
        if [(kind, told) for _, kind, told in entries] != told_now:
            self.problem("action %s: is not what audit row %s saw" % (row_id, entries[-1][0]))

    def version(self, row_id: str, row: Row) -> None:
        """The text as sent and the platform's bytes have the hashes that were vouched for."""
        if sha256(row["text"].encode("utf-8", "surrogatepass")) != row["text_sha256"]:
            self.problem("version %s: its text was changed" % row_id)
        if sha256(base64.b64decode(row["raw_base64"], validate=True)) != row["raw_sha256"]:
            self.problem("version %s: the platform's bytes were changed" % row_id)
        if row["number"] == 1 and row_id in self.seen_comment:
            self.told_comment[row["comment_row"]] = self.seen_comment[row_id]

    def missing(self, part: bool) -> List[str]:
        """Rows that the log vouches for and the file lacks: problems, but notes in a part."""
        notes = []
        for table, rows in self.vouched.items():
            told = {row_id: entries[0][0] for row_id, entries in rows.items()}
            if table == "comment":  # the log names it by its first version while nothing befell it
                told.update({str(row): seq for row, (seq, _) in self.told_comment.items()})
            lacking = [row_id for row_id in told if row_id not in self.seen[table]]
            self.lacking += len(lacking)
            if not part:
                for row_id in lacking:
                    words = (table, row_id, told[row_id])
                    self.problem("%s %s: audit row %s saw it; it is missing" % words)
            elif lacking:
                notes.append("%d rows of %s are not in this file" % (len(lacking), table))
        if self.lacking and not part:
            notes.append("a part (--page, --what audit), or of an older modbot? Then give --part")
        return notes


def read_record(path: str, wanted: Collection[int]) -> Record:
    """The export at `path`, every line of it checked."""
    record, number = Record(), 0
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                table = row.get("table") or ("audit" if "hash" in row and "seq" in row else "")
                if table == "audit":
                    record.audit(row, wanted)
                elif table != "export":  # what the file says of itself: nothing vouches for it
                    record.evidence(table, row)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise Unreadable(
                    "%s:%d: cannot be read (%s %s); write it anew with `modbot export FILE "
                    "--what record`" % (path, number, type(error).__name__, error)
                ) from None
    if not record.rows:
        raise Unreadable("%s: holds no audit rows; export with --what record" % path)
    return record


def read_checkpoint(path: str, fingerprint: str) -> Row:
    """The fields of a checkpoint whose signature is good."""
    with open(path, "rb") as file:
        data = file.read(1 << 16)
    try:
        fields: Row = json.loads(data)
        signature = bytes.fromhex(fields.pop("signature"))
        public_key = bytes.fromhex(fields["public_key"])
        message = canonical(fields).encode("ascii")
        good = fields["format"] == CHECKPOINT and signed_by(public_key, message, signature)
        good = good and sha256(public_key) == fields["fingerprint"]
        good = good and isinstance(fields["seq"], int) and isinstance(fields["hash"], str)
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise Unreadable("%s: is not a checkpoint as it was signed" % path)
    if fingerprint and fields["fingerprint"] != fingerprint.lower():
        raise Unreadable("%s: was signed by another key, %s" % (path, fields["fingerprint"]))
    return fields


def compare(record: Record, path: str, checkpoint: Row) -> None:
    """Whether the chain still holds the row that the checkpoint names."""
    seq, found = checkpoint["seq"], record.links.get(checkpoint["seq"])
    if seq == 0 or found == checkpoint["hash"]:
        return
    cut, anew = "%s names it; it was cut off", "not the one of %s; computed anew up to here"
    record.problem("audit row %s: %s" % (seq, (cut if found is None else anew) % path))


def result(record: Record, part: bool) -> str:
    """The last line."""
    said = "%d audit rows, %d problems" % (record.rows, record.number)
    if record.number:
        return "NOT as it was written: " + said
    sound = "a PART, sound in what is there: %s, %d rows not there" % (said, record.lacking)
    return sound if part else "sound: " + said


def run(arguments: List[str]) -> int:
    """The exit code; prints what was found."""
    fingerprint = ""
    if "--fingerprint" in arguments[:-1]:
        place = arguments.index("--fingerprint")
        fingerprint = arguments[place + 1]
        arguments = arguments[:place] + arguments[place + 2 :]
    part = "--part" in arguments
    arguments = [argument for argument in arguments if argument != "--part"]
    if not arguments or arguments[0].startswith("-"):
        sys.stdout.write(__doc__ or "")
        return 2
    try:
        kept = [(path, read_checkpoint(path, fingerprint)) for path in arguments[1:]]
        record = read_record(arguments[0], {checkpoint["seq"] for _, checkpoint in kept})
    except (OSError, Unreadable) as error:
        sys.stderr.write("%s\n" % error)
        return 2
    for path, checkpoint in kept:
        compare(record, path, checkpoint)
        words = (path, checkpoint["seq"], checkpoint["made_at"], checkpoint["fingerprint"])
        sys.stdout.write("%s: audit row %s at %s, signed by %s\n" % words)
    notes = record.missing(part)
    if not kept:
        notes.append("no checkpoint given: a chain computed anew as a whole would not show")
    elif not fingerprint:
        notes.append("compare the signer with the fingerprint that the district published")
    said = ["PROBLEM " + text for text in record.problems] + ["note: " + text for text in notes]
    sys.stdout.write("\n".join([*said, result(record, part), ""]))
    return 1 if record.number else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
