"""Who brought whom in: `types` as they are read, `mutations` as they are written."""

from resolvers.referrals.types import CustomerReferral, Referral, ReferralCode, ReferralStatus

__all__ = ["CustomerReferral", "Referral", "ReferralCode", "ReferralStatus"]
