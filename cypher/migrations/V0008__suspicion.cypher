// Whose referrals are to be looked at: something was said of them that may make them suspicious.
CREATE RANGE INDEX suspicion_mark IF NOT EXISTS FOR (m:SuspicionMark) ON (m.customer);
UNWIND ['flags', 'traces'] AS name
CALL db.createProperty(name);
