"""Plans: queries compiled to Python, each once, for answers at a fraction of what graphql-core's executor takes.

A plan answers as graphql-core would, byte for byte, where nothing goes wrong. Whatever it can't do, or runs into, graphql-core
does: most mutations, subscriptions, introspection, variables that don't fit, fields that fail. docs/decisions/0010 says why.

selections     which fields an operation selects of a type, once its conditions are known
arguments      from literals and variables to what resolvers take
projection     the functions that turn the sources of a type into what is selected of it
memory         how much of it they take
plan           a plan, and how it is run
again          whether an answer was given before
recording      the plan of a recordEvents
"""

from resolvers.plans.plan import Plan, plan_of
from resolvers.plans.recording import Failed, Recording
from resolvers.plans.selections import NotCompiled

__all__ = ["Failed", "NotCompiled", "Plan", "Recording", "plan_of"]
