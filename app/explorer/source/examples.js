// What the explorer opens with: one tab each. tests/api/test_explorer.py runs every one of them.
export const welcome = `# Questions about one customer, or about all of them.
# Ctrl-Space completes, Ctrl-Enter runs, the book on the left shows the whole schema.
`;

const customers = `# Who was here last? Take an address from here
# to the variables of the next tabs.
query LastSeen {
  customers(first: 5) {
    totalCount
    nodes {
      id
      name
      email
      lastSeenAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const profile = `# One customer, by any identifier.
query Profile($email: String!) {
  customer(by: { email: $email }) {
    id
    name
    country
    identifiers {
      nodes {
        type
        value
        verified
      }
    }
    channels {
      channel {
        label
      }
      touchpoints
      purchases
      preferred
    }
    value {
      orders
      revenue {
        amount
        currency
      }
      rfm {
        score
      }
    }
    purchases(first: 3) {
      totalCount
      nodes {
        at
        number
        total {
          amount
          currency
        }
        items {
          quantity
          product {
            title
          }
        }
      }
    }
  }
}
`;

const timeline = `# What happened, newest first.
query Timeline($email: String!) {
  customer(by: { email: $email }) {
    timeline(first: 10) {
      nodes {
        at
        kind
        channel {
          label
        }
        ... on Touchpoint {
          type
          url
        }
        ... on Purchase {
          number
          purchaseStatus
        }
        ... on Review {
          rating
          text
        }
        ... on Case {
          subject
          closedAt
        }
        ... on Communication {
          purpose
          communicationStatus
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
`;

const referrals = `# Who brought this customer in, and whom they brought.
query Referrals($email: String!) {
  customer(by: { email: $email }) {
    name
    referral {
      referredBy {
        acceptedAt
        advocate {
          name
        }
      }
      referred(first: 10) {
        totalCount
        nodes {
          referralStatus
          invitedAt
          friend {
            name
          }
        }
      }
    }
  }
}
`;

const search = `# Words or their beginning, addresses, phone numbers;
# Japanese without spaces.
query Search {
  customers(search: "sato", orderBy: RELEVANCE, first: 10) {
    nodes {
      id
      name
      email
    }
  }
}
`;

const someone = JSON.stringify({ email: "someone@example.com" }, null, 2);

export const examples = [
  { query: customers },
  { query: profile, variables: someone },
  { query: timeline, variables: someone },
  { query: referrals, variables: someone },
  { query: search },
];
