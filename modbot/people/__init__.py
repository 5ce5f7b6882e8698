"""People of the district: their roles, how they sign in, and what each may do."""

from modbot.people.person import Person
from modbot.people.roles import Right, Role, rights_of

__all__ = ["Person", "Right", "Role", "rights_of"]
