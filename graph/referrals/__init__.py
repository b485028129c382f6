"""Who brought whom in: the referrals themselves, how far each has come, and the forest that they make.

| modules | |
| --- | --- |
| `records`, `codes` | referrals and codes, as they are read |
| `forest`, `states`, `settling` | who is above whom, how far each referral has come; kept up to date by the writes themselves |
| `suspicion`, `rings`, `judging`, `marks` | what is suspicious, why, and the marks by which it is followed |
| `tracing`, `networks`, `members`, `spans`, `below` | up to the root, down to everybody, in a period, and what changes there |
| `totals`, `ranking` | sums for all time, kept up to date; advocates and the program |
"""

from graph.referrals.records import Invitee, Referral, ReferralCode
from graph.referrals.states import ANY_PURCHASE, Rule

__all__ = ["ANY_PURCHASE", "Invitee", "Referral", "ReferralCode", "Rule"]
