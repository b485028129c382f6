"""A real Neo4j and a real Redis as child processes, for machines without Docker.

`stack.py` starts and stops the pair; `neo4j.py` and `redis.py` each know one server; `jars.py` and `java.py`
find what Neo4j runs on.
"""
