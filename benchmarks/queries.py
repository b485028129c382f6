"""The referral network in GraphQL, as `benchmarks.questions` asks for it."""

LOOKUP = "query Lookup($id: ID!) { customer(by: {id: $id}) { id name } }"

CHAIN = """query Chain($id: ID!) { customer(by: {id: $id}) { referral { chain {
  length truncated root { id name } steps { depth customer { id name } referral { id } } } } } }"""

CHAIN_OF_IDS = """query ChainOfIds($id: ID!) { customer(by: {id: $id}) { referral { chain {
  length truncated root { id } steps { depth customer { id } referral { id } } } } } }"""

PATH = """query Path($start: ID!, $end: ID!) { referralPath(from: {id: $start}, to: {id: $end}) { truncated path {
  length commonAdvocate { id } steps { customer { id name } direction viaReferral { id } } } } }"""

REFERRED = """query Referred($id: ID!) { customer(by: {id: $id}) { referral { referred(first: 20) { nodes {
  id acceptedAt referralStatus friend { id name } } } } } }"""

CODES = """query Codes($id: ID!) { customer(by: {id: $id}) { referral { codes(first: 20) {
  nodes { code createdAt expiresAt channel { key } } pageInfo { hasNextPage endCursor } } } } }"""

NETWORK = """query Network($id: ID!) { customer(by: {id: $id}) { referral { network {
  size depth converted revenue { amount currency } truncated
  generations { depth customers converted revenue { amount } } } } } }"""

MEMBERS = """query Members($id: ID!, $first: Int!, $after: String) { customer(by: {id: $id}) { referral { network {
  members(first: $first, after: $after) { edges { cursor node { customer { id name } referrerId depth referral { id } } }
    pageInfo { endCursor hasNextPage } } } } } }"""

ADVOCATES = """query Advocates($orderBy: AdvocateOrder!, $period: Period) {
  advocates(orderBy: $orderBy, period: $period, first: 100) { nodes {
    customer { id name } rank invited accepted converted networkSize networkRevenue { amount currency } } } }"""

PROGRAM = """query Program($period: Period) { referralProgram(period: $period) {
  invited accepted qualified rewarded rejected conversionRate longestChain revenue { amount currency } } }"""

EXTENDED = """query Extended($id: ID!, $generations: Int!, $decay: Float!) { customer(by: {id: $id}) { value {
  extendedValue(generations: $generations, decay: $decay) {
    own { amount } network { amount currency } total { amount } truncated } } } }"""
