// Who accepted what one advocate offers, in the order of time: by the identifier that invited, which never changes.
CREATE RANGE INDEX referral_inviter IF NOT EXISTS FOR (r:Referral) ON (r.inviter, r.accepted_at);
MATCH (i:Identifier)-[:INVITED]->(r:Referral)
WHERE r.inviter IS NULL
CALL (i, r) { SET r.inviter = i.id } IN TRANSACTIONS OF 10000 ROWS;
UNWIND ['inviter'] AS name
CALL db.createProperty(name);
