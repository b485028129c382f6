"""Who brought whom in: the referrals themselves, how far each has come, and the forest that they make.

`records`: as they are read; `forest`: who is above whom; `states`: how far a referral has come; `settling`: both, kept up to
date within the transaction that changes what they follow from; `codes` and `tracing`: what is asked of them.
"""

from graph.referrals.records import Invitee, Referral, ReferralCode
from graph.referrals.states import ANY_PURCHASE, Rule

__all__ = ["ANY_PURCHASE", "Invitee", "Referral", "ReferralCode", "Rule"]
