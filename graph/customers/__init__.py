"""The unified profile: one customer's hot set as one document, lists of customers, and the search for them."""

from graph.customers.lists import CustomerOrder, CustomerRow, count_customers, page_customers, search_customers
from graph.customers.profiles import load_profiles
from graph.customers.records import COUNTED, EVERYTHING, HOT_SET, Address, CustomerChannel, Facts, Parts, Profile, ProfileKey

__all__ = [
    "COUNTED",
    "EVERYTHING",
    "HOT_SET",
    "Address",
    "CustomerChannel",
    "CustomerOrder",
    "CustomerRow",
    "Facts",
    "Parts",
    "Profile",
    "ProfileKey",
    "count_customers",
    "load_profiles",
    "page_customers",
    "search_customers",
]
