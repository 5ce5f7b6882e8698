"""What is an address and no word: links, mail addresses, bare host names."""

from __future__ import annotations

import re
from typing import Final

LINK: Final = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]+"
    r"|(?<![\w.-])(?:[\w-]{1,63}\.){1,8}"
    r"(?:com|org|net|edu|gov|io|me|co|us|info|app|shop|link|tv|gg|ly|be)\b(?:/\S*)?"
)
