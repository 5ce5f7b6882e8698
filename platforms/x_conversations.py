"""Whose conversation a reply stands in: only the account that began it can hide replies there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from modbot.domain import Comment, Post
from platforms.x_answers import XPost

KNOWN_CONVERSATIONS = 2000
KNOWN_POSTS = 10_000
LookUp = Callable[[Sequence[str]], Mapping[str, XPost | None]]


class Conversations:
    """What is known of them; X is asked (and paid) for the first post of each other one once."""

    def __init__(self, account: str, page_id: str, look_up: LookUp):
        self._account = account
        self._page_id = page_id
        self._look_up = look_up
        # The account's post that began it, or None for anybody else's.
        self._known: OrderedDict[str, Post | None] = OrderedDict()
        self._seen: OrderedDict[str, str] = OrderedDict()  # conversation of each post seen

    def explains(self, item: XPost) -> bool:
        """Is nothing of the account's own needed to understand this reply?"""
        if item.conversation_id not in self._known:
            return False
        above = item.replied_to
        return above is None or above == item.conversation_id or above in self._seen

    def learn(self, items: Sequence[XPost]) -> None:
        """Afterwards the conversation of each is known; asks X for those that were not."""
        for item in items:
            self._seen[item.id] = item.conversation_id
            if item.id == item.conversation_id:
                self._remember(item.id, item)
        needed = {i.conversation_id for i in items}
        unknown = needed - self._known.keys()
        if unknown:
            for conversation_id, found in self._look_up(sorted(unknown, key=int)).items():
                self._remember(conversation_id, found)
        for conversation_id in needed:
            self._known.move_to_end(conversation_id)
        while len(self._known) > KNOWN_CONVERSATIONS:
            self._known.popitem(last=False)
        while len(self._seen) > KNOWN_POSTS:
            self._seen.popitem(last=False)

    def note(self, items: Sequence[XPost]) -> None:
        """Where replies stand, without asking whose that is."""
        self._seen |= {item.id: item.conversation_id for item in items}

    def post_of(self, item: XPost) -> Post | None:
        """The own post that the item stands under. None: another account's, or not known."""
        return self._known.get(item.conversation_id)

    def is_anothers(self, comment_id: str) -> bool:
        """Is it known that the reply stands in another account's conversation?"""
        conversation_id = self._seen.get(comment_id, "")
        return conversation_id in self._known and self._known[conversation_id] is None

    def comment(self, item: XPost, *, looked_up: bool = False) -> Comment | None:
        """The item as a comment. None: it is no reply, or one that the account has no part in: in
        another's conversation only what answers the account is, and that cannot be hidden."""
        post = self.post_of(item)
        by_page = item.author_id == self._account
        if item.id == item.conversation_id:
            return None
        if not (post or looked_up or by_page or item.answers == self._account):
            return None
        top_level = item.replied_to in (None, item.conversation_id)
        return Comment(
            page_id=self._page_id,
            platform="x",
            id=item.id,
            post_id=item.conversation_id,
            parent_id=None if top_level else item.replied_to,
            text=item.text,
            created_at=item.created_at,
            author_id=item.author_id,
            by_page=by_page,
            can_hide=not self.is_anothers(item.id),
            permalink=f"https://x.com/i/web/status/{item.id}",
            raw=item.raw,
            post_text=post.text if post else "",
        )

    def _remember(self, conversation_id: str, item: XPost | None) -> None:
        post = None
        if item is not None and item.author_id == self._account:
            post = Post(id=item.id, text=item.text, created_at=item.created_at)
        self._known[conversation_id] = post
