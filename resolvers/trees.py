"""The syntax trees of the texts that were needed last; any other is read again from its text, which takes a few milliseconds.

A tree has four objects for each token, and whenever Python collects garbage it looks at all of them: with the trees of everything
that a process remembers that would hold the event loop for more than a second.
"""

from __future__ import annotations

from collections import OrderedDict

from graphql import DocumentNode, OperationDefinitionNode, get_operation_ast, parse

from resolvers.guard import without_repeats

#: Tokens of all trees that are held: the usual documents of a service that plans don't cover, at about 600 bytes a token. Their
#: objects take a garbage collection less than 30 ms.
HELD = 10_000

#: Characters that count as a token: a tree has its strings once more.
CHARACTERS = 600


class Trees:
    """Trees of texts that are known to be valid and within the limits, the least recently used ones forgotten first."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[DocumentNode, int]] = OrderedDict()
        self.tokens = 0

    def of(self, text: str) -> DocumentNode:
        held = self._held.get(text)
        if held is None:
            tree = parsed(text)
            return self.hold(text, without_repeats(tree), tree.token_count)
        self._held.move_to_end(text)
        return held[0]

    def hold(self, text: str, tree: DocumentNode, tokens: int) -> DocumentNode:
        """The tree of a text, which was parsed anyway."""
        if text not in self._held:
            weight = tokens + len(text) // CHARACTERS
            self._held[text] = tree, weight
            self.tokens += weight
            while self.tokens > HELD and len(self._held) > 1:
                self.tokens -= self._held.popitem(last=False)[1][1]
        return tree


def parsed(text: str, *, tokens: int | None = None) -> DocumentNode:
    """A text as graphql-core parses it, at most `tokens` of them and as many comments; raises GraphQLError."""
    tree = parse(text, max_lexical_tokens=tokens, max_comments=tokens, allow_empty_selection_sets=False)
    # The tokens form a ring, which only the garbage collector would free: what is forgotten is to go at once.
    token = tree.loc.start_token if tree.loc else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following
    return tree


def operation_of(tree: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation of that name, which is there, or the only one."""
    found = get_operation_ast(tree, name)
    assert found is not None
    return found
